import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PlatformError } from '../../errors.ts';
import { blobFiles } from '../../tools/blob-files.ts';
import { bent, faultOf } from './faults.ts';
import type { SupplyFault } from './faults.ts';
import { openRegistry } from './registry.ts';
import type { Found, Missing, Registry } from './registry.ts';
import type { StandInTable } from './stand-ins.ts';
import type { Supply } from './supply.ts';

/** One request that was answered, or refused by a fault. */
export interface SupplyRequestRecord {
  readonly service: 'apt' | 'registry' | 'other';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  /** Address of the machine that asked. */
  readonly from: string;
}

export interface ServedSupply {
  readonly port: number;
  close(): Promise<void>;
  /** The last ten thousand, oldest first. */
  requests(): readonly SupplyRequestRecord[];
}

const longestRecord = 10_000;

/** Serves the apt repository at /apt/ and a registry, read-only, at /v2/; port 0 takes a free one. */
export async function serveSupply(options: {
  readonly supply: Pick<Supply, 'packages' | 'images'>;
  readonly host: string;
  readonly port: number;
  readonly standIns: StandInTable;
  faults?(): SupplyFault | undefined;
}): Promise<ServedSupply> {
  const registry = await openRegistry(options.supply.images, options.standIns);
  const records: SupplyRequestRecord[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams, search } = new URL(request.url ?? '/', 'http://supply');
    const service = pathname.startsWith('/apt/') ? 'apt' : /^\/v2(\/|$)/.test(pathname) ? 'registry' : 'other';
    const fault = faultOf(options.faults?.(), service, pathname);
    const record = (status: number) => {
      const from = request.socket.remoteAddress ?? '';
      records.push({ service, method: request.method ?? '', path: pathname + search, status, from });
      if (records.length > longestRecord) records.shift();
    };
    if (fault?.is === 'down') {
      record(0);
      request.socket.destroy();
      return;
    }
    const looked =
      fault?.is === 'error'
        ? Promise.resolve<Missing | number>(500)
        : fault?.is === 'missing'
          ? Promise.resolve<Missing | number>(404)
          : find(options.supply, registry, service, pathname, searchParams.get('ns') ?? undefined, request.method);
    looked
      .then((found) => send(request, response, found, fault, pathname, record))
      // The client went away, or a file did: what was begun cannot be taken back.
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  }).catch((error: unknown) => {
    const because = error instanceof Error ? error.message : String(error);
    throw new PlatformError('SANDBOX_FAILED', {
      message: `packages and images cannot be served on ${options.host} port ${options.port}: ${because}`,
      next: ['see what listens there (ss -ltnp)', 'run the same command again'],
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    requests: () => [...records],
  };
}

async function find(
  supply: Pick<Supply, 'packages'>,
  registry: Registry,
  service: SupplyRequestRecord['service'],
  path: string,
  namespace: string | undefined,
  method: string | undefined,
): Promise<Found | Missing | number> {
  if (method !== 'GET' && method !== 'HEAD') return service === 'registry' ? { status: 405, code: 'UNSUPPORTED' } : 405;
  if (service === 'registry') return registry(path.slice('/v2'.length), namespace);
  const name = decodeURIComponent(path.slice('/apt/'.length)).replace(/^(\.?\/)+/, '');
  if (service === 'other' || !/^[\w.+~:-]+$/.test(name)) return 404;
  const file = join(supply.packages, name);
  const size = await blobFiles.size(file);
  return size === undefined ? 404 : { mediaType: 'application/octet-stream', size, body: { file } };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  found: Found | Missing | number,
  fault: SupplyFault | undefined,
  path: string,
  record: (status: number) => void,
): Promise<void> {
  if (path.startsWith('/v2')) response.setHeader('docker-distribution-api-version', 'registry/2.0');
  if (typeof found === 'number' || 'status' in found) {
    const status = typeof found === 'number' ? found : found.status;
    const code = typeof found === 'number' ? 'UNKNOWN' : found.code;
    record(status);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(`${JSON.stringify({ errors: [{ code, message: `${status} ${path}` }] })}\n`);
    return;
  }
  const start = firstByte(request.headers.range, found.size);
  const headers = {
    'content-type': found.mediaType,
    'content-length': String(found.size - start),
    'accept-ranges': 'bytes',
    ...(found.digest === undefined ? {} : { 'docker-content-digest': found.digest }),
    ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${found.size - 1}/${found.size}` }),
  };
  record(start === 0 ? 200 : 206);
  response.writeHead(start === 0 ? 200 : 206, headers);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const body = Buffer.isBuffer(found.body)
    ? Readable.from([found.body.subarray(start)])
    : blobFiles.read(found.body.file, start);
  await pipeline(Readable.from(bent(body as AsyncIterable<Uint8Array>, fault, path)), response);
}

/** A download that broke is asked for from where it broke ("bytes=N-"); other ranges may be answered with the whole (RFC 9110 14.2). */
function firstByte(range: string | undefined, size: number): number {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  return start < size ? start : 0;
}
