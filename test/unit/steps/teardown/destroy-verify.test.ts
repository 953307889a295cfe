import { describe, expect, it } from 'vitest';
import { isPlatformError, type PlatformError } from '../../../../src/errors.ts';
import { destroyVerify } from '../../../../src/steps/teardown/destroy-verify.ts';
import { specOf } from '../../../helpers/fake-world.ts';
import { clusterId, destroyWorld, ours } from './destroy-world.ts';
import type { Thing } from './sweep-world.ts';

const up = { inventory: { clusterId } };
const mine = ours(destroyWorld({ things: [] }).environment);
/** What was removed beside the Terraform state. */
const ofState = (removed: readonly string[]) =>
  removed.filter((path) => path.startsWith('states/')).map((path) => path.split('/').at(-1));
const address: Thing = { kind: 'address', id: 'eipalloc-1', name: 'k8s-master', tags: mine };
const snapshot: Thing = { kind: 'snapshot', id: 'snap-1', tags: mine };
const entry = { kind: 'volume', id: 'vol-1', unique: {}, step: 'destroy-inventory' };

describe('destroy-verify', () => {
  it('with nothing of ours left: the cluster id and the records beside the state are removed, the id first', async () => {
    const world = destroyWorld({ things: [{ kind: 'volume', id: 'theirs' }], ledger: [entry] });
    expect(await specOf(destroyVerify).check(world.context, up)).toMatchObject({ state: 'needed' });
    expect(await specOf(destroyVerify).apply(world.context, up)).toEqual({ removed: 1, kept: [] });
    expect(ofState(world.removed)).toEqual(['identity.json', 'known_hosts', 'ledger.ndjson']);
    expect(world.audits.map(({ action }) => action)).toEqual(['delete', 'delete', 'delete']);
    expect(destroyVerify.spec.closesEpoch).toBe(true);
  });

  it('killed after the id was removed, it looks again and ends; afterwards there is nothing to do', async () => {
    const world = destroyWorld({ things: [], ledger: [entry], built: false });
    expect(await specOf(destroyVerify).check(world.context, up)).toMatchObject({ state: 'needed' });
    expect(await specOf(destroyVerify).apply(world.context, up)).toMatchObject({ kept: [] });
    expect(ofState(world.removed)).toEqual([]);
    const clean = destroyWorld({ things: [], built: false });
    expect(await specOf(destroyVerify).check(clean.context, up)).toMatchObject({ state: 'satisfied' });
  });

  it('what a listing that lags behind still shows is looked at again', async () => {
    const world = destroyWorld({ things: [{ kind: 'vpc', id: 'vpc-1', tags: mine }] });
    world.clock.at(7000, () => world.drop({ kind: 'vpc', id: 'vpc-1' }));
    expect(await world.clock.drive(specOf(destroyVerify).apply(world.context, up))).toMatchObject({ kept: [] });
  });

  it('anything of ours that is left is named with its chain and the next action, and the id is kept', async () => {
    const world = destroyWorld({
      things: [
        { kind: 'vpc', id: 'vpc-1', tags: mine },
        { kind: 'network-interface', id: 'eni-1', vpc: 'vpc-1', holds: [{ kind: 'vpc', id: 'vpc-1' }] },
        address,
      ],
    });
    const error = (await world.clock
      .drive(specOf(destroyVerify).apply(world.context, up))
      .catch((thrown: unknown) => thrown)) as PlatformError;
    expect(isPlatformError(error) && error.code).toBe('LEFTOVERS');
    expect(error.message).toContain('2 things of demo-dev-ab1c2 left after the teardown');
    expect(error.message).toContain('VPC vpc-1: vpc-1 <- eni-1');
    expect(error.message).toContain('k8s-master (eipalloc-1)');
    expect(error.next.join('\n')).toMatch(/owner of network interface eni-1[\s\S]*run the same command again/);
    expect(ofState(world.removed)).toEqual([]);
  });

  it('two networks with our id and no record of either: both are named, and the id is kept', async () => {
    const things: Thing[] = [
      { kind: 'vpc', id: 'vpc-1', tags: mine },
      { kind: 'vpc', id: 'vpc-2', tags: mine },
      { kind: 'subnet', id: 'subnet-1', vpc: 'vpc-1', tags: mine, holds: [{ kind: 'vpc', id: 'vpc-1' }] },
    ];
    const world = destroyWorld({ things });
    const verify = () => world.clock.drive(specOf(destroyVerify).apply(world.context, up));
    await expect(verify()).rejects.toMatchObject({
      code: 'LEFTOVERS',
      message: expect.stringMatching(/vpc-1 .*vpc-2.*and 1 more/),
      facts: { resources: expect.stringContaining('subnet subnet-1') },
    });
    expect(ofState(world.removed)).toEqual([]);
  });

  it('a network with our id beside the recorded one, which is gone, is not our affair', async () => {
    const recorded = { kind: 'vpc', id: 'vpc-1', unique: {}, step: 'infrastructure' };
    const world = destroyWorld({ things: [{ kind: 'vpc', id: 'vpc-2', tags: mine }], ledger: [recorded] });
    expect(await specOf(destroyVerify).apply(world.context, up)).toMatchObject({ kept: [] });
    expect(ofState(world.removed)).toContain('identity.json');
  });

  it('what bears our id, and what nothing proves ours, is named before the id is forgotten', async () => {
    const things: Thing[] = [
      { kind: 'address', id: 'eipalloc-9', tags: { ...mine, 'kubernetes.io/cluster/other': 'owned' } },
      { kind: 'volume', id: 'theirs', tags: { 'kubernetes.io/cluster/other': 'owned' } },
    ];
    const recorded = { kind: 'vpc', id: 'vpc-1', unique: {}, step: 'infrastructure' };
    const world = destroyWorld({ things, ledger: [recorded] });
    const notes: string[] = [];
    await specOf(destroyVerify).apply({ ...world.context, note: (text: string) => void notes.push(text) }, up);
    expect(notes.filter((text) => text.startsWith('left alone'))).toEqual([
      expect.stringMatching(/eipalloc-9 .*; if it is, delete it by hand$/),
    ]);
    expect(ofState(world.removed)).toContain('identity.json');
  });

  it.each([
    ['half of a rebuild', { rebuild: true }, []],
    ['the foundation kept', { keepFoundation: true }, ['address k8s-master (eipalloc-1): --keep foundation']],
    ['data kept', {}, ['snapshot snap-1: data: --delete-data was not given']],
  ] as const)('%s: the id stays, what is kept is said', async (_name, choices, kept) => {
    const things = kept.length === 0 ? [] : [kept[0].startsWith('snapshot') ? snapshot : address];
    const world = destroyWorld({ things, choices });
    expect(await specOf(destroyVerify).apply(world.context, up)).toMatchObject({ kept });
    expect(ofState(world.removed)).toEqual([]);
    expect(world.objects.size).toBe(2);
  });
});
