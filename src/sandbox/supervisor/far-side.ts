/** What exists in the local AWS, as far as the sandbox looks at it. */
export interface FarSide {
  readonly instances: readonly AwsMachine[];
  readonly records: readonly AwsRecord[];
  /** Hostnames of load balancers. */
  readonly loadBalancers: readonly string[];
}

export interface AwsMachine {
  readonly id: string;
  /** Tag `platform/node`, else Name. */
  readonly name: string;
  readonly state: string;
  readonly type: string;
  readonly privateAddress: string;
  /** Elastic IP or public address; '' while there is none. */
  readonly publicAddress: string;
}

export interface AwsRecord {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
  readonly alias?: string;
}

interface Item {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Reads the server's own snapshot: one request for everything, and no entry in its journal of calls. */
export async function readFarSide(endpoint: string): Promise<FarSide> {
  const response = await fetch(`${endpoint}/_sandbox/snapshot`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`the local AWS answers ${response.status} when asked for its snapshot`);
  const { resources } = (await response.json()) as { resources: readonly Item[] };
  const of = (kind: string): readonly Item[] => resources.filter((item) => item.kind === kind);
  const addresses = new Map(of('address').map((item) => [item['instance'], textOf(item['public_ip'])]));
  return {
    instances: of('instance').map((item) => ({
      id: item.id,
      name: item.tags['platform/node'] ?? item.name,
      state: textOf(item['state']),
      type: textOf(item['type']),
      privateAddress: textOf(item['private_ip']),
      publicAddress: addresses.get(item.id) ?? textOf(item['public_ip']),
    })),
    records: of('record').map((item) => ({
      name: plainName(item.name),
      type: textOf(item['type']),
      ttl: Number(item['ttl'] ?? 60),
      values: (item['values'] as readonly string[] | undefined) ?? [],
      ...(typeof item['alias'] === 'string' ? { alias: plainName(item['alias']).replace(/^dualstack\./, '') } : {}),
    })),
    loadBalancers: of('load-balancer').map((item) => plainName(textOf(item['dns']))),
  };
}

/** Puts a machine's host key into its console output, where a person or a program finds it on EC2. */
export async function printHostKey(endpoint: string, instance: string, publicKey: string): Promise<void> {
  await fetch(`${endpoint}/_sandbox/console`, {
    method: 'POST',
    body: JSON.stringify({ instance, host_keys: [publicKey] }),
    signal: AbortSignal.timeout(5_000),
  });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** Lower case, without the dot at the end, wildcards as they are. */
const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '').replaceAll('\\052', '*');
