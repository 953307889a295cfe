import { existsSync, readFileSync } from 'node:fs';
import { openLedger } from '../../src/engine/ledger.ts';
import { PlatformError } from '../../src/errors.ts';
import { templatesIn } from '../../src/tools/templates.ts';
import type { AwsInstance, AwsWriter, ClusterWriter, DnsRecord, TextFiles, WriteWorld } from '../../src/tools/ports.ts';
import { clusterPort } from './memory-cluster/port.ts';
import type { Thing } from './memory-aws/thing.ts';
import type { World } from './world.ts';

/** The world as one process of ours reaches it. Once `alive` says no, nothing that it still wants to do is done, and nothing comes back to it. */
export function portsOf(world: World, process: string, alive: () => boolean): WriteWorld {
  const { clock } = world;
  const guard = async <T>(answer: () => T | Promise<T>): Promise<T> => {
    if (!alive()) await new Promise(() => undefined);
    return answer();
  };
  const ledger = openLedger(world.ledgerLines.file('ledger'), async () => undefined);
  const cluster = clusterPort(world.reached === 'ours' ? world.cluster : world.decoy, alive);
  return {
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: async (duration, signal) => {
        await guard(() => undefined);
        await clock.sleep(duration, signal);
        await guard(() => undefined);
      },
    },
    random: { next: () => world.random.next() },
    estate: world.aws.port('platform', alive),
    aws: awsPort(world, alive),
    terraform: world.terraform.port(process, alive),
    helm: world.helm.port(alive),
    ledger: {
      entries: () => guard(() => ledger.entries()),
      record: (entries) => guard(() => ledger.record(entries)),
      retire: (entries) => guard(() => ledger.retire(entries)),
      mirror: () => guard(async () => undefined),
    },
    files: {
      read: (path) => guard(() => (path.endsWith('.pub') ? 'ssh-ed25519 AAAA' : world.files.get(path))),
      list: () => guard(() => []),
      write: (path, text) => guard(() => void world.files.set(path, text)),
      remove: (path) => guard(() => void world.files.delete(path)),
    },
    templates: templatesIn('templates', realFiles),
    cluster: async () => guard(() => openedCluster(world, cluster)),
    ansible: unexpected('ansible'),
    ssh: unexpected('ssh'),
    network: unexpected('network'),
    downloads: unexpected('downloads'),
    registries: unexpected('registries'),
    workplace: unexpected('workplace'),
  };
}

/** Read at once and once: a file that is awaited would let the simulated time run away. */
const texts = new Map<string, string | undefined>();
const realFiles: TextFiles = {
  read: async (path) => {
    if (!texts.has(path)) texts.set(path, existsSync(path) ? readFileSync(path, 'utf8') : undefined);
    return texts.get(path);
  },
  list: async () => [],
};

function openedCluster(world: World, cluster: ClusterWriter): ClusterWriter {
  if (world.files.has(`${world.config.stateFolder}/kubeconfig`)) return cluster;
  throw new PlatformError('UNREACHABLE', { message: 'there is no kubeconfig of this cluster yet' });
}

function unexpected(port: string): never {
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === 'then') return undefined;
        throw new Error(`${port}.${String(name)} was not expected`);
      },
    },
  ) as never;
}

