import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** No connection came about: the name does not resolve, nobody listens, or nobody answers in time. */
export class Unreachable extends Error {}

const mostRedirects = 5;
/** Characters: a token is some thousand, and of a manifest nothing is read. */
const bodyLimit = 65_536;

/** One request, and where it leads to; what authorises is never sent to another host. */
export async function ask(
  start: URL,
  method: 'HEAD' | 'GET',
  headers: Readonly<Record<string, string>>,
  scope: { readonly connectWithin: number; readonly signal: AbortSignal },
): Promise<Answer> {
  let [url, sent] = [start, headers];
  for (let left = mostRedirects; ; left -= 1) {
    const answer = await askOnce(url, method, sent, scope);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status >= 400 || location === undefined || left === 0) return answer;
    const next = new URL(location, url);
    const { authorization, ...others } = sent;
    sent = next.host === url.host && authorization !== undefined ? sent : others;
    url = next;
  }
}

function askOnce(
  url: URL,
  method: 'HEAD' | 'GET',
  headers: Readonly<Record<string, string>>,
  { connectWithin, signal }: { readonly connectWithin: number; readonly signal: AbortSignal },
): Promise<Answer> {
  const connecting = AbortSignal.timeout(connectWithin);
  let connected = false;
  return new Promise((done, failed) => {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = make(url, { method, headers: { ...headers, 'user-agent': 'platform' }, agent: false, signal });
    const tooLate = (): void => {
      if (!connected) request.destroy(new Error(`no connection within ${connectWithin / 1000} s`));
    };
    connecting.addEventListener('abort', tooLate, { once: true });
    request.on('socket', (socket) => {
      const ready = url.protocol === 'https:' ? 'secureConnect' : 'connect';
      socket.once(ready, () => (connected = true));
    });
    request.on('error', (error) => failed(connected ? error : new Unreachable(error.message, { cause: error })));
    request.on('response', (response: IncomingMessage) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (body.length < bodyLimit) body += part;
      });
      response.on('error', failed);
      response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.end();
  });
}
