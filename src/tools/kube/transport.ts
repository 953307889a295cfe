import { Agent, request as httpsRequest } from 'node:https';
import { isPlatformError } from '../../errors.ts';
import type { Clock } from '../ports.ts';
import { unreachable } from './errors.ts';
import type { Asked } from './errors.ts';
import type { Connection } from './kubeconfig.ts';
import { openSlots } from './slots.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly type?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Sends one request; any status is an answer, no answer is UNREACHABLE. */
export interface Transport {
  readonly server: string;
  send(call: Call): Promise<Answer>;
  /** Closes idle connections. */
  close(): void;
}

export interface TransportOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly userAgent: string;
  /** Milliseconds for one request, connecting included; waiting for its turn is not. */
  readonly deadline: number;
  /** Aborts every request of this transport. */
  readonly signal?: AbortSignal;
}

const credentialsLast = 60_000;
/** Requests in flight. A release has hundreds of objects to compare, and an API server is easily crowded. */
const inFlight = 8;

/** Plain HTTPS with kept connections, so that every field of an object goes over the wire as it was written. */
export function openTransport(options: TransportOptions): Transport {
  const { connection, clock, deadline } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight, ...connection.tls });
  const slot = openSlots(inFlight);
  const server = connection.server.origin;
  let credentials: { readonly headers: Promise<Readonly<Record<string, string>>>; readonly until: number } | undefined;

  // A credential plugin without an expiry runs at every question (client-node), so the answer is kept for a minute.
  const authorization = (): Promise<Readonly<Record<string, string>>> => {
    if (credentials === undefined || credentials.until <= clock.monotonic()) {
      credentials = { headers: connection.headers(), until: clock.monotonic() + credentialsLast };
    }
    return credentials.headers;
  };

  const once = (call: Call): Promise<Answer> => slot(() => request(call));
  const request = async (call: Call): Promise<Answer> => {
    options.signal?.throwIfAborted();
    const asked: Asked = { method: call.method, path: call.path, server };
    const data = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers = {
      accept: 'application/json',
      'user-agent': options.userAgent,
      ...(await authorization()),
      ...(data !== undefined && {
        'content-type': call.type ?? 'application/json',
        'content-length': String(Buffer.byteLength(data)),
      }),
    };
    const timeout = AbortSignal.timeout(deadline);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    return new Promise((resolve, reject) => {
      const fail = (error: unknown): void => {
        if (options.signal?.aborted === true) reject(options.signal.reason);
        else if (sent.reusedSocket && isReset(error)) reject(new StaleConnection());
        else reject(unreachable(asked, error, timeout.aborted ? deadline : undefined));
      };
      const sent = httpsRequest(
        address(connection.server, call),
        { method: call.method, agent, signal, headers },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (body += part));
          response.on('error', fail);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        },
      );
      sent.on('error', fail);
      sent.end(data);
    });
  };

  return {
    server,
    async send(call) {
      try {
        const answer = await once(call);
        if (answer.status !== 401 || credentials === undefined) return answer;
        // A token may have expired within its minute.
        credentials = undefined;
        return await once(call);
      } catch (error) {
        if (error instanceof StaleConnection) return once(call);
        if (isPlatformError(error) || options.signal?.aborted === true) throw error;
        throw unreachable({ method: call.method, path: call.path, server }, error);
      }
    },
    close: () => agent.destroy(),
  };
}

/** The server closed a kept connection just as it was used again; every call here may be repeated. */
class StaleConnection extends Error {}

function isReset(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function address(server: URL, call: Call): URL {
  const [path = '', query] = call.path.split('?', 2);
  const url = new URL(server);
  url.pathname = `${server.pathname.replace(/\/$/, '')}${path}`;
  url.search = new URLSearchParams([...new URLSearchParams(query), ...Object.entries(call.query ?? {})]).toString();
  return url;
}
