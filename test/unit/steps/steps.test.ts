import { describe, expect, it } from 'vitest';
import { expand } from '../../../src/engine/graph.ts';
import type { Json } from '../../../src/engine/types.ts';
import { isPlatformError } from '../../../src/errors.ts';
import { dns } from '../../../src/steps/build/dns.ts';
import { foundation } from '../../../src/steps/build/foundation.ts';
import { build } from '../../../src/steps/build/index.ts';
import { infrastructure } from '../../../src/steps/build/infrastructure.ts';
import { inventory } from '../../../src/steps/build/inventory.ts';
import { machines } from '../../../src/steps/build/machines.ts';
import { stateBackend } from '../../../src/steps/build/state-backend.ts';
import { settleFacts } from '../../../src/steps/build/terraform-imports.ts';
import type { BucketState, DnsRecord } from '../../../src/tools/ports.ts';
import { exampleConfig, load, exampleText } from '../../helpers/configuration.ts';
import { clusterWith, fakeWorld, object, specOf } from '../../helpers/fake-world.ts';

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (isPlatformError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

describe('the list', () => {
  it('reads like a runbook: every step of a small and of a full platform, in order', async () => {
    const lines = (config: ReturnType<typeof exampleConfig>) =>
      expand(build, config).map(({ id, needIds }) => `${id} <- ${needIds.join(', ')}`);
    const bare = load(exampleText.replace(/^domain.*$/m, '').replace(/^addons.*$/m, 'addons: []'), 'sandbox').config;
    await expect(
      `${lines(exampleConfig()).join('\n')}\n\n--- no add-ons, no domain\n${lines(bare).join('\n')}\n`,
    ).toMatchFileSnapshot('../../golden/steps.txt');
  });
});

describe('foundation', () => {
  const up = { backend: { clusterId: 'demo-sandbox-ab1c2', account: '123456789012', bucket: 'states' } };
  const check = (outputs: Readonly<Record<string, Json>>) =>
    specOf(foundation).check(
      fakeWorld({ terraform: { plan: async () => ({ changes: [] }), outputs: async () => outputs } }).context,
      up,
    );

  it('that makes nothing is needed until its outputs are written', async () => {
    expect(await check({})).toEqual({ state: 'needed', because: 'Terraform has written no outputs yet' });
    expect(await check({ elastic_ips: {} })).toMatchObject({
      state: 'satisfied',
      output: { addresses: {}, bucket: null, certificate: null, zone: null },
    });
  });

  it('whose outputs are of another form is refused', async () => {
    expect(await codeOf(check({ elastic_ips: [] }))).toMatch(/^CONTRACT_BROKEN: .*elastic_ips is a list/s);
  });
});

describe('state-backend', () => {
  const bucket: BucketState = { exists: true, versioned: true, encrypted: true, blocked: true, tags: {} };
  const aws = (state: BucketState, identity?: string) => ({
    caller: async () => ({ account: '123456789012', arn: 'arn' }),
    bucket: async () => state,
    object: async () => identity,
  });

  it.each([
    ['missing', { ...bucket, exists: false }, undefined, 'does not exist'],
    ['not versioned', { ...bucket, versioned: false }, undefined, 'is not versioned'],
    [
      'public',
      { ...bucket, blocked: false, encrypted: false },
      undefined,
      'is not encrypted, does not block public access',
    ],
    ['without a cluster id', bucket, undefined, 'no cluster id was minted yet'],
  ] as const)('a bucket that is %s is needed', async (_name, state, identity, because) => {
    expect(await specOf(stateBackend).check(fakeWorld({ aws: aws(state, identity) }).context, {})).toMatchObject({
      state: 'needed',
      because: expect.stringContaining(because),
    });
  });

  it('a complete one is kept, with the cluster id that is in it', async () => {
    const found = await specOf(stateBackend).check(
      fakeWorld({ aws: aws(bucket, '{"clusterId":"demo-sandbox-ab1c2"}') }).context,
      {},
    );
    expect(found).toMatchObject({
      state: 'satisfied',
      output: { clusterId: 'demo-sandbox-ab1c2', account: '123456789012' },
    });
  });

  it("somebody else's bucket is refused, never used", async () => {
    expect(
      await codeOf(
        specOf(stateBackend).check(
          fakeWorld({ aws: aws({ ...bucket, foreign: 'it is in another account' }) }).context,
          {},
        ),
      ),
    ).toContain('FOREIGN');
  });

  it('a bucket that a person named and made is used, and none of its settings is touched', async () => {
    const config = exampleConfig({ state: { kind: 's3', bucket: 'theirs', key: 'k/t' } });
    const theirs = { ...bucket, versioned: false, tags: { team: 'data' } };
    let kept: string | undefined;
    const put = async (_bucket: string, key: string, body: string) => void (kept = `${key} ${body}`);
    const far = { ...aws(theirs), putObject: put, object: async () => kept?.split(' ')[1] };
    const { context, ledger, notes } = fakeWorld({ aws: far, random: { next: () => 0.5 } }, config);
    expect(await specOf(stateBackend).check(context, {})).toMatchObject({ because: 'no cluster id was minted yet' });
    await specOf(stateBackend).apply(context, {});
    expect(kept).toMatch(/^demo\/sandbox\/.* /);
    expect(notes).toEqual(['bucket theirs was there before platform and is left as it is. It is not versioned.']);
    expect(ledger).toEqual([]);
  });

  it('two machines that start at once agree on one cluster id', async () => {
    let kept: string | undefined;
    const shared = {
      caller: async () => ({ account: '1', arn: 'arn' }),
      bucket: async () => ({ ...bucket, exists: false }),
      makeBucket: async () => undefined,
      putObject: async (_bucket: string, _key: string, body: string, when?: 'absent') => {
        if (when !== 'absent') throw new Error('an identity must never be overwritten');
        kept ??= body;
      },
      object: async () => kept,
    };
    const mint = (value: number) =>
      specOf(stateBackend).apply(fakeWorld({ aws: shared, random: { next: () => value } }).context, {});
    const [one, two] = await Promise.all([mint(0.1), mint(0.9)]);
    expect(one).toEqual(two);
    expect((one as { clusterId: string }).clusterId).toMatch(/^demo-sandbox-[a-z0-9]{5}$/);
  });
});

describe('inventory', () => {
  const config = exampleConfig();
  const up = {
    backend: { clusterId: 'demo-sandbox-ab1c2', account: '123456789012' },
    infrastructure: {
      nodes: Object.fromEntries(
        Object.keys(config.nodes).map((name, index) => [
          name,
          {
            id: `i-${index}`,
            privateAddress: `10.0.0.${index + 10}`,
            publicAddress: index === 0 ? null : `203.0.113.${index + 10}`,
            zone: 'ap-northeast-2a',
          },
        ]),
      ),
    },
    addresses: { 'k8s-master': { address: '203.0.113.200' } },
  };

  it('derives both files from topology and outputs', async () => {
    const written = new Map<string, string>();
    const { context } = fakeWorld({
      files: { write: async (path, text, mode) => void written.set(`${path} ${mode?.toString(8)}`, text) },
    });
    await specOf(inventory).apply(context, up);
    await expect([...written].map(([name, text]) => `--- ${name}\n${text}`).join('')).toMatchFileSnapshot(
      '../../golden/inventory.txt',
    );
  });

  it('catalogue A10: a file that does not fit the outputs any more is derived anew', async () => {
    const found = await specOf(inventory).check(fakeWorld({ files: { read: async () => 'stale' } }).context, up);
    expect(found).toMatchObject({ state: 'needed', because: 'inventory.yml does not fit the outputs' });
  });

  it('catalogue A22, A24: outputs and topology that disagree are an error with names', () => {
    const { 'k8s-storage': _, ...nodes } = up.infrastructure.nodes;
    const one = nodes['k8s-worker-1'];
    expect(() =>
      specOf(inventory).inputs(config, { ...up, infrastructure: { nodes: { ...nodes, 'k8s-old': one } } }, ''),
    ).toThrow('k8s-storage has no machine, k8s-old is in no configuration');
  });
});

describe('machines', () => {
  const up = { inventory: { hosts: { 'k8s-master': { address: '203.0.113.9', instance: 'i-1' } } } };
  const console = `noise\r\nec2: -----BEGIN SSH HOST KEY KEYS-----\r\nssh-ed25519 AAAAC3Nz= root@x\r\necdsa-sha2-nistp256 AAAAE2Vj root@x\r\n-----END SSH HOST KEY KEYS-----\r\n`;

  it('pins the keys that the console shows, and only those', async () => {
    const pinned: unknown[] = [];
    const { context } = fakeWorld(
      { aws: { console: async () => console }, ssh: { pin: async (...all) => void pinned.push(all) } },
      exampleConfig(),
      'k8s-master',
    );
    await specOf(machines).apply(context, up);
    expect(pinned).toEqual([['203.0.113.9', ['ssh-ed25519 AAAAC3Nz=', 'ecdsa-sha2-nistp256 AAAAE2Vj']]]);
  });

  it('a console without keys yet is retried, never accepted', async () => {
    const { context } = fakeWorld({ aws: { console: async () => 'booting' } }, exampleConfig(), 'k8s-master');
    await expect(specOf(machines).apply(context, up)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      class: 'transient',
    });
  });
});

