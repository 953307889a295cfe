import { describe, expect, test } from 'vitest';
import type { TeardownChoices } from '../../../../src/config/config.ts';
import type { Audit } from '../../../../src/engine/types.ts';
import { PlatformError } from '../../../../src/errors.ts';
import { destroyTerraformCluster } from '../../../../src/steps/teardown/destroy-terraform-cluster.ts';
import { destroyTerraformFoundation } from '../../../../src/steps/teardown/destroy-terraform-foundation.ts';
import { destroyTerraformPlan } from '../../../../src/steps/teardown/destroy-terraform-plan.ts';
import { agreeTo } from '../../../../src/steps/teardown/terraform-agreement.ts';
import type { CloudResource, ResourceChange, StateResource, TerraformWriter } from '../../../../src/tools/ports.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';
import { fakeWorld, specOf } from '../../../helpers/fake-world.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';

const cluster = 'demo-sandbox-ab1c2';
const account = '123456789012';
const tags = { 'platform/cluster': cluster };
const bucket = `${cluster}-data-${account}`;
const inventory = {
  clusterId: cluster,
  account,
  bucket: 'states',
  vpcs: ['vpc-1'],
  kubernetes: 'left-out',
  because: '',
  counts: {},
};
const choices: TeardownChoices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none',
  rebuild: false,
};

const thing = (kind: CloudResource['kind'], id: string, more: Partial<CloudResource> = {}): CloudResource => ({
  kind,
  id,
  name: '',
  tags,
  state: '',
  phase: 'live',
  unique: {},
  holds: [],
  ...more,
});
const held = (address: string, id: string): StateResource => ({
  address,
  type: address.split('.')[0] ?? '',
  id,
  tainted: false,
});

const network = [held('aws_vpc.this', 'vpc-1'), held('aws_subnet.public["a"]', 'subnet-1')];
const alive = [
  thing('vpc', 'vpc-1'),
  thing('subnet', 'subnet-1', { vpc: 'vpc-1', holds: [{ kind: 'vpc', id: 'vpc-1' }] }),
];
const foundationState = [
  held('aws_eip.node["k8s-master"]', 'eipalloc-1'),
  held('aws_s3_bucket.this["data"]', bucket),
  held('aws_s3_bucket_versioning.this["data"]', bucket),
  held('aws_s3_bucket_policy.this["data"]', bucket),
];
const data = (empty: boolean) => [thing('address', 'eipalloc-1'), thing('bucket', bucket, { empty })];

interface Setting {
  readonly resources: readonly StateResource[];
  readonly listed: readonly CloudResource[];
  readonly choices?: Partial<TeardownChoices>;
  readonly destroy?: TerraformWriter['destroy'];
  readonly planFails?: boolean;
  /** A tree of the user's own, in place of ours. */
  readonly ownTree?: true;
  /** What the other root holds, where it is not the one that is destroyed. */
  readonly cluster?: readonly StateResource[];
}

