import { lookup as systemLookup, Resolver } from 'node:dns';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { PlatformError } from '../errors.ts';
import type { Network } from './ports.ts';

export interface NetworkOptions {
  /** Port that is really connected to, by the port of the URL: the sandbox cannot listen on 80 and 443. */
  readonly connectTo?: Readonly<Record<number, number>>;
  /** Milliseconds for one request; 10 s unless told. */
  readonly deadline?: number;
}

interface Page {
  readonly status: number;
  readonly body: string;
  readonly location?: string;
}

const noSuchName = new Set(['ENOTFOUND', 'ENODATA', 'NXDOMAIN']);
/** Characters of a body that are kept: enough for a health page. */
const bodyLimit = 65_536;

/** Names and pages as they are out there, past this machine's caches. */
export function createNetwork(options: NetworkOptions = {}): Network {
  const resolve = async (name: string, servers: readonly string[], signal: AbortSignal): Promise<readonly string[]> => {
    signal.throwIfAborted();
    const resolver = new Resolver({ timeout: 3000, tries: 2 });
    const asked = servers.filter((server) => server !== '');
    if (asked.length > 0) resolver.setServers(await Promise.all(asked.map(serverAddress)));
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((found, failed) => {
        resolver.resolve4(name, (error, addresses) => {
          if (error === null) found(addresses);
          else if (noSuchName.has(error.code ?? '')) found([]);
          else
            failed(
              unreachable(
                `the name ${name} cannot be asked for at ${asked.join(', ') || 'the system resolver'}`,
                error,
              ),
            );
        });
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };

  const fetchPage = (url: URL, servers: readonly string[], signal: AbortSignal): Promise<Page> => {
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
    const timeout = AbortSignal.timeout(options.deadline ?? 10_000);
    const hostname = url.hostname.replace(/^\[|\]$/g, '');
    const settings = {
      hostname,
      port: options.connectTo?.[port] ?? port,
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, accept: '*/*', 'user-agent': 'platform' },
      agent: false,
      signal: AbortSignal.any([signal, timeout]),
      lookup: lookupThrough(servers, signal, resolve),
      // Whether the page is served is asked here; the certificate has a step of its own.
      rejectUnauthorized: false,
      ...(isIP(hostname) === 0 && { servername: hostname }),
    };
    return new Promise((done, failed) => {
      const fail = (error: unknown): void => {
        if (signal.aborted) failed(signal.reason);
        else
          failed(
            unreachable(
              `${url.href} does not answer${timeout.aborted ? ` within ${(options.deadline ?? 10_000) / 1000} s` : ''}`,
              error,
            ),
          );
      };
      const take = (response: IncomingMessage): void => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          if (body.length < bodyLimit) body += part;
        });
        response.on('error', fail);
        response.on('end', () => {
          const location = response.headers.location;
          done({
            status: response.statusCode ?? 0,
            body: body.slice(0, bodyLimit),
            ...(location !== undefined && { location }),
          });
        });
      };
      const request = url.protocol === 'https:' ? httpsRequest(settings, take) : httpRequest(settings, take);
      request.on('error', fail);
      request.end();
    });
  };

  return {
    resolve,
    async nameServers(domain, signal) {
      signal.throwIfAborted();
      const resolver = new Resolver({ timeout: 3000, tries: 2 });
      return await new Promise((found, failed) => {
        resolver.resolveNs(domain, (error, names) => {
          if (error === null) found(names);
          else if (noSuchName.has(error.code ?? '')) found([]);
          else failed(unreachable(`the name servers of ${domain} cannot be asked for`, error));
        });
      });
    },
    async request(start, { servers, redirects, signal }) {
      let url = new URL(start);
      for (let left = redirects; ; left -= 1) {
        signal.throwIfAborted();
        const page = await fetchPage(url, servers, signal);
        const isRedirect = page.status >= 300 && page.status < 400 && page.location !== undefined;
        // One redirect too many is an answer, too: the caller sees 30x and where it stopped.
        if (!isRedirect || left <= 0 || !URL.canParse(page.location ?? '', url.href))
          return { status: page.status, url: url.href, body: page.body };
        url = new URL(page.location ?? '', url);
      }
    },
  };
}

/** A lookup that asks the given servers only; without servers the system's own, hosts file included. */
function lookupThrough(servers: readonly string[], signal: AbortSignal, resolve: Network['resolve']): LookupFunction {
  if (servers.every((server) => server === '')) return systemLookup;
  return (name, options, answer) => {
    resolve(name, servers, signal).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined)
          answer(Object.assign(new Error(`${name} does not resolve`), { code: 'ENOTFOUND' }), '');
        else if (options.all === true)
          answer(
            null,
            addresses.map((address) => ({ address, family: 4 })),
          );
        else answer(null, first, 4);
      },
      (error: NodeJS.ErrnoException) => answer(error, ''),
    );
  };
}

/** Name servers of a zone come as names, and a resolver takes addresses only, with or without a port. */
async function serverAddress(server: string): Promise<string> {
  const [, host = server, port = ''] = /^(.*?)(:\d+)?$/.exec(server) ?? [];
  if (isIP(server) !== 0 || isIP(host) !== 0 || server.startsWith('[')) return server;
  return new Promise((found, failed) => {
    systemLookup(host, { family: 4 }, (error, address) => {
      if (error === null) found(`${address}${port}`);
      else failed(unreachable(`the name server ${host} does not resolve`, error));
    });
  });
}

function unreachable(message: string, cause: unknown): PlatformError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const detail = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  return new PlatformError('UNREACHABLE', {
    message: `${message}${detail}`,
    class: 'transient',
    next: ['check the connection of this machine (DNS, proxy, VPN), then run the same command again: it goes on'],
    facts: { reason: code },
    cause,
  });
}
