import { describe, expect, test } from 'vitest';
import { held, idsOf, one, refusalOf, tagsOf } from './ask.ts';
import type { MakeEstate, SeededEstate } from './estate-seed.ts';

/** Load balancers, their target groups, certificates and the interfaces that outlive them. */
export function balancerContract(make: MakeEstate): void {
  const withBalancer = async (made: SeededEstate, locked = false) => {
    const { cluster, domain, seed } = made;
    const vpc = await seed.vpc(tagsOf(cluster));
    const subnets = [await seed.subnet(vpc, tagsOf(cluster)), await seed.subnet(vpc, tagsOf(cluster))];
    const group = await seed.group(vpc, 'k8s-elb');
    const target = await seed.targetGroup(vpc, `t-${cluster}`.slice(0, 32), { 'elbv2.k8s.aws/cluster': cluster });
    const certificate = await seed.certificate(domain, tagsOf(cluster));
    const balancer = await seed.loadBalancer({
      name: `k8s-${cluster}`.slice(0, 32),
      subnets,
      groups: [group],
      tags: { 'elbv2.k8s.aws/cluster': cluster },
      targetGroups: [target],
      certificate,
      protected: locked,
    });
    return { vpc, subnets, group, target, certificate, balancer, more: { vpcs: [vpc], domain } };
  };

  describe('load balancers', () => {
    test('one holds its groups, subnets, target groups and certificates', async () => {
      const made = await make();
      const { vpc, subnets, group, target, certificate, balancer, more } = await withBalancer(made);
      const found = await one(made, 'load-balancer', balancer, more);
      expect(found).toMatchObject({ vpc, protected: false, tags: { 'elbv2.k8s.aws/cluster': made.cluster } });
      expect(held(found, 'subnet')).toEqual(subnets.sort());
      expect(held(found, 'security-group')).toEqual([group]);
      expect(held(found, 'target-group')).toEqual([target]);
      expect(held(found, 'certificate')).toEqual([certificate]);
    });

    test('is found by its mark where no VPC is recorded, and by record', async () => {
      const made = await make();
      const { target, balancer } = await withBalancer(made);
      expect(await idsOf(made, 'load-balancer')).toEqual([balancer]);
      const recorded = { 'load-balancer': [balancer], 'target-group': [target] };
      expect(await idsOf(made, 'load-balancer', { recorded })).toEqual([balancer]);
      expect(await idsOf(made, 'target-group', { recorded })).toEqual([target]);
    });

    test('one made by hand in our VPC is listed, one of another VPC is not', async () => {
      const made = await make();
      const { cluster, seed } = made;
      const { subnets, balancer, more } = await withBalancer(made);
      const byHand = await seed.loadBalancer({ name: `hand-${cluster}`.slice(0, 32), subnets });
      const other = await seed.vpc();
      const places = [await seed.subnet(other), await seed.subnet(other)];
      await seed.loadBalancer({ name: `x-${cluster}`.slice(0, 32), subnets: places });
      await seed.targetGroup(other, `x-${cluster}`.slice(0, 32));
      expect(await idsOf(made, 'load-balancer', more)).toEqual([balancer, byHand].sort());
      expect((await idsOf(made, 'target-group', more)).length).toBe(1);
    });

    test('what it holds is refused while it stands', async () => {
      const made = await make();
      const { estate } = made;
      const { subnets, group, target, certificate, balancer, more } = await withBalancer(made);
      expect(await refusalOf(estate.remove(await one(made, 'target-group', target, more)))).toBe(
        'ResourceInUse: not-yet',
      );
      const issued = await one(made, 'certificate', certificate, more);
      expect(issued.description).toContain(balancer);
      expect(await refusalOf(estate.remove(issued))).toBe('ResourceInUse: not-yet');
      for (const part of [
        await one(made, 'security-group', group, more),
        await one(made, 'subnet', subnets[0] ?? '', more),
      ])
        expect(await refusalOf(estate.remove(part))).toBe('DependencyViolation: not-yet');
    });

    test('its interfaces belong to the service, name it as their parent, outlive it, and then vanish', async () => {
      const made = await make();
      const { estate, seed } = made;
      const { subnets, group, target, certificate, balancer, more } = await withBalancer(made);
      const interfaces = await idsOf(made, 'network-interface', more);
      expect(interfaces.length).toBe(2);
      const [first = ''] = interfaces;
      const lingering = await one(made, 'network-interface', first, more);
      expect(lingering).toMatchObject({ managedBy: 'amazon-elb', diesWith: { kind: 'load-balancer', id: balancer } });
      expect(held(lingering, 'security-group')).toEqual([group]);
      expect(subnets).toContain(held(lingering, 'subnet')[0]);
      await expect(estate.remove(lingering)).rejects.toMatchObject({ code: 'FOREIGN' });

      await estate.remove(await one(made, 'load-balancer', balancer, more));
      expect(await idsOf(made, 'load-balancer', more)).toEqual([]);
      await estate.remove(await one(made, 'target-group', target, more));
      await estate.remove(await one(made, 'certificate', certificate, more));
      const left = await one(made, 'security-group', group, more);
      expect(await idsOf(made, 'network-interface', more)).toEqual(interfaces);
      expect(await refusalOf(estate.remove(left))).toBe('DependencyViolation: not-yet');
      await seed.pass();
      expect(await idsOf(made, 'network-interface', more)).toEqual([]);
      await estate.remove(left);
    });

    test('deletion protection refuses, and is turned off only when told', async () => {
      const made = await make();
      const { estate } = made;
      const { balancer, more } = await withBalancer(made, true);
      const found = await one(made, 'load-balancer', balancer, more);
      expect(found.protected).toBe(true);
      expect(await refusalOf(estate.remove(found))).toBe('OperationNotPermitted: protected');
      expect(await idsOf(made, 'load-balancer', more)).toEqual([balancer]);
      // It was locked after it had been listed.
      await estate.remove({ ...found, protected: false }, { unprotect: true });
      expect(await idsOf(made, 'load-balancer', more)).toEqual([]);
      await estate.remove(found, { unprotect: true });
    });
  });
}
