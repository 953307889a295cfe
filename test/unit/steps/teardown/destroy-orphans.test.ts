import { describe, expect, it } from 'vitest';
import { destroyOrphans } from '../../../../src/steps/teardown/destroy-orphans.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { clusterId, destroyWorld, ours } from './destroy-world.ts';
import type { Thing } from './sweep-world.ts';

const mine = ours(destroyWorld({ things: [] }).environment);
const vpc = { kind: 'vpc', id: 'vpc-1' } as const;
/** An apply that died before it wrote the state (catalogue B13). */
const orphans: readonly Thing[] = [
  { ...vpc, tags: mine },
  { kind: 'internet-gateway', id: 'igw-1', tags: mine, vpc: 'vpc-1', holds: [vpc] },
  { kind: 'subnet', id: 'subnet-1', tags: mine, vpc: 'vpc-1', holds: [vpc] },
  { kind: 'security-group', id: 'sg-default', name: 'default', vpc: 'vpc-1', diesWith: vpc, holds: [vpc] },
  { kind: 'role', id: `${clusterId}-node`, tags: mine },
  { kind: 'address', id: 'eipalloc-1', tags: mine },
];
const volume: Thing = { kind: 'volume', id: 'vol', tags: { [`kubernetes.io/cluster/${clusterId}`]: 'owned' } };
const bucket: Thing = { kind: 'bucket', id: 'states' };

describe('destroy-orphans', () => {
  it('removes what is ours and in no state, in order, and never the bucket of the state', async () => {
    const world = destroyWorld({ things: [...orphans, bucket] });
    expect(await specOf(destroyOrphans).check(world.context, {})).toMatchObject({ state: 'needed' });
    await world.clock.drive(specOf(destroyOrphans).apply(world.context, {}));
    expect([...world.there.keys()]).toEqual(['bucket states']);
    expect(world.calls.filter((call) => call.startsWith('remove')).at(-1)).toBe('remove vpc vpc-1');
  });

  it('leaves what is kept with the foundation, and what a state still holds', async () => {
    const world = destroyWorld({
      things: orphans,
      choices: { keepFoundation: true },
      terraform: [{ address: 'aws_vpc.main', type: 'aws_vpc', id: 'vpc-1', tainted: false }],
    });
    await world.clock.drive(specOf(destroyOrphans).apply(world.context, {}));
    expect([...world.there.keys()]).toEqual(['vpc vpc-1', 'security-group sg-default', 'address eipalloc-1']);
  });

  it("of a user's own tree it removes only what controllers made", async () => {
    const things: Thing[] = [
      { ...vpc, tags: {} },
      { kind: 'role', id: `${clusterId}-node`, tags: mine },
      { kind: 'address', id: 'eipalloc-1', tags: {} },
      volume,
    ];
    const world = destroyWorld({ things, ownTree: true });
    await world.clock.drive(specOf(destroyOrphans).apply(world.context, {}));
    expect(world.calls.filter((call) => call.startsWith('remove'))).toEqual(['remove volume vol']);
  });

  it("beside a user's own tree, a network with our tags is a namesake's, and a tag alone proves nothing any more", async () => {
    const world = destroyWorld({ things: [...orphans, volume], ownTree: true });
    await world.clock.drive(specOf(destroyOrphans).apply(world.context, {}));
    expect(world.calls.filter((call) => call.startsWith('remove'))).toEqual([]);
  });
});