/** A world in which Terraform deletes what its state holds, and everything that is done is told in one list. */
function world({ resources, listed, destroy, cluster: other = [], planFails = false, ...more }: Setting) {
  const clock = new SimulatedClock();
  const did: string[] = [];
  let state = [...resources];
  const there = new Set(listed);
  const config = {
    ...exampleConfig(),
    teardown: { ...choices, ...more.choices },
    ...(more.ownTree === true && { terraform: { dir: '/theirs', vars: {}, outputs: {} } }),
  };
  const planned = (): readonly ResourceChange[] =>
    state.map(({ address, type }) => ({ address, type, actions: ['delete'] }));
  const { context, notes } = fakeWorld(
    {
      terraform: {
        resources: async (root) => ((root.name === 'foundation') === (resources === foundationState) ? state : other),
        forget: async (_root, addresses) => {
          did.push(`forget ${addresses.join(' ')}`);
          state = state.filter(({ address }) => !addresses.includes(address));
        },
        destroy:
          destroy ??
          (async (root, scope) => {
            scope.agree?.(planned());
            did.push(
              `destroy ${root.name}: ${planned()
                .map(({ address }) => address)
                .join(' ')}`,
            );
            state = [];
          }),
        planDestroy: async (root) => {
          did.push(`plan ${root.name}`);
          if (planFails) throw new PlatformError('TOOL_FAILED', { message: 'terraform plan of cluster failed' });
          return { changes: planned() };
        },
        settle: async (_root, facts) => {
          did.push(`settle ${JSON.stringify(facts)}`);
          return [];
        },
      },
      aws: {
        caller: async () => ({ account, arn: `arn:aws:iam::${account}:user/someone` }),
        object: async () => undefined,
        bucket: async (name) => ({
          exists: [...there].some(({ id }) => id === name),
          versioned: true,
          encrypted: true,
          blocked: true,
          tags,
        }),
      },
      files: { read: async () => undefined },
    },
    config,
  );
  const ctx = Object.assign(context, {
    clock,
    estate: {
      list: async (kind: string) => [...there].filter((one) => one.kind === kind),
      remove: async (resource: CloudResource) => {
        did.push(`remove ${resource.id}`);
        for (const one of there) if (one.id === resource.id) there.delete(one);
      },
    },
    audit: async ({ action, target, because }: Audit) => void did.push(`audit ${action} ${target}: ${because}`),
  });
  return { ctx, clock, did, notes, config };
}

const foundation = specOf(destroyTerraformFoundation);
const root = specOf(destroyTerraformCluster);
const up = { inventory, leftovers: null };

