import { describe, expect, it } from 'vitest';
import { destroyMachines } from '../../../../src/steps/teardown/destroy-machines.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { destroyWorld, ours } from './destroy-world.ts';

const environment = destroyWorld({ things: [] }).environment;
const mine = ours(environment);
const up = { inventory: { clusterId: 'demo-dev-ab1c2' } };

const machines = [
  { kind: 'vpc', id: 'vpc-1', tags: mine },
  { kind: 'instance', id: 'i-1', tags: mine, vpc: 'vpc-1', takes: 40_000 },
  { kind: 'instance', id: 'i-2', tags: mine, vpc: 'vpc-1', takes: 60_000, protected: true },
  { kind: 'instance', id: 'i-hand', vpc: 'vpc-1' },
  { kind: 'instance', id: 'i-far', tags: mine, vpc: 'vpc-2' },
  { kind: 'volume', id: 'vol', tags: mine },
] as const;

describe('destroy-machines', () => {
  it("ends every machine that is proven ours, also Terraform's, and nothing else; protection is taken off", async () => {
    const world = destroyWorld({
      things: machines,
      terraform: [{ address: 'aws_instance.one', type: 'aws_instance', id: 'i-1', tainted: false }],
    });
    expect(await specOf(destroyMachines).check(world.context, up)).toMatchObject({
      state: 'needed',
      because: '2 machines of ours run',
    });
    const output = await world.clock.drive(specOf(destroyMachines).apply(world.context, up));
    expect(output).toEqual({ terminated: ['i-1', 'i-2'] });
    expect([...world.there.keys()]).toEqual(['vpc vpc-1', 'instance i-hand', 'instance i-far', 'volume vol']);
    expect(world.audits.map(({ action }) => action).sort()).toEqual(['delete', 'delete', 'unprotect']);
    expect(world.clock.monotonic()).toBeLessThan(70_000);
    expect(await specOf(destroyMachines).check(world.context, up)).toMatchObject({ state: 'satisfied' });
  });

  it("leaves the machines of a user's own tree to its Terraform", async () => {
    const world = destroyWorld({ things: machines, ownTree: true });
    expect(await specOf(destroyMachines).check(world.context, up)).toMatchObject({ state: 'satisfied' });
    await specOf(destroyMachines).apply(world.context, up);
    expect(world.calls).toEqual([]);
  });
});
