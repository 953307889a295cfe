import { describe, expect, it } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import { type SweepRequest, sweepWith } from '../../../../src/steps/teardown/sweep.ts';
import type { ViewSource } from '../../../../src/steps/teardown/sweep-view.ts';
import type { CloudKind } from '../../../../src/tools/ports.ts';
import { createAccount, group, type Thing } from './sweep-world.ts';

const machines: readonly Thing[] = [
  { kind: 'instance', id: 'i-1', vpc: 'vpc-1', takes: 45_000 },
  { kind: 'instance', id: 'i-theirs', vpc: 'vpc-1', class: 'foreign' },
];

/** Tells every look, and gives of a kind only what was asked for by id, as EC2 does. */
function looking(account: ReturnType<typeof createAccount>) {
  const looks: {
    readonly kind: CloudKind;
    readonly only?: readonly string[];
    readonly near?: true;
    readonly recalled?: true;
  }[] = [];
  const source: ViewSource = {
    ...account.source,
    list: async (kind, part) => {
      const only = part === 'near' ? undefined : part;
      looks.push({ kind, ...(only === undefined ? {} : { only }), ...(part === 'near' ? { near: true } : {}) });
      const all = await account.source.list(kind);
      if (part === 'near') return all.filter(({ vpc = '' }) => source.vpcs?.includes(vpc));
      return only === undefined ? all : all.filter(({ id }) => only.includes(id));
    },
    vpcs: ['vpc-1'],
  };
  return { looks, source };
}

const request = (source: ViewSource): SweepRequest => ({
  kinds: ['instance'],
  choose: () => true,
  deleteData: false,
  source,
});