describe('destroy-terraform-cluster', () => {
  test('writes down each resource with its proof before Terraform deletes it', async () => {
    const { ctx, did } = world({ resources: network, listed: alive });
    expect(await root.check(ctx, up)).toMatchObject({
      state: 'needed',
      because: expect.stringContaining('2 resources'),
    });
    expect(await root.apply(ctx, up)).toEqual({ destroyed: 2 });
    expect(did).toEqual([
      expect.stringMatching(/^audit delete aws_vpc\.this \(vpc-1\): in the Terraform state cluster, /),
      expect.stringMatching(/^audit delete aws_subnet\.public\["a"\] \(subnet-1\): in the Terraform state cluster, /),
      'destroy cluster: aws_vpc.this aws_subnet.public["a"]',
    ]);
    expect(await root.check(ctx, up)).toMatchObject({ state: 'satisfied' });
  });

  test('what AWS does not show any more is fine', async () => {
    const { ctx } = world({ resources: network, listed: [] });
    expect(await root.apply(ctx, up)).toEqual({ destroyed: 2 });
  });

  test('machines that have ended leave the state first: the provider would only wait for them', async () => {
    const machines = [held('aws_instance.node["a"]', 'i-1'), held('aws_instance.node["b"]', 'i-2')];
    const listed = [
      ...alive,
      thing('instance', 'i-1', { phase: 'gone', state: 'terminated', vpc: 'vpc-1' }),
      thing('instance', 'i-2', { phase: 'going', state: 'shutting-down', vpc: 'vpc-1' }),
    ];
    const { ctx, did } = world({ resources: [...network, ...machines], listed });
    expect(await root.apply(ctx, up)).toEqual({ destroyed: 3 });
    expect(did[0]).toBe('forget aws_instance.node["a"]');
    expect(did.at(-1)).toBe('destroy cluster: aws_vpc.this aws_subnet.public["a"] aws_instance.node["b"]');
  });

  test.each([
    ['shared by a tag', { tags: { [`kubernetes.io/cluster/${cluster}`]: 'shared' } }, 'shared'],
    ["another cluster's", { tags: { 'platform/cluster': 'other-dev-xxxxx' } }, 'other-dev-xxxxx'],
  ])('a resource of the state that is %s stops everything, before a word is written', async (_name, more, told) => {
    const listed = [thing('vpc', 'vpc-1'), thing('subnet', 'subnet-1', { vpc: 'vpc-1', ...more })];
    const { ctx, did } = world({ resources: network, listed });
    await expect(root.apply(ctx, up)).rejects.toMatchObject({
      code: 'FOREIGN',
      message: expect.stringContaining(told),
    });
    expect(did).toEqual([]);
  });

  test.each<[string, readonly ResourceChange[], string]>([
    [
      'deletes what our state does not hold',
      [{ address: 'aws_vpc.other', type: 'aws_vpc', actions: ['delete'] }],
      'not in our state',
    ],
    [
      'makes something',
      [{ address: 'aws_vpc.this', type: 'aws_vpc', actions: ['delete', 'create'] }],
      'delete and create',
    ],
  ])('a plan that %s is not agreed to', async (_name, changes, told) => {
    const { ctx } = world({ resources: network, listed: alive, destroy: async (_root, { agree }) => agree?.(changes) });
    await expect(root.apply(ctx, up)).rejects.toMatchObject({
      code: 'FOREIGN',
      message: expect.stringContaining(told),
    });
  });

  test('needs no key file and none of the variables of the build', async () => {
    let seen: unknown;
    const { ctx } = world({
      resources: network,
      listed: alive,
      destroy: async ({ variables }) => void (seen = variables),
    });
    await root.apply(ctx, up);
    expect(seen).toMatchObject({ cluster_id: cluster, ssh_public_key: expect.stringMatching(/^ssh-ed25519 A+$/) });
  });

  test('a Terraform that gets no further is told about, then interrupted, and the error names who holds what', async () => {
    const stranger = thing('network-interface', 'eni-9', {
      tags: {},
      vpc: 'vpc-1',
      holds: [{ kind: 'subnet', id: 'subnet-1' }],
    });
    const waiting = async (_root: unknown, { note, signal }: { note(text: string): void; signal: AbortSignal }) => {
      for (let spent = 0; !signal.aborted; spent += 10) {
        note(`0/2 resources destroyed, aws_subnet.public["a"] deleting ${spent}s`);
        await clock.sleep(10_000, signal);
      }
      throw new PlatformError('INTERRUPTED', { message: 'terraform apply of cluster was interrupted' });
    };
    const { ctx, notes, clock } = world({ resources: network, listed: [...alive, stranger], destroy: waiting });
    const error = await clock.drive(root.apply(ctx, up).catch((caught: unknown) => caught));
    expect(error).toMatchObject({ code: 'LEFTOVERS', message: expect.stringContaining('subnet-1 <- eni-9') });
    expect(notes).toContainEqual(
      expect.stringMatching(/^aws_subnet.public\["a"\] unchanged for 45s: subnet-1 <- eni-9/),
    );
    expect(clock.monotonic()).toBeLessThanOrEqual(240_000);
  });

  test('without --cleanup it is refused at once while something that Terraform does not know would block it', async () => {
    const listed = [
      ...alive,
      thing('load-balancer', 'arn:lb', { vpc: 'vpc-1', holds: [{ kind: 'subnet', id: 'subnet-1' }] }),
    ];
    const { ctx, did } = world({ resources: network, listed, choices: { cleanup: false } });
    await expect(root.apply(ctx, up)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      next: expect.arrayContaining([expect.stringContaining('--cleanup')]),
    });
    expect(did).toEqual([]);
  });

  test("a bucket of a user's own tree with data in it is theirs to empty, also with --delete-data: named, with the way on", async () => {
    const full = [held('aws_s3_bucket.uploads', 'uploads'), ...network];
    const refused = new PlatformError('TOOL_FAILED', {
      message: 'terraform apply of cluster failed: deleting S3 Bucket (uploads): BucketNotEmpty',
    });
    const listed = [...alive, thing('bucket', 'uploads', { tags: {}, empty: false })];
    const setting = { resources: full, listed, ownTree: true, destroy: () => Promise.reject(refused) } as const;
    const { ctx, did } = world({ ...setting, choices: { deleteData: true } });
    await expect(root.apply(ctx, up)).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringContaining('platform empties none of your own tree, also with --delete-data: uploads'),
      next: [expect.stringContaining('force_destroy = true in your tree'), expect.stringContaining('goes on')],
      facts: { left: 1, resources: 'bucket uploads' },
    });
    expect(did.filter((one) => one.startsWith('remove'))).toEqual([]);
    // Without it nothing begins: the data stays.
    const kept = world(setting);
    await expect(root.apply(kept.ctx, up)).rejects.toMatchObject({
      code: 'NEEDS_YES',
      next: expect.arrayContaining([expect.stringContaining('--delete-data')]),
    });
    expect(kept.did).toEqual([]);
  });

  test('one that goes on slowly is left alone', async () => {
    const slow: TerraformWriter['destroy'] = async (_root, { note }) => {
      for (let done = 0; done < 5; done++) {
        note(`${done}/5 resources destroyed, aws_vpc.this deleting 1s`);
        await clock.sleep(170_000);
      }
    };
    const { ctx, clock } = world({ resources: network, listed: alive, destroy: slow });
    expect(await clock.drive(root.apply(ctx, up) as Promise<unknown>)).toEqual({ destroyed: 2 });
  });

  test("an error that is not about holding stays Terraform's own", async () => {
    const denied = new PlatformError('CREDENTIALS', { message: 'AccessDenied' });
    const { ctx } = world({ resources: network, listed: alive, destroy: async () => Promise.reject(denied) });
    await expect(root.apply(ctx, up)).rejects.toBe(denied);
  });

  test('after an interruption only what is ours and dead is settled: nothing is imported', async () => {
    const { ctx, did } = world({ resources: network, listed: alive });
    await root.settle?.(ctx, up);
    expect(did).toEqual(['settle {"existing":{},"healthy":[]}']);
  });
});

