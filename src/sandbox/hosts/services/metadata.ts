import { createHmac } from 'node:crypto';
import type { FarInstance } from '../far-machines.ts';
import { macOf } from '../names.ts';
import { privateNameOf } from './private-names.ts';

export interface MetadataCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface MetadataWorld {
  /** Who asks, by the address that the question came from. */
  readonly instance: FarInstance | undefined;
  /** Milliseconds. */
  readonly now: number;
  /** Signs tokens. */
  readonly secret: string;
}

export interface MetadataReply {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const longest = 21_600;
const header = (call: MetadataCall, name: string): string => {
  const value = call.headers[name];
  return typeof value === 'string' ? value : '';
};

/** Answers as the instance metadata service, version 2 (Amazon EC2 user guide, "Use IMDS"): a token by PUT first, unless version 1 is allowed. */
export function answerMetadata(world: MetadataWorld, call: MetadataCall): MetadataReply {
  const { instance } = world;
  if (instance === undefined) return { status: 404, body: '' };
  if (call.method === 'PUT')
    return call.path === '/latest/api/token' ? token(world, instance, call) : { status: 405, body: '' };
  if (call.method !== 'GET' && call.method !== 'HEAD') return { status: 405, body: '' };
  const shown = header(call, 'x-aws-ec2-metadata-token');
  if (shown === '' && instance.metadata.tokens === 'required') return { status: 401, body: '' };
  if (shown !== '' && !isValid(world, instance, shown)) return { status: 401, body: '' };
  const body = valueAt(instance, call.path.replace(/^\/(latest|\d{4}-\d\d-\d\d)\//, ''));
  return body === undefined ? { status: 404, body: '' } : { status: 200, body };
}

function token({ now, secret }: MetadataWorld, { id }: FarInstance, call: MetadataCall): MetadataReply {
  const seconds = Number(header(call, 'x-aws-ec2-metadata-token-ttl-seconds'));
  // A request that came through a proxy is refused, as on AWS.
  if (header(call, 'x-forwarded-for') !== '') return { status: 403, body: '' };
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) return { status: 400, body: '' };
  const until = now + seconds * 1000;
  return {
    status: 200,
    body: `${until}.${signed(secret, `${id} ${until}`)}`,
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(seconds) },
  };
}

function isValid({ now, secret }: MetadataWorld, { id }: FarInstance, shown: string): boolean {
  const [until = '', mark = ''] = shown.split('.');
  return mark === signed(secret, `${id} ${until}`) && Number(until) > now;
}

const signed = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('base64url');

/** The value at a path below the version; folders list what is in them. */
function valueAt(instance: FarInstance, path: string): string | undefined {
  const values = valuesOf(instance);
  if (path in values) return values[path];
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`;
  const names = Object.keys(values)
    .filter((name) => name.startsWith(folder))
    .map((name) => name.slice(folder.length).replace(/\/.*$/, '/'));
  return names.length === 0 ? undefined : [...new Set(names)].sort().join('\n');
}

function valuesOf(instance: FarInstance): Readonly<Record<string, string>> {
  const { id, privateAddress, publicAddress, region, zone, type, image, account } = instance;
  const name = privateNameOf(privateAddress, region);
  const mac = macOf(id);
  const card = `meta-data/network/interfaces/macs/${mac}`;
  const document = {
    accountId: account,
    architecture: 'x86_64',
    availabilityZone: zone,
    imageId: image,
    instanceId: id,
    instanceType: type,
    pendingTime: null,
    privateIp: privateAddress,
    region,
    version: '2017-09-30',
  };
  return {
    'meta-data/ami-id': image,
    'meta-data/hostname': name,
    'meta-data/instance-id': id,
    'meta-data/instance-type': type,
    'meta-data/local-hostname': name,
    'meta-data/local-ipv4': privateAddress,
    'meta-data/mac': mac,
    'meta-data/placement/availability-zone': zone,
    'meta-data/placement/region': region,
    'meta-data/services/domain': 'amazonaws.com',
    ...(publicAddress === ''
      ? {}
      : { 'meta-data/public-ipv4': publicAddress, [`${card}/public-ipv4s`]: publicAddress }),
    ...(instance.key === '' ? {} : { 'meta-data/public-keys/0/openssh-key': instance.key.trim() }),
    [`${card}/local-ipv4s`]: privateAddress,
    [`${card}/subnet-id`]: instance.subnet.id,
    [`${card}/subnet-ipv4-cidr-block`]: instance.subnet.cidr,
    [`${card}/vpc-id`]: instance.vpc.id,
    [`${card}/vpc-ipv4-cidr-block`]: instance.vpc.cidr,
    ...credentialsOf(instance),
    ...(instance.userData === '' ? {} : { 'user-data': instance.userData }),
    'dynamic/instance-identity/document': JSON.stringify(document, undefined, 1),
  };
}

/** The local AWS asks nobody who they are: keys that AWS documents as an example serve. */
function credentialsOf({ profile }: FarInstance): Readonly<Record<string, string>> {
  if (profile === '') return {};
  const keys = {
    Code: 'Success',
    LastUpdated: '2024-01-01T00:00:00Z',
    Type: 'AWS-HMAC',
    AccessKeyId: 'ASIAIOSFODNN7EXAMPLE',
    SecretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    Token: 'sandbox',
    Expiration: '2099-01-01T00:00:00Z',
  };
  return { [`meta-data/iam/security-credentials/${profile}`]: JSON.stringify(keys, undefined, 1) };
}
