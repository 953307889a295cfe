import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** Reason phrase of the status line; Ansible's `uri` shows it. */
  readonly reason?: string;
}

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  json(): Promise<unknown>;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

export const json = (status: number, value: unknown, reason?: string): Reply => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
  ...(reason === undefined ? {} : { reason }),
});

/** Serves on the given port, or on a free one when that is taken or none is given; on loopback, unless a host is named; with a certificate it is HTTPS. An answer that throws is a 500 with its message. */
export async function listen(
  answer: (asked: Asked) => Promise<Reply>,
  options: {
    readonly host?: string;
    readonly port?: number;
    readonly tls?: { readonly key: string; readonly certificate: string };
  } = {},
): Promise<Listener> {
  const handle: RequestListener = (request, response) => {
    const asked: Asked = {
      method: request.method ?? 'GET',
      url: new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`),
      headers: request.headers,
      json: () => readJson(request),
    };
    answer(asked)
      .catch((error: unknown): Reply => {
        const because = error instanceof Error ? error.message : String(error);
        return json(500, { because }, because);
      })
      .then(({ status, type, headers, body, reason }) => {
        const all = {
          ...headers,
          ...(type === undefined ? {} : { 'content-type': type }),
          'content-length': String(Buffer.byteLength(body)),
        };
        // A reason phrase holds visible ASCII only (RFC 9112 4).
        if (reason === undefined) response.writeHead(status, all);
        else response.writeHead(status, reason.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, 400), all);
        response.end(asked.method === 'HEAD' ? undefined : body);
      })
      .catch(() => response.destroy());
  };
  const server: Server =
    options.tls === undefined
      ? createServer(handle)
      : createSecureServer({ key: options.tls.key, cert: options.tls.certificate }, handle);
  const bind = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, options.host ?? '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await bind(options.port ?? 0).catch(() => bind(0));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const longestBody = 4 * 1024 * 1024;

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longestBody) throw new RangeError('the request is too large');
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}