describe('destroy-terraform-plan', () => {
  const ahead = specOf(destroyTerraformPlan);
  const machines = [held('aws_instance.node["a"]', 'i-1')];
  const ended = thing('instance', 'i-1', { phase: 'gone', state: 'terminated', vpc: 'vpc-1' });

  test('takes machines that have ended out of the state and plans, and changes nothing in AWS', async () => {
    const { ctx, did } = world({ resources: [...network, ...machines], listed: [...alive, ended] });
    expect(await ahead.check(ctx, up)).toMatchObject({ state: 'needed' });
    expect(await ahead.apply(ctx, up)).toEqual({ planned: 2 });
    expect(did).toEqual(['forget aws_instance.node["a"]', 'plan cluster']);
  });

  test('has nothing to do with an empty state, nor beside a tree of their own', async () => {
    const { ctx, config } = world({ resources: [], listed: [] });
    expect(await ahead.check(ctx, up)).toMatchObject({ state: 'satisfied' });
    const when = destroyTerraformPlan.when as (config: unknown) => boolean;
    expect(when(config)).toBe(true);
    expect(when({ ...config, terraform: { dir: '/theirs', vars: {}, outputs: {} } })).toBe(false);
    expect(when({ ...config, teardown: { ...choices, cleanup: false } })).toBe(false);
  });

  test('a plan that fails is no failure: Terraform says so when its turn comes', async () => {
    const { ctx, notes } = world({ resources: network, listed: alive, planFails: true });
    expect(await ahead.apply(ctx, up)).toEqual({ planned: 0 });
    expect(notes).toContain('planned when its turn comes: terraform plan of cluster failed');
  });
});

