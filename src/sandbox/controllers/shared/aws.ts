import { Agent, request } from 'node:http';
import type { Xml } from './xml.ts';
import { readXml } from './xml.ts';
import { textOf } from './fields.ts';

/** Values of a call as they are named on the wire; a list becomes numbered names. undefined is left out. */
export interface Parameters {
  readonly [name: string]: Parameter;
}
type Parameter = string | number | boolean | undefined | Parameters | readonly (string | number | Parameters)[];

/** The local AWS, as one controller uses it. Plain HTTP with a made-up signature: it can never speak to the real one. */
export interface Aws {
  ec2(action: string, parameters: Parameters): Promise<Xml>;
  elbv2(action: string, parameters: Parameters): Promise<Xml>;
  readonly writes: number;
  close(): void;
}

/** AWS said no; `name` is its error code. */
export class AwsRefusal extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

/** Whether AWS said so: by the code itself, or by a pattern over codes. */
export const refusedAs = (error: unknown, pattern: RegExp): boolean =>
  error instanceof AwsRefusal && pattern.test(error.name);

const services = {
  ec2: { signing: 'ec2', version: '2016-11-15', infix: '' },
  elbv2: { signing: 'elasticloadbalancing', version: '2015-12-01', infix: '.member' },
} as const;

export function openAws(options: {
  readonly endpoint: string;
  readonly region: string;
  readonly userAgent: string;
  /** Called before each write; throws when there may be none any more. */
  readonly spend?: () => void;
}): Aws {
  const url = new URL(options.endpoint);
  // Documentation addresses (RFC 5737) lead nowhere but to the network of hosts.
  if (url.hostname !== '127.0.0.1' && !url.hostname.startsWith('203.0.113.'))
    throw new RangeError(`${options.endpoint} is not a server of the sandbox`);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let writes = 0;

  const call = async (service: keyof typeof services, action: string, parameters: Parameters): Promise<Xml> => {
    const { signing, version, infix } = services[service];
    const isWrite = !action.startsWith('Describe');
    if (isWrite) options.spend?.();
    const form = new URLSearchParams({ Action: action, Version: version });
    flatten(form, '', parameters, infix);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'user-agent': options.userAgent,
      authorization: `AWS4-HMAC-SHA256 Credential=sandbox/20260101/${options.region}/${signing}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
    };
    const { status, body } = await post(url, agent, headers, form.toString());
    const answer = readXml(body);
    if (status >= 400) {
      const error =
        [['Errors', 'Error'], ['Error'], ['Errors', 0]].find((path) => textOf(answer, ...path, 'Code') !== undefined) ??
        [];
      throw new AwsRefusal(
        textOf(answer, ...error, 'Code') ?? `Status${status}`,
        textOf(answer, ...error, 'Message') ?? body.slice(0, 300),
      );
    }
    if (isWrite) writes += 1;
    // The Query protocol wraps its result once more.
    return typeof answer === 'object' && !Array.isArray(answer)
      ? ((answer as Readonly<Record<string, Xml>>)[`${action}Result`] ?? answer)
      : answer;
  };

  return {
    ec2: (action, parameters) => call('ec2', action, parameters),
    elbv2: (action, parameters) => call('elbv2', action, parameters),
    get writes() {
      return writes;
    },
    close: () => agent.destroy(),
  };
}

function flatten(form: URLSearchParams, name: string, value: Parameter, infix: string): void {
  if (value === undefined) return;
  if (typeof value !== 'object') form.set(name, String(value));
  else if (Array.isArray(value))
    for (const [index, one] of (value as readonly Parameter[]).entries())
      flatten(form, `${name}${infix}.${index + 1}`, one, infix);
  else
    for (const [key, one] of Object.entries(value as Parameters))
      flatten(form, name === '' ? key : `${name}.${key}`, one, infix);
}

function post(
  url: URL,
  agent: Agent,
  headers: Readonly<Record<string, string>>,
  data: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers, signal: AbortSignal.timeout(20_000) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end(data);
  });
}

/** Tags in the form of a call. */
export const tagList = (
  tags: Readonly<Record<string, string>>,
): readonly { readonly Key: string; readonly Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
