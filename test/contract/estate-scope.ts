import { describe, expect, test } from 'vitest';
import { idsOf, one, scopeOf, tagsOf } from './ask.ts';
import type { MakeEstate } from './estate-seed.ts';

/** Which names lead to a resource, and that nothing else is brought along. */
export function scopeContract(make: MakeEstate): void {
  describe('what a scope finds', () => {
    test('by each of the marks, whatever the value of the controllers key', async () => {
      const made = await make();
      const { cluster, seed } = made;
      const marked = [
        await seed.volume(tagsOf(cluster)),
        await seed.volume({ [`kubernetes.io/cluster/${cluster}`]: 'owned' }),
        await seed.volume({ [`kubernetes.io/cluster/${cluster}`]: 'shared' }),
      ];
      await seed.volume({});
      await seed.volume(tagsOf(`${cluster}x`));
      await seed.volume({ 'ebs.csi.aws.com/cluster': 'true' });
      await seed.volume({ [`kubernetes.io/cluster/${cluster}x`]: 'owned' });
      expect(await idsOf(made, 'volume')).toEqual(marked.sort());
    });

    test('by recorded id, where nothing else leads to it; an id that is not there is no error', async () => {
      const made = await make();
      const volume = await made.seed.volume({});
      const vpc = await made.seed.vpc();
      const group = await made.seed.group(vpc, 'by-hand');
      const recorded = {
        volume: [volume, 'vol-0000000000000dead'],
        'security-group': [group, 'sg-0000000000000dead'],
        instance: ['i-0000000000000dead'],
        'load-balancer': [
          'arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/nobody/0123456789abcdef',
        ],
        role: ['nobody'],
        certificate: ['arn:aws:acm:ap-northeast-2:123456789012:certificate/00000000-0000-0000-0000-00000000dead'],
        bucket: ['nobody-has-this-bucket'],
      } as const;
      expect(await idsOf(made, 'volume', { recorded })).toEqual([volume]);
      expect(await idsOf(made, 'security-group', { recorded })).toEqual([group]);
      for (const kind of ['instance', 'load-balancer', 'role', 'certificate', 'bucket'] as const)
        expect(await idsOf(made, kind, { recorded })).toEqual([]);
    });

    test('everything in a recorded VPC, also what is foreign, and nothing of another VPC', async () => {
      const made = await make();
      const { cluster, seed } = made;
      const vpc = await seed.vpc(tagsOf(cluster));
      const other = await seed.vpc(tagsOf(`${cluster}x`));
      const [subnet, byHand] = [await seed.subnet(vpc, tagsOf(cluster)), await seed.subnet(vpc, { Name: 'by-hand' })];
      const elsewhere = await seed.subnet(other, tagsOf(`${cluster}x`));
      const foreign = await seed.instance({ subnet: byHand, tags: { Name: 'of a colleague' } });
      await seed.instance({ subnet: elsewhere });
      const interfaceByHand = await seed.networkInterface({ subnet: byHand });
      expect(await idsOf(made, 'vpc', { vpcs: [vpc] })).toEqual([vpc]);
      expect(await idsOf(made, 'subnet', { vpcs: [vpc] })).toEqual([subnet, byHand].sort());
      expect(await idsOf(made, 'instance', { vpcs: [vpc] })).toEqual([foreign]);
      expect(await idsOf(made, 'network-interface', { vpcs: [vpc] })).toContain(interfaceByHand);
      expect(await idsOf(made, 'vpc')).toEqual([vpc]);
      expect(await one(made, 'subnet', subnet, { vpcs: [vpc] })).toMatchObject({ vpc, tags: tagsOf(cluster) });
    });

    test('names of key pairs, roles, profiles, policies and buckets that begin with the id, and not with a longer one', async () => {
      const made = await make();
      const { cluster, seed } = made;
      for (const name of [`${cluster}-key`, `${cluster}x-key`]) await seed.keyPair(name);
      for (const name of [`${cluster}-node`, `${cluster}x-node`, `my-${cluster}-node`]) await seed.role(name);
      for (const name of [`${cluster}-node`, `${cluster}x-node`]) await seed.instanceProfile(name);
      const policy = await seed.policy(`${cluster}-data`);
      await seed.policy(`${cluster}x-data`);
      for (const name of [`${cluster}-data`, `${cluster}x-data`]) await seed.bucket(name);
      expect(await idsOf(made, 'key-pair')).toEqual([`${cluster}-key`]);
      expect(await idsOf(made, 'role')).toEqual([`${cluster}-node`]);
      expect(await idsOf(made, 'instance-profile')).toEqual([`${cluster}-node`]);
      expect(await idsOf(made, 'policy')).toEqual([policy]);
      expect(await idsOf(made, 'bucket')).toEqual([`${cluster}-data`]);
    });

    test('key pairs and addresses by tag and by record', async () => {
      const made = await make();
      const { cluster, seed } = made;
      await seed.keyPair(`${cluster}x-tagged`, tagsOf(cluster));
      await seed.keyPair(`${cluster}x-recorded`);
      await seed.keyPair(`${cluster}x-other`);
      const [tagged, recorded] = [await seed.address(tagsOf(cluster)), await seed.address()];
      await seed.address(tagsOf(`${cluster}x`));
      expect(await idsOf(made, 'key-pair', { recorded: { 'key-pair': [`${cluster}x-recorded`] } })).toEqual(
        [`${cluster}x-tagged`, `${cluster}x-recorded`].sort(),
      );
      expect(await idsOf(made, 'address', { recorded: { address: [recorded] } })).toEqual([tagged, recorded].sort());
    });

    test('nothing, in every kind, where nothing is ours', async () => {
      const made = await make();
      const kinds = ['instance', 'snapshot', 'target-group', 'load-balancer', 'route-table', 'dns-record'] as const;
      for (const kind of kinds) expect(await made.estate.list(kind, scopeOf(made))).toEqual([]);
    });
  });
}