describe('the calls of a sweep', () => {
  it('while it waits it asks only about what it waits for, by id, and forgets nothing else that it knows', async () => {
    const account = createAccount(machines);
    const { looks, source } = looking(account);
    const { removed, findings } = await account.clock.drive(sweepWith(account.world, request(source)));
    expect(removed).toEqual([{ kind: 'instance', id: 'i-1' }]);
    expect(findings.map(({ resource }) => resource.id)).toEqual(['i-theirs']);
    const followed = looks.filter(({ only }) => only !== undefined);
    expect(followed.length).toBeGreaterThan(8);
    expect(followed.every(({ kind, only }) => kind === 'instance' && only?.join() === 'i-1')).toBe(true);
    expect(followed.length).toBeLessThan(18);
    expect(account.clock.monotonic()).toBeLessThan(50_000);
  });

  it('begins with a look of a moment ago where there is one, but deletes on a fresh one and ends with one', async () => {
    const account = createAccount(machines);
    const { looks, source } = looking(account);
    const stale = await account.source.list('instance');
    const recall: NonNullable<ViewSource['recall']> = async (kind) => {
      looks.push({ kind, recalled: true });
      return kind === 'instance' ? stale : [];
    };
    const order: string[] = [];
    account.hooks.before = (call, { id }) => void (call === 'remove' && order.push(`${looks.length} ${id}`));
    await account.clock.drive(sweepWith(account.world, request({ ...source, recall })));
    const [first = ''] = order;
    const before = looks.slice(0, Number(first.split(' ')[0]));
    expect(before[0]).toMatchObject({ recalled: true });
    expect(before.at(-1)).toEqual({ kind: 'instance', near: true });
    expect(looks.filter(({ recalled }) => recalled).length).toBeLessThanOrEqual(2);
    expect(looks.at(-1)?.recalled).toBeUndefined();
    expect(looks.at(-1)?.only).toBeUndefined();
  });

  it('between its first look and its last it looks into our VPC only, and still knows what stands elsewhere', async () => {
    const account = createAccount([
      group('sg-ours', [], { rules: [] }),
      group('sg-held', [], { rules: [] }),
      group('sg-namesake', [], { vpc: 'vpc-2', class: 'foreign' }),
      {
        kind: 'network-interface',
        id: 'eni',
        vpc: 'vpc-1',
        class: 'foreign',
        holds: [{ kind: 'security-group', id: 'sg-held' }],
      },
    ]);
    account.clock.at(20_000, () => account.drop({ kind: 'network-interface', id: 'eni' }));
    const { looks, source } = looking(account);
    const seen: string[][] = [];
    const classify: ViewSource['classify'] = (resources) => {
      seen.push(resources.map(({ id }) => id));
      return source.classify(resources);
    };
    const { removed } = await account.clock.drive(
      sweepWith(account.world, { ...request({ ...source, classify }), kinds: ['security-group'] }),
    );
    expect(removed.map(({ id }) => id).toSorted()).toEqual(['sg-held', 'sg-ours']);
    expect(looks.some(({ near }) => near)).toBe(true);
    expect(looks.at(-1)?.near).toBeUndefined();
    expect(seen.every((ids) => ids.includes('sg-namesake'))).toBe(true);
  });

  it('a thing to go that stands elsewhere is looked for there', async () => {
    const account = createAccount([
      { kind: 'instance', id: 'i-1', vpc: 'vpc-2', takes: 10_000, holds: [{ kind: 'security-group', id: 'sg-far' }] },
      group('sg-far', [], { vpc: 'vpc-2', rules: [] }),
    ]);
    const { looks, source } = looking(account);
    const { removed } = await account.clock.drive(
      sweepWith(account.world, { ...request(source), kinds: ['instance', 'security-group'] }),
    );
    expect(removed.map(({ id }) => id).toSorted()).toEqual(['i-1', 'sg-far']);
    expect(looks.filter(({ kind, near }) => kind === 'security-group' && near)).toEqual([]);
  });

  it('before something goes, only its kind and what may hold it are looked at; what waits for AWS is followed', async () => {
    const record = (id: string, holds: Thing['holds'] = []): Thing => ({ kind: 'dns-record', id, holds });
    const account = createAccount([
      record('Z/A/shop', [{ kind: 'dns-record', id: 'Z/TXT/owner' }]),
      record('Z/TXT/owner'),
      group('sg-1', [], { rules: [] }),
      {
        kind: 'network-interface',
        id: 'eni',
        vpc: 'vpc-1',
        class: 'foreign',
        holds: [{ kind: 'security-group', id: 'sg-1' }],
      },
    ]);
    account.clock.at(20_000, () => account.drop({ kind: 'network-interface', id: 'eni' }));
    const { looks, source } = looking(account);
    const before: string[][] = [];
    let told = 0;
    account.hooks.before = (call) => {
      if (call !== 'remove') return;
      before.push(looks.slice(told).map(({ kind }) => kind));
      told = looks.length;
    };
    const kinds = ['dns-record', 'security-group', 'network-interface'] as const;
    const { removed } = await account.clock.drive(sweepWith(account.world, { ...request(source), kinds: [...kinds] }));
    expect(removed).toHaveLength(3);
    // The record on the first look at everything, its owner record on a look at records alone.
    expect(before[1]).toEqual(['dns-record']);
    // The group on a look of its own, after its interface was followed until it was gone.
    expect(new Set(before[2])).toEqual(new Set(['dns-record', 'network-interface', 'security-group']));
    expect(before[2]?.at(-1)).toBe('security-group');
    expect(before[2]?.filter((kind) => kind === 'security-group')).toHaveLength(1);
  });

  it('what AWS deletes at once is not looked at by itself before the last look, which is at everything', async () => {
    const account = createAccount([group('sg-1', [], { rules: [] }), group('sg-2', [], { rules: [] })]);
    const { looks, source } = looking(account);
    let asked = 0;
    account.hooks.before = (call) => void (call === 'remove' && (asked = looks.length));
    const { removed } = await account.clock.drive(
      sweepWith(account.world, {
        ...request(source),
        kinds: ['security-group'],
        alongside: ['vpn-gateway'],
      }),
    );
    expect(removed).toHaveLength(2);
    const after = looks.slice(asked).map(({ kind }) => kind);
    expect(after).toContain('vpn-gateway');
    expect(after.filter((kind) => kind === 'security-group')).toHaveLength(1);
  });

  it('what AWS refuses is not looked at as if it were the last of it', async () => {
    const account = createAccount([group('sg-1', [], { rules: [] })]);
    const { looks, source } = looking(account);
    let refusals = 2;
    account.hooks.before = (call) => {
      if (call !== 'remove' || (refusals -= 1) < 0) return;
      throw new PlatformError('AWS', { message: 'in use', facts: { name: 'DependencyViolation' } });
    };
    const { removed } = await account.clock.drive(
      sweepWith(account.world, { ...request(source), kinds: ['security-group'], alongside: ['vpn-gateway'] }),
    );
    expect(removed).toHaveLength(1);
    expect(looks.filter(({ kind }) => kind === 'vpn-gateway')).toHaveLength(1);
  });
});