describe('dns (catalogue F8, F9, E13)', () => {
  const config = exampleConfig({ addons: ['alb-controller', 'argocd'] });
  const up = { ingress: { objects: 1 }, infrastructure: { clusterId: 'demo-sandbox-ab1c2' } };
  const balancer = {
    arn: 'arn',
    name: 'k8s-demo',
    hostname: 'k8s-demo.elb.amazonaws.com',
    zone: 'Z1',
    state: 'active',
    tags: {},
  };
  const ingress = object(
    'Ingress',
    'argocd',
    { status: { loadBalancer: { ingress: [{ hostname: balancer.hostname }] } } },
    { namespace: 'argocd' },
  );
  const world = (records: readonly DnsRecord[], changes: unknown[] = []) =>
    fakeWorld(
      {
        aws: {
          zone: async () => ({ id: 'Z9', nameServers: [] }),
          loadBalancer: async () => balancer,
          records: async () => records,
          changeRecords: async (...all) => void changes.push(all),
        },
        cluster: clusterWith([ingress]),
      },
      config,
    );
  const alias: DnsRecord = {
    name: 'argocd.example.dev.',
    type: 'A',
    alias: { name: 'dualstack.K8S-demo.elb.amazonaws.com.', zone: 'Z1' },
  };
  const owner = (id: string): DnsRecord => ({
    name: '_platform-owner.argocd.example.dev.',
    type: 'TXT',
    ttl: 300,
    values: [`"heritage=platform,platform/cluster=${id}"`],
  });

  it('writes alias and owner record in one batch', async () => {
    const changes: unknown[] = [];
    await specOf(dns).apply(world([], changes).context, up);
    expect(changes).toHaveLength(1);
    expect(JSON.stringify(changes[0])).toContain('heritage=platform,platform/cluster=demo-sandbox-ab1c2');
  });
  it('keeps its own records, however Route 53 spells them', async () => {
    expect(await specOf(dns).check(world([alias, owner('demo-sandbox-ab1c2')]).context, up)).toMatchObject({
      state: 'satisfied',
    });
  });
  it('refuses a record without an owner record', async () => {
    expect(
      await codeOf(
        specOf(dns).check(world([{ name: 'argocd.example.dev.', type: 'CNAME', values: ['elsewhere'] }]).context, up),
      ),
    ).toContain('FOREIGN: argocd.example.dev has a CNAME record without an owner record of ours');
  });
  it('refuses a record of another cluster, of the same name too', async () => {
    expect(await codeOf(specOf(dns).apply(world([alias, owner('demo-sandbox-zzzzz')]).context, up))).toContain(
      'owned by another cluster',
    );
  });
});