/** The narrow questions that steps ask of AWS beside the estate. */
function awsPort(world: World, alive: () => boolean): AwsWriter {
  const { aws, objects, clusterId } = world;
  const ask = async (action: string): Promise<void> =>
    (await aws.enter({ actor: 'platform', action, mutating: false }, alive))();
  const write = async (action: string, key: string): Promise<void> =>
    (await aws.enter({ actor: 'platform', action: `${action} ${key}`, mutating: false }, alive))();
  const asInstance = (machine: Thing): AwsInstance => ({
    id: machine.id,
    node: machine.tags['platform/node'] ?? '',
    state: machine.state as AwsInstance['state'],
    privateAddress: '10.0.0.1',
    publicAddress: '',
    zone: 'a',
    type: 't3.large',
    launchTime: machine.unique['launched'] ?? '',
    clientToken: '',
  });
  const machines = (wanted: (machine: Thing) => boolean): AwsInstance[] =>
    [...aws.of('instance').values()].filter((one) => one.phase !== 'gone' && wanted(one)).map(asInstance);
  const known: Partial<AwsWriter> = {
    region: aws.region,
    caller: async () => {
      await ask('GetCallerIdentity');
      return { account: aws.account, arn: `arn:aws:iam::${aws.account}:user/me` };
    },
    bucket: async (name) => {
      await ask('HeadBucket');
      const tags = aws.find('bucket', name)?.tags;
      return { exists: tags !== undefined, versioned: true, encrypted: true, blocked: true, tags: { ...tags } };
    },
    object: async (bucket, key) => {
      await ask('GetObject');
      return objects.get(`${bucket}/${key}`);
    },
    putObject: async (bucket, key, body) => {
      await write('PutObject', key);
      objects.set(`${bucket}/${key}`, body);
    },
    removeObject: async (bucket, key) => {
      await write('DeleteObject', key);
      objects.delete(`${bucket}/${key}`);
    },
    instances: async (cluster) => {
      await ask('DescribeInstances');
      return machines(({ tags }) => tags['platform/cluster'] === cluster);
    },
    instancesIn: async (vpc) => {
      await ask('DescribeInstances');
      return machines((machine) => machine.vpc === vpc);
    },
    snapshots: async (ids) => {
      await ask('DescribeSnapshots');
      return ids.flatMap((id) => {
        const found = aws.find('snapshot', id);
        const isDone = found?.state === 'completed';
        return found === undefined ? [] : [{ id, state: found.state, progress: isDone ? '100%' : '30%' }];
      });
    },
    makeSnapshot: async (volume, tags) => {
      const call = { actor: 'platform', action: 'CreateSnapshot', mutating: true, kind: 'volume', id: volume } as const;
      const done = await aws.enter(call, alive);
      const of = aws.find('volume', volume);
      done(of === undefined ? { name: 'InvalidVolume.NotFound', message: `${volume} does not exist` } : undefined);
      return beginSnapshot(world, volume, tags, of?.gigabytes ?? 8);
    },
    zone: async (domain) => {
      await ask('ListHostedZones');
      const id = aws.zones.get(domain);
      return id === undefined ? undefined : { id, nameServers: [] };
    },
    records: async (zone, names) => {
      await ask('ListResourceRecordSets');
      return [...aws.of('dns-record').values()].flatMap(({ id, record }): DnsRecord[] =>
        record !== undefined && id.startsWith(`${zone}/`) && names.includes(record.name) ? [record] : [],
      );
    },
    owned: async () => {
      await ask('DescribeTags');
      const types: Record<string, string> = {
        vpc: 'aws_vpc',
        subnet: 'aws_subnet',
        instance: 'aws_instance',
        role: 'aws_iam_role',
        'key-pair': 'aws_key_pair',
        'security-group': 'aws_security_group',
        address: 'aws_eip',
      };
      return aws.all().flatMap((thing) => {
        const type = types[thing.kind];
        return type === undefined || thing.phase !== 'live' || thing.tags['platform/cluster'] !== clusterId
          ? []
          : [{ type, id: thing.id, tags: thing.tags, healthy: true }];
      });
    },
  };
  return new Proxy(known, {
    get: (target, name) => {
      if (name === 'then') return undefined;
      const found = Reflect.get(target, name) as unknown;
      if (found === undefined) throw new Error(`aws.${String(name)} was not expected`);
      return found;
    },
  }) as AwsWriter;
}

/** AWS copies the blocks in its own time. */
function beginSnapshot(
  { aws, clock }: World,
  volume: string,
  tags: Readonly<Record<string, string>>,
  gigabytes: number,
) {
  const snapshot = aws.add({
    kind: 'snapshot',
    truth: 'data',
    why: `a backup of ${volume}`,
    name: tags['Name'] ?? '',
    tags: { ...tags },
    state: 'pending',
    gigabytes,
    unique: { volume, started: new Date(clock.now()).toISOString() },
  });
  clock.at(clock.monotonic() + 10_000 + gigabytes * 2000, () =>
    aws.change(snapshot, () => {
      snapshot.state = 'completed';
      snapshot.unique['completed'] = String(clock.monotonic());
    }),
  );
  return snapshot.id;
}
