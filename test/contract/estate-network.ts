import { describe, expect, test } from 'vitest';
import { held, idsOf, one, refusalOf, tagsOf } from './ask.ts';
import type { MakeEstate, SeededEstate } from './estate-seed.ts';

/** The network: what stays while something depends on it. */
export function networkContract(make: MakeEstate): void {
  const withNetwork = async (made: SeededEstate) => {
    const { cluster, seed } = made;
    const vpc = await seed.vpc(tagsOf(cluster));
    const subnet = await seed.subnet(vpc, tagsOf(cluster));
    return { vpc, subnet, more: { vpcs: [vpc] } };
  };

  describe('network', () => {
    test('a VPC stays while anything stands in it: subnet, group, gateway, table', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { vpc, subnet, more } = await withNetwork(made);
      const group = await seed.group(vpc, 'nodes');
      const gateway = await seed.internetGateway(vpc);
      const table = await seed.routeTable(vpc);
      const whole = await one(made, 'vpc', vpc);
      const parts = [
        await one(made, 'subnet', subnet, more),
        await one(made, 'security-group', group, more),
        await one(made, 'internet-gateway', gateway, more),
        await one(made, 'route-table', table, more),
      ];
      for (const part of parts) {
        expect(held(part, 'vpc')).toEqual([vpc]);
        expect(await refusalOf(estate.remove(whole))).toBe('DependencyViolation: not-yet');
        await estate.remove(part);
      }
      await estate.remove(whole);
      expect(await idsOf(made, 'vpc', more)).toEqual([]);
      for (const kind of ['security-group', 'route-table', 'subnet', 'internet-gateway'] as const)
        expect(await idsOf(made, kind, more)).toEqual([]);
    });

    test('default group and main table die with the VPC, and refuse to go alone', async () => {
      const made = await make();
      const { vpc, more } = await withNetwork(made);
      const [group, table] = [
        (await made.estate.list('security-group', { cluster: made.cluster, recorded: {}, ...more }))[0],
        (await made.estate.list('route-table', { cluster: made.cluster, recorded: {}, ...more }))[0],
      ];
      expect(group).toMatchObject({ name: 'default', diesWith: { kind: 'vpc', id: vpc } });
      expect(table).toMatchObject({ diesWith: { kind: 'vpc', id: vpc } });
      if (group === undefined || table === undefined) throw new Error('a VPC is born with both');
      expect(await refusalOf(made.estate.remove(group))).toBe('CannotDelete: failed');
      expect(await refusalOf(made.estate.remove(table))).toBe('DependencyViolation: not-yet');
    });

    test('an interface holds its subnet and groups, and goes when it is free', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { vpc, subnet, more } = await withNetwork(made);
      const group = await seed.group(vpc, 'nodes');
      const id = await seed.networkInterface({ subnet, groups: [group], description: 'by hand' });
      const found = await one(made, 'network-interface', id, more);
      expect(found).toMatchObject({ state: 'available', description: 'by hand' });
      expect(found.managedBy ?? found.diesWith).toBeUndefined();
      expect([held(found, 'subnet'), held(found, 'security-group')]).toEqual([[subnet], [group]]);
      const parts = [await one(made, 'subnet', subnet, more), await one(made, 'security-group', group, more)];
      for (const part of parts) expect(await refusalOf(estate.remove(part))).toBe('DependencyViolation: not-yet');
      await estate.remove(found);
      for (const part of parts) expect(await refusalOf(estate.remove(part))).toBe('not refused');
    });

    test('an interface that is attached stays', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { subnet, more } = await withNetwork(made);
      const instance = await seed.instance({ subnet });
      const second = await seed.networkInterface({ subnet, attachedTo: instance });
      const found = await one(made, 'network-interface', second, more);
      expect(await refusalOf(estate.remove(found))).toBe('InvalidParameterValue: not-yet');
      expect(held(await one(made, 'instance', instance, more), 'network-interface')).toContain(second);
    });

    test('a group that another names stays until the rule is revoked, and only that rule goes', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const { vpc, more } = await withNetwork(made);
      const nodes = await seed.group(vpc, 'nodes', tagsOf(cluster));
      const balancer = await seed.group(vpc, 'k8s-traffic', { 'elbv2.k8s.aws/cluster': cluster });
      const label = 'elbv2.k8s.aws/targetGroupBinding=shared';
      const rule = await seed.rule(nodes, { peer: balancer, description: label, tags: { by: 'controller' } });
      const staying = await seed.rule(nodes, { port: 22 });
      const own = await seed.rule(nodes, { peer: nodes, port: 10_250 });
      const leaving = await seed.rule(nodes, { peer: balancer, direction: 'egress', port: 9443 });

      const holder = await one(made, 'security-group', nodes, more);
      expect(held(holder, 'security-group')).toEqual([balancer]);
      expect(holder.rules?.find(({ id }) => id === rule)).toEqual({
        id: rule,
        direction: 'ingress',
        description: label,
        tags: { by: 'controller' },
        peer: balancer,
      });
      expect(holder.rules?.find(({ id }) => id === staying)?.peer).toBeUndefined();
      const target = await one(made, 'security-group', balancer, more);
      expect(await refusalOf(estate.remove(target))).toBe('DependencyViolation: not-yet');
      const those = holder.rules?.filter(({ peer }) => peer === balancer) ?? [];
      expect(those.map(({ id }) => id).sort()).toEqual([rule, leaving].sort());
      await estate.revoke(nodes, those);
      await estate.revoke(nodes, those);
      await estate.remove(target);
      const left = (await one(made, 'security-group', nodes, more)).rules?.map(({ id }) => id) ?? [];
      expect(left).toEqual(expect.arrayContaining([staying, own]));
      expect(left).not.toContain(rule);
      await estate.remove(holder);
    });

    test('of several rules those that are still there are revoked, although one is not', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { vpc, more } = await withNetwork(made);
      const [nodes, peer] = [await seed.group(vpc, 'nodes'), await seed.group(vpc, 'peer')];
      for (const port of [1, 2, 3]) await seed.rule(nodes, { peer, port });
      const rules = (await one(made, 'security-group', nodes, more)).rules?.filter((rule) => rule.peer === peer) ?? [];
      await estate.revoke(nodes, rules.slice(0, 1));
      await estate.revoke(nodes, rules);
      expect(held(await one(made, 'security-group', nodes, more), 'security-group')).toEqual([]);
    });

    test('a group that names itself goes', async () => {
      const made = await make();
      const { vpc, more } = await withNetwork(made);
      const group = await made.seed.group(vpc, 'nodes');
      await made.seed.rule(group, { peer: group });
      await made.estate.remove(await one(made, 'security-group', group, more));
      expect(await idsOf(made, 'security-group', more)).not.toContain(group);
    });

    test('a gateway stays while a public address is mapped behind it', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const { subnet, vpc, more } = await withNetwork(made);
      const gateway = await seed.internetGateway(vpc, tagsOf(cluster));
      const instance = await seed.instance({ subnet, tags: tagsOf(cluster) });
      const address = await seed.address(tagsOf(cluster), { instance });
      const found = await one(made, 'internet-gateway', gateway, more);
      expect(await refusalOf(estate.remove(found))).toBe('DependencyViolation: not-yet');
      const [own = ''] = await idsOf(made, 'network-interface', more);
      const holder = await one(made, 'network-interface', own, more);
      expect([held(holder, 'internet-gateway'), held(holder, 'address')]).toEqual([[gateway], [address]]);
      await estate.remove(await one(made, 'address', address));
      await estate.remove(found);
      expect(await idsOf(made, 'internet-gateway', more)).toEqual([]);
    });

    test('an address that is in use is taken off and released; it is free once the machine is terminated', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const { subnet } = await withNetwork(made);
      const [one1, two] = [
        await seed.instance({ subnet, tags: tagsOf(cluster) }),
        await seed.instance({ subnet, tags: tagsOf(cluster) }),
      ];
      const [bound, freed] = [
        await seed.address(tagsOf(cluster), { instance: one1 }),
        await seed.address(tagsOf(cluster), { instance: two }),
      ];
      await estate.remove(await one(made, 'address', bound));
      expect(await idsOf(made, 'address')).toEqual([freed]);
      await estate.remove(await one(made, 'instance', two));
      await seed.pass();
      expect(await one(made, 'address', freed)).toMatchObject({ state: 'free' });
    });

    test('a subnet holds its route table; a table that is still bound is unbound first', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { vpc, subnet, more } = await withNetwork(made);
      const table = await seed.routeTable(vpc, {}, [subnet]);
      expect(held(await one(made, 'subnet', subnet, more), 'route-table')).toEqual([table]);
      await estate.remove(await one(made, 'route-table', table, more));
      expect(await idsOf(made, 'route-table', more)).not.toContain(table);
    });
  });
}
