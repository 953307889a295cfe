import { Agent, request } from 'node:https';

/** How to reach the API server as one client. PEM texts. */
export interface ApiAccess {
  /** https://127.0.0.1:PORT */
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly userAgent: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: string;
}

/** Raw requests to the API server; a status is an answer, only a broken connection is an error. */
export interface ApiClient {
  ask(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: ApiBody): Promise<ApiAnswer>;
  /** Closes the idle connections. */
  close(): void;
}

/** `type` is for PATCH, which has several; JSON otherwise. */
export interface ApiBody {
  readonly content: unknown;
  readonly type?: 'application/merge-patch+json' | 'application/strategic-merge-patch+json' | 'application/apply-patch+yaml';
}

/** Longest silence on a connection, in milliseconds. */
const silence = 5_000;

/** A small client of the sandbox's own; the product reaches clusters through tools/kube.ts. */
export function connectApi(access: ApiAccess): ApiClient {
  const agent = new Agent({ keepAlive: true, ca: access.authority, cert: access.certificate, key: access.key });
  return {
    ask: (method, path, body) =>
      new Promise((resolve, reject) => {
        const headers = {
          'user-agent': access.userAgent,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': body.type ?? 'application/json' }),
        };
        const call = request(new URL(path, access.server), { method, agent, headers, timeout: silence }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') });
          });
        });
        call.on('error', reject);
        call.on('timeout', () => call.destroy(new Error(`no answer from ${access.server} for ${silence} ms`)));
        call.end(body === undefined ? undefined : JSON.stringify(body.content));
      }),
    close: () => agent.destroy(),
  };
}
