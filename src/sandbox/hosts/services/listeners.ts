import { createServer } from 'node:http';
import { connect, createServer as createPlainServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { readBytes } from '../../../tools/folders.ts';
import type { MetadataCall, MetadataReply } from './metadata.ts';

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves instance metadata; `answer` gets the address that asks. */
export function serveMetadata(
  host: string,
  port: number,
  answer: (from: string, call: MetadataCall) => Promise<MetadataReply>,
): Promise<Listening> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/\?.*$/, '').replaceAll(/\/{2,}/g, '/');
    const call = { method: request.method ?? 'GET', path, headers: request.headers };
    answer(request.socket.remoteAddress ?? '', call).then(
      ({ status, body, headers }) => {
        response.writeHead(status, {
          'content-type': 'text/plain',
          'content-length': String(Buffer.byteLength(body)),
          ...headers,
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      },
      () => response.destroy(),
    );
  });
  return listening(server, host, port);
}

/** Serves the files of one flat folder: Debian's packages and their index. */
export function serveFolder(host: string, port: number, folder: string): Promise<Listening> {
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').replace(/\?.*$/, '')).replace(/^\/(\.\/)?/, '');
    const content =
      /^[\w.+~:%-]+$/.test(name) && !name.startsWith('.')
        ? readBytes(join(folder, name))
        : Promise.reject(new Error(name));
    content.then(
      (bytes) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) });
        response.end(request.method === 'HEAD' ? undefined : bytes);
      },
      () => {
        response.writeHead(404, { 'content-length': '0' });
        response.end();
      },
    );
  });
  return listening(server, host, port);
}

/** Passes connections on to a socket of the file system, which is the same in every network namespace. */
export function relayTo(socketPath: string, host: string, port: number): Promise<Listening> {
  return listening(
    createPlainServer((from) => joined(from, connect(socketPath))),
    host,
    port,
  );
}

/** Passes connections at a socket of the file system on to a port of loopback. */
export function relayFrom(socketPath: string, port: number): Promise<Listening> {
  const server = createPlainServer((from) => joined(from, connect(port, '127.0.0.1')));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, () => resolve({ port, close: () => new Promise((done) => server.close(() => done())) }));
  });
}

/** Passes connections at a free port of loopback on to an address in the hosts' network. */
export function relayOut(host: string, port: number): Promise<Listening> {
  return listening(
    createPlainServer((from) => joined(from, connect(port, host))),
    '127.0.0.1',
    0,
  );
}

function joined(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

type AnyServer = ReturnType<typeof createServer> | ReturnType<typeof createPlainServer>;

function listening(server: AnyServer, host: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          if ('closeAllConnections' in server) server.closeAllConnections();
        });
      resolve({ port: (server.address() as AddressInfo).port, close });
    });
  });
}