describe('destroy-terraform-foundation', () => {
  test('is no member with --keep foundation, nor beside a tree of their own', () => {
    const when = destroyTerraformFoundation.when as (config: unknown) => boolean;
    const { config } = world({ resources: [], listed: [] });
    expect(when(config)).toBe(true);
    expect(when({ ...config, teardown: { ...choices, keepFoundation: true } })).toBe(false);
    expect(when({ ...config, terraform: { dir: '/theirs', vars: {}, outputs: {} } })).toBe(false);
  });

  test('a bucket with data stays, named with its reason, and leaves the state with all its parts', async () => {
    const { ctx, did, notes } = world({ resources: foundationState, listed: data(false) });
    expect(await foundation.apply(ctx, up)).toEqual({
      destroyed: 1,
      kept: [{ id: bucket, because: 'data: --delete-data was not given' }],
    });
    expect(did).toEqual([
      'forget aws_s3_bucket.this["data"] aws_s3_bucket_versioning.this["data"] aws_s3_bucket_policy.this["data"]',
      expect.stringMatching(/^audit delete aws_eip/),
      'destroy foundation: aws_eip.node["k8s-master"]',
    ]);
    expect(notes).toContainEqual(expect.stringContaining(`${bucket} stays`));
  });

  test('an Elastic IP is released only once no machine has it', async () => {
    const bound = thing('network-interface', 'eni-1', { holds: [{ kind: 'address', id: 'eipalloc-1' }] });
    const { ctx, did, clock, notes } = world({ resources: foundationState, listed: [...data(true), bound] });
    const list = ctx.estate.list.bind(ctx.estate);
    const without = async (kind: string) =>
      (await list(kind)).filter((one) => one !== bound || clock.monotonic() < 60_000);
    Object.assign(ctx.estate, { list: without });
    await clock.drive(foundation.apply(ctx, up) as Promise<unknown>);
    expect(notes).toContain('waiting until no machine has an Elastic IP of ours: eni-1');
    expect(clock.monotonic()).toBeGreaterThanOrEqual(60_000);
    expect(did.at(-1)).toMatch(/^destroy foundation/);
  });

  test('an Elastic IP on a machine that nobody ends is named at once, with the way', async () => {
    const machine = thing('instance', 'i-lost', {
      vpc: 'vpc-1',
      holds: [{ kind: 'network-interface', id: 'eni-1' }],
    });
    const bound = thing('network-interface', 'eni-1', {
      vpc: 'vpc-1',
      holds: [{ kind: 'address', id: 'eipalloc-1' }],
      diesWith: { kind: 'instance', id: 'i-lost' },
    });
    const listed = [thing('vpc', 'vpc-1'), ...data(true), machine, bound];
    const state = { resources: foundationState, cluster: network, choices: { cleanup: false } };
    const { ctx, did, clock } = world({ ...state, listed });
    const error = await clock.drive(foundation.apply(ctx, up).catch((caught: unknown) => caught));
    expect(error).toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringContaining('i-lost'),
      next: expect.arrayContaining([expect.stringContaining('--cleanup')]),
    });
    expect(clock.monotonic()).toBe(0);
    expect(did).toEqual([]);
    // One that AWS is ending already is waited for.
    const ending = [thing('vpc', 'vpc-1'), ...data(true), { ...machine, phase: 'going' as const }, bound];
    const other = world({ ...state, listed: ending });
    const late = await other.clock.drive(foundation.apply(other.ctx, up).catch((caught: unknown) => caught));
    expect(late).toMatchObject({ code: 'NOT_READY_IN_TIME' });
  });

  const inTheWay = thing('network-interface', 'eni-9', { tags: {}, vpc: 'vpc-1', description: 'made by hand' });
  const theirs = thing('instance', 'i-theirs', { tags: {}, vpc: 'vpc-1' });
  test.each([
    ['somebody else’s interface stands in the network', [inTheWay], 'eni-9'],
    ['somebody else’s machine stands in the network', [theirs], 'i-theirs'],
  ])('goes at all only in a teardown that can end: %s', async (_name, strangers, told) => {
    const listed = [thing('vpc', 'vpc-1'), ...data(true), ...strangers];
    const { ctx, did, clock } = world({ resources: foundationState, listed, cluster: network });
    const error = await clock.drive(foundation.apply(ctx, up).catch((caught: unknown) => caught));
    expect(error).toMatchObject({ code: 'LEFTOVERS', message: expect.stringContaining(told) });
    expect(did).toEqual([]);
    // A listing may lag behind what has just ended.
    const passing = world({ resources: foundationState, listed, cluster: network });
    const list = passing.ctx.estate.list.bind(passing.ctx.estate);
    Object.assign(passing.ctx.estate, {
      list: async (kind: string) =>
        (await list(kind as 'vpc', { cluster, vpcs: [], recorded: {} })).filter(
          (one) => passing.clock.monotonic() < 10_000 || !strangers.includes(one),
        ),
    });
    await passing.clock.drive(foundation.apply(passing.ctx, up) as Promise<unknown>);
    expect(passing.did.at(-1)).toMatch(/^destroy foundation/);
  });

  test('does not wait for the interfaces that a load balancer of ours has left behind', async () => {
    const left = thing('network-interface', 'eni-lb', {
      tags: {},
      vpc: 'vpc-1',
      managedBy: 'amazon-elb',
      description: 'ELB app/k8s-web/9',
      diesWith: { kind: 'load-balancer', id: 'arn:x:loadbalancer/app/k8s-web/9' },
    });
    const listed = [thing('vpc', 'vpc-1'), ...data(true), left];
    const { ctx, did, clock } = world({ resources: foundationState, listed, cluster: network });
    await clock.drive(foundation.apply(ctx, up) as Promise<unknown>);
    expect(did.at(-1)).toMatch(/^destroy foundation/);
    expect(clock.monotonic()).toBe(0);
  });

  test('an empty bucket goes with the rest', async () => {
    const { ctx, did } = world({ resources: foundationState, listed: data(true) });
    expect(await foundation.apply(ctx, up)).toEqual({ destroyed: 4, kept: [] });
    expect(did.at(-1)).toContain('aws_s3_bucket.this["data"]');
    expect(did.join()).not.toContain('forget');
  });

  test('with --delete-data it is emptied first, written down before', async () => {
    const { ctx, did } = world({ resources: foundationState, listed: data(false), choices: { deleteData: true } });
    expect(await foundation.apply(ctx, up)).toEqual({ destroyed: 4, kept: [] });
    expect(did.slice(0, 2)).toEqual([
      expect.stringMatching(new RegExp(`^audit delete bucket ${bucket} with all its objects: --delete-data, `)),
      `remove ${bucket}`,
    ]);
    expect(did.at(-1)).toMatch(/^destroy foundation/);
  });

  test("data is not touched where anything else of the state is somebody else's", async () => {
    const listed = [
      thing('address', 'eipalloc-1', { tags: { 'platform/cluster': 'other-dev-xxxxx' } }),
      thing('bucket', bucket, { empty: false }),
    ];
    const { ctx, did } = world({ resources: foundationState, listed, choices: { deleteData: true } });
    await expect(foundation.apply(ctx, up)).rejects.toMatchObject({ code: 'FOREIGN' });
    expect(did).toEqual([]);
  });

  test("a bucket of our name that is somebody else's stops everything", async () => {
    const listed = [
      thing('address', 'eipalloc-1'),
      thing('bucket', bucket, { tags: { 'platform/cluster': 'other-dev-xxxxx' }, empty: false }),
    ];
    const { ctx, did } = world({ resources: foundationState, listed, choices: { deleteData: true } });
    await expect(foundation.apply(ctx, up)).rejects.toMatchObject({ code: 'FOREIGN' });
    expect(did).toEqual([]);
  });
});

