import { describe, expect, test } from 'vitest';
import { held, idsOf, one, refusalOf, tagsOf } from './ask.ts';
import type { MakeEstate } from './estate-seed.ts';

/** Kinds that platform never makes: named where they stand in a recorded VPC, never deleted. */
export function refusedContract(make: MakeEstate): void {
  describe('kinds that are refused', () => {
    test('a NAT gateway holds its interface, subnet and address', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const vpc = await seed.vpc(tagsOf(cluster));
      const subnet = await seed.subnet(vpc);
      const address = await seed.address(tagsOf(cluster));
      const gateway = await seed.natGateway(subnet, address);
      const more = { vpcs: [vpc] };
      const found = await one(made, 'nat-gateway', gateway, more);
      expect([held(found, 'subnet'), held(found, 'address')]).toEqual([[subnet], [address]]);
      const [own = ''] = await idsOf(made, 'network-interface', more);
      expect(held(found, 'network-interface')).toEqual([own]);
      expect(await one(made, 'network-interface', own, more)).toMatchObject({
        managedBy: 'nat',
        diesWith: { kind: 'nat-gateway', id: gateway },
      });
      expect(await refusalOf(estate.remove(await one(made, 'address', address)))).toBe('AuthFailure: not-yet');
      expect(await refusalOf(estate.remove(await one(made, 'subnet', subnet, more)))).toBe(
        'DependencyViolation: not-yet',
      );
      await expect(estate.remove(found)).rejects.toMatchObject({ code: 'FOREIGN' });
      expect(await idsOf(made, 'nat-gateway')).toEqual([]);
    });

    test('endpoint, peering, VPN gateway and network ACL are named in our VPC, and only there', async () => {
      const made = await make();
      const { estate, seed } = made;
      const [vpc, other] = [await seed.vpc(), await seed.vpc()];
      const subnet = await seed.subnet(vpc);
      const elsewhere = await seed.vpc();
      await seed.peering(other, elsewhere);
      await seed.networkAcl(other);
      const ids = {
        'vpc-endpoint': await seed.vpcEndpoint(vpc, [subnet]),
        'peering-connection': await seed.peering(other, vpc),
        'vpn-gateway': await seed.vpnGateway(vpc),
        'network-acl': await seed.networkAcl(vpc),
      } as const;
      for (const [kind, id] of Object.entries(ids) as [keyof typeof ids, string][]) {
        const found = await one(made, kind, id, { vpcs: [vpc] });
        expect(await idsOf(made, kind, { vpcs: [vpc] })).toEqual([id]);
        expect({ kind, holds: held(found, 'vpc').includes(vpc) }).toEqual({ kind, holds: true });
        await expect(estate.remove(found)).rejects.toMatchObject({ code: 'FOREIGN' });
      }
      const end = await one(made, 'vpc-endpoint', ids['vpc-endpoint'], { vpcs: [vpc] });
      expect(held(end, 'subnet')).toEqual([subnet]);
    });

    test('an Auto Scaling group is known from the tag of its machines, which it makes anew', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const vpc = await seed.vpc();
      const subnet = await seed.subnet(vpc);
      const tags = { ...tagsOf(cluster), 'aws:autoscaling:groupName': `${cluster}-pool` };
      const instance = await seed.instance({ subnet, tags });
      await seed.instance({ subnet });
      const found = await one(made, 'auto-scaling-group', `${cluster}-pool`, { vpcs: [vpc] });
      expect(found.holds).toEqual([{ kind: 'instance', id: instance }]);
      const member = await one(made, 'instance', instance);
      expect(member.managedBy).toBe('autoscaling');
      await expect(estate.remove(member)).rejects.toMatchObject({ code: 'FOREIGN' });
    });
  });
}
