import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Clock, KubernetesObject } from '../../../tools/ports.ts';
import { issue, makeAuthority } from '../../control-plane/certificates.ts';
import { fieldOf, recordOf, textOf } from './fields.ts';

/** What an admission webhook is asked. */
export interface Question {
  readonly operation: string;
  readonly object: KubernetesObject;
  readonly user: { readonly username: string; readonly uid?: string; readonly groups?: readonly string[] };
}

/** What it answers: no, for a reason; or yes, with changes as JSON patch. */
export type Verdict = { readonly denied: string } | { readonly changes?: readonly object[] };

export type Judge = (path: string, question: Question) => Verdict;

/** A webhook server with an authority of its own, at an address that the API server reaches. */
export interface WebhookServer {
  /** Base64 of its authority, for `caBundle`. */
  readonly authority: string;
  /** The port that it listens on, or will; nobody answers there before `listen`. */
  port(): Promise<number>;
  listen(): Promise<void>;
  /** Refuses connections from now on. */
  close(): Promise<void>;
}

const day = 86_400_000;

export function webhookServer(commonName: string, clock: Clock, host: string, judge: Judge): WebhookServer {
  const validity = { from: clock.now() - day, until: clock.now() + 3650 * day };
  const authority = makeAuthority(commonName, validity);
  const { key, certificate: cert } = issue({ ...authority, commonName }, { commonName: host, names: [host] }, validity);
  let chosen: number | undefined;
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  const open = async (port: number): Promise<Server> => {
    const made = createServer({ key, cert }, (request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (part: string) => (body += part));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(answer(judge, new URL(request.url ?? '/', 'https://127.0.0.1').pathname, body));
      });
    });
    made.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      made.once('error', reject);
      made.listen(port, host, resolve);
    });
    return made;
  };
  const shut = async (closing: Server): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => closing.close(resolve));
  };

  return {
    authority: Buffer.from(authority.certificate).toString('base64'),
    async port() {
      if (chosen !== undefined) return chosen;
      // Held for a moment only: before the real webhook runs, connections to it are refused.
      const held = await open(0);
      chosen = (held.address() as AddressInfo).port;
      await shut(held);
      return chosen;
    },
    async listen() {
      if (server !== undefined) return;
      try {
        server = await open(await this.port());
      } catch (error) {
        // Somebody took it meanwhile: another one next time.
        chosen = undefined;
        throw error;
      }
    },
    async close() {
      if (server === undefined) return;
      const closing = server;
      server = undefined;
      await shut(closing);
    },
  };
}

function answer(judge: Judge, path: string, body: string): string {
  const review: unknown = JSON.parse(body);
  const verdict = judge(path, {
    operation: textOf(review, 'request', 'operation') ?? '',
    object: fieldOf(review, 'request', 'object') as KubernetesObject,
    user: recordOf(review, 'request', 'userInfo') as unknown as Question['user'],
  });
  const changes = 'denied' in verdict ? [] : (verdict.changes ?? []);
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: textOf(review, 'request', 'uid') ?? '',
      allowed: !('denied' in verdict),
      ...('denied' in verdict ? { status: { code: 403, message: verdict.denied, reason: 'Forbidden' } } : {}),
      ...(changes.length > 0
        ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(changes)).toString('base64') }
        : {}),
    },
  });
}
