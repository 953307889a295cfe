import { describe, expect, test } from 'vitest';
import { held, idsOf, one, refusalOf, tagsOf } from './ask.ts';
import type { MakeEstate, SeededEstate } from './estate-seed.ts';

/** Instances and what they hold: free only when the machine is really terminated. */
export function machineContract(make: MakeEstate): void {
  const withMachine = async (made: SeededEstate) => {
    const { cluster, seed } = made;
    const vpc = await seed.vpc(tagsOf(cluster));
    const subnet = await seed.subnet(vpc, tagsOf(cluster));
    const group = await seed.group(vpc, 'nodes', tagsOf(cluster));
    const volume = await seed.volume(tagsOf(cluster));
    const instance = await seed.instance({ subnet, groups: [group], tags: tagsOf(cluster), volumes: [volume] });
    return { vpc, subnet, group, volume, instance, more: { vpcs: [vpc] } };
  };

  describe('machines', () => {
    test('an instance holds its volumes, interfaces, groups and subnet', async () => {
      const made = await make();
      const { subnet, group, volume, instance, more } = await withMachine(made);
      const found = await one(made, 'instance', instance);
      expect(found).toMatchObject({ state: 'running', phase: 'live' });
      expect(held(found, 'volume')).toContain(volume);
      expect(held(found, 'security-group')).toEqual([group]);
      expect(held(found, 'subnet')).toEqual([subnet]);
      const [own = ''] = await idsOf(made, 'network-interface', more);
      expect(held(found, 'network-interface')).toEqual([own]);
      const primary = await one(made, 'network-interface', own, more);
      expect(primary.diesWith).toEqual({ kind: 'instance', id: instance });
      expect(primary.managedBy).toBeUndefined();
      expect((await one(made, 'volume', volume)).diesWith).toBeUndefined();
    });

    test('what it holds is refused while it lives and while it ends, and free when it is terminated', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { subnet, group, volume, instance, more } = await withMachine(made);
      const parts = {
        volume: await one(made, 'volume', volume),
        group: await one(made, 'security-group', group, more),
        subnet: await one(made, 'subnet', subnet, more),
      };
      const refusals = async () => [
        await refusalOf(estate.remove(parts.volume)),
        await refusalOf(estate.remove(parts.group)),
        await refusalOf(estate.remove(parts.subnet)),
      ];
      const all = ['VolumeInUse: not-yet', 'DependencyViolation: not-yet', 'DependencyViolation: not-yet'];
      expect(await refusals()).toEqual(all);
      await estate.remove(await one(made, 'instance', instance));
      expect(await one(made, 'instance', instance)).toMatchObject({ phase: 'going' });
      expect(await refusals()).toEqual(all);
      await seed.pass();
      const after = (await estate.list('instance', { cluster: made.cluster, vpcs: [], recorded: {} })).filter(
        ({ phase }) => phase !== 'gone',
      );
      expect(after).toEqual([]);
      expect(await refusals()).toEqual(['not refused', 'not refused', 'not refused']);
      expect(await idsOf(made, 'network-interface', more)).toEqual([]);
      expect(await idsOf(made, 'volume')).toEqual([]);
    });

    test('an ended instance that is still listed is gone and holds nothing', async () => {
      const made = await make();
      const { instance } = await withMachine(made);
      await made.estate.remove(await one(made, 'instance', instance));
      await made.seed.pass();
      const [found] = await made.estate.list('instance', {
        cluster: made.cluster,
        vpcs: [],
        recorded: { instance: [instance] },
      });
      if (found !== undefined) expect(found).toMatchObject({ state: 'terminated', phase: 'gone', holds: [] });
    });

    test('termination protection refuses, and is turned off only when told', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const subnet = await seed.subnet(await seed.vpc());
      const instance = await seed.instance({ subnet, tags: tagsOf(cluster), protected: true });
      const found = await one(made, 'instance', instance);
      expect(await refusalOf(estate.remove(found))).toBe('OperationNotPermitted: protected');
      expect(await one(made, 'instance', instance)).toMatchObject({ phase: 'live' });
      await estate.remove(found, { unprotect: true });
      expect(await one(made, 'instance', instance)).toMatchObject({ phase: 'going' });
    });

    test('removing again what is gone is fine', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const vpc = await seed.vpc(tagsOf(cluster));
      const subnet = await seed.subnet(vpc, tagsOf(cluster));
      const again = [
        ['volume', await seed.volume(tagsOf(cluster))],
        ['address', await seed.address(tagsOf(cluster))],
        ['key-pair', await seed.keyPair(`${cluster}-key`)],
        ['network-interface', await seed.networkInterface({ subnet, tags: tagsOf(cluster) })],
        ['security-group', await seed.group(vpc, 'one', tagsOf(cluster))],
        ['route-table', await seed.routeTable(vpc, tagsOf(cluster))],
        ['internet-gateway', await seed.internetGateway(vpc, tagsOf(cluster))],
        ['subnet', subnet],
        ['vpc', vpc],
      ] as const;
      for (const [kind, id] of again) {
        const found = await one(made, kind, id);
        await estate.remove(found);
        await estate.remove(found);
        expect(await idsOf(made, kind)).toEqual([]);
      }
    });

    test('a snapshot goes by itself, its volume too', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const volume = await seed.volume(tagsOf(cluster));
      const snapshot = await seed.snapshot(volume, tagsOf(cluster));
      await estate.remove(await one(made, 'volume', volume));
      await estate.remove(await one(made, 'snapshot', snapshot));
      expect(await idsOf(made, 'snapshot')).toEqual([]);
    });

    test('facts tell a later namesake apart', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      await seed.keyPair(`${cluster}-key`);
      const first = await one(made, 'key-pair', `${cluster}-key`);
      await estate.remove(first);
      await seed.keyPair(`${cluster}-key`);
      const second = await one(made, 'key-pair', `${cluster}-key`);
      expect(second.unique['keyPairId']).not.toBe(first.unique['keyPairId']);
      await estate.remove(first);
      expect(await idsOf(made, 'key-pair')).toEqual([`${cluster}-key`]);
    });
  });
}