describe('terraform', () => {
  it('catalogue A8: missing outputs are told at once, by their names', async () => {
    const { context } = fakeWorld({
      files: { read: async () => 'ssh-ed25519 AAAA me' },
      terraform: {
        plan: async () => ({ changes: [] }),
        outputs: async () => ({ nodes: { 'k8s-master': { id: 'i-1', private_ip: 7 } } }),
      },
    });
    const error = await codeOf(
      specOf(infrastructure).check(context, {
        backend: { account: '1', bucket: 'b', clusterId: 'demo-sandbox-ab1c2' },
      }),
    );
    expect(error).toContain('vpc_id is missing');
    expect(error).toContain('nodes.k8s-master.private_ip is number, must be a non-empty string');
    expect(error).toContain('nodes.k8s-master.availability_zone is missing');
  });

  it('catalogue B13: what a cut apply left is found by tags, each at its address, in the right root', () => {
    const id = 'demo-sandbox-ab1c2';
    const one = (type: string, name: string, tags: object = {}, healthy = true) => ({
      type,
      id: `id-of-${type}-${name}`,
      tags: { Name: name, ...tags },
      healthy,
    });
    const owned = [
      one('aws_vpc', id),
      one('aws_subnet', `${id}-public-2`),
      one('aws_instance', `${id}-k8s-master`, { 'platform/node': 'k8s-master' }),
      one('aws_instance', `${id}-k8s-worker-1`, { 'platform/node': 'k8s-worker-1' }, false),
      one('aws_security_group', `${id}-node`),
      one('aws_security_group', 'k8s-traffic-x'),
      one('aws_vpc_security_group_ingress_rule', `${id}-ssh`, { 'platform/entrance': 'ssh 203.0.113.0/24' }),
      one('aws_eip', `${id}-k8s-master`),
      one('aws_s3_bucket', `${id}-data`),
    ];
    const cluster = settleFacts(exampleConfig(), id, owned, 'cluster');
    expect(Object.keys(cluster.existing)).toEqual([
      'aws_vpc.this',
      'aws_subnet.public["2"]',
      'aws_instance.node["k8s-master"]',
      'aws_instance.node["k8s-worker-1"]',
      'aws_security_group.node',
      'aws_vpc_security_group_ingress_rule.entrance["ssh 203.0.113.0/24"]',
    ]);
    expect(cluster.healthy).not.toContain('aws_instance.node["k8s-worker-1"]');
    expect(Object.keys(settleFacts(exampleConfig(), id, owned, 'foundation').existing)).toEqual([
      'aws_eip.node["k8s-master"]',
      'aws_s3_bucket.this["data"]',
    ]);
  });
});