describe('agreeTo', () => {
  const volume = thing('volume', 'vol-1');
  const changes: readonly ResourceChange[] = [
    { address: 'aws_ebs_volume.db', type: 'aws_ebs_volume', actions: ['delete'] },
  ];
  const holding = (finding: object) => ({
    root: 'cluster',
    account,
    resources: [held('aws_ebs_volume.db', 'vol-1')],
    findings: [{ resource: volume, class: 'owned' as const, because: 'recorded', ...finding }],
  });

  test('what stays is asked about, not destroyed by the way: also in a tree of their own', () => {
    const kept = holding({ class: 'data', kept: 'data: --delete-data was not given' });
    expect(() => agreeTo(changes, kept)).toThrow(
      expect.objectContaining({
        code: 'NEEDS_YES',
        next: expect.arrayContaining([expect.stringContaining('--delete-data')]),
      }),
    );
  });

  test.each(['foreign', 'shared', 'unknown'] as const)('what is %s is refused', (ownership) => {
    expect(() => agreeTo(changes, holding({ class: ownership }))).toThrow(expect.objectContaining({ code: 'FOREIGN' }));
  });

  test('what is ours, and what nothing happens to, may go', () => {
    agreeTo(changes, holding({}));
    agreeTo([{ address: 'aws_vpc.other', type: 'aws_vpc', actions: ['no-op'] }], holding({}));
  });
});
