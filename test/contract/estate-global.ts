import { describe, expect, test } from 'vitest';
import { held, idsOf, one, refusalOf, tagsOf } from './ask.ts';
import type { MakeEstate } from './estate-seed.ts';

/** IAM, certificates, DNS and buckets. */
export function globalContract(make: MakeEstate): void {
  describe('IAM', () => {
    test('a profile holds its role, a role its own policies but not those of AWS', async () => {
      const made = await make();
      const { cluster, seed } = made;
      const policy = await seed.policy(`${cluster}-data`, { tags: tagsOf(cluster) });
      const aws = 'arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore';
      const role = await seed.role(`${cluster}-node`, {
        tags: tagsOf(cluster),
        attached: [policy, aws],
        inline: ['s3'],
      });
      const profile = await seed.instanceProfile(`${cluster}-node`, { tags: tagsOf(cluster), roles: [role] });
      expect(await one(made, 'instance-profile', profile)).toMatchObject({
        tags: tagsOf(cluster),
        holds: [{ kind: 'role', id: role }],
      });
      const found = await one(made, 'role', role);
      expect(found).toMatchObject({ tags: tagsOf(cluster), holds: [{ kind: 'policy', id: policy }] });
      expect(found.unique['roleId']).toMatch(/^AROA/);
      expect(await one(made, 'policy', policy)).toMatchObject({ name: `${cluster}-data`, tags: tagsOf(cluster) });
    });

    test('a role goes with its attachments, inline policies and its place in a profile; then the rest is free', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const policy = await seed.policy(`${cluster}-data`, { versions: 3 });
      const role = await seed.role(`${cluster}-node`, { attached: [policy], inline: ['s3', 'ssm'] });
      const profile = await seed.instanceProfile(`${cluster}-node`, { roles: [role] });
      const attached = await one(made, 'policy', policy);
      expect(await refusalOf(estate.remove(attached))).toBe('DeleteConflict: not-yet');
      const [found, listed] = [await one(made, 'role', role), await one(made, 'instance-profile', profile)];
      await estate.remove(found);
      await estate.remove(found);
      expect(await idsOf(made, 'role')).toEqual([]);
      await estate.remove(listed);
      await estate.remove(listed);
      await estate.remove(attached);
      await estate.remove(attached);
      expect([...(await idsOf(made, 'instance-profile')), ...(await idsOf(made, 'policy'))]).toEqual([]);
    });

    test('a profile goes although it has a role, and the role stays', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const role = await seed.role(`${cluster}-node`);
      const profile = await seed.instanceProfile(`${cluster}-node`, { roles: [role] });
      await estate.remove(await one(made, 'instance-profile', profile));
      expect(await idsOf(made, 'role')).toEqual([role]);
    });

    test('roles of AWS itself are never listed, not even when recorded', async () => {
      const made = await make();
      const { cluster, seed } = made;
      const name = `AWSServiceRoleFor${cluster.replaceAll('-', '')}`;
      await seed.role(name, { tags: tagsOf(cluster), path: '/aws-service-role/elasticloadbalancing.amazonaws.com/' });
      const reserved = await seed.role(`${cluster}-sso`, { path: '/aws-reserved/sso.amazonaws.com/' });
      expect(await idsOf(made, 'role', { recorded: { role: [name, reserved] } })).toEqual([]);
    });
  });

  describe('certificates', () => {
    test('by mark among those of the domain, and by record; similar names are nothing', async () => {
      const made = await make();
      const { cluster, domain, seed } = made;
      const own = await seed.certificate(domain, tagsOf(cluster));
      const below = await seed.certificate(`*.dev.${domain}`, tagsOf(cluster));
      await seed.certificate(domain, tagsOf(`${cluster}x`));
      await seed.certificate(`my${domain}`, {});
      const recorded = await seed.certificate(`old.${cluster}.example.org`);
      expect(await idsOf(made, 'certificate', { domain, recorded: { certificate: [recorded] } })).toEqual(
        [own, below, recorded].sort(),
      );
      const found = await one(made, 'certificate', own, { domain });
      expect(found).toMatchObject({ name: domain, tags: tagsOf(cluster) });
      await made.estate.remove(found);
      await made.estate.remove(found);
      expect(await idsOf(made, 'certificate', { domain })).toEqual([below]);
    });
  });

  describe('DNS', () => {
    const owner = (cluster: string): string => `"heritage=platform,platform/cluster=${cluster}"`;

    test('records with our owner record, with its text; a record holds its owner record', async () => {
      const made = await make();
      const { cluster, domain, seed } = made;
      const zone = await seed.zone(domain);
      const alias = { name: `k8s.${cluster}.elb.amazonaws.com`, zone: 'ZWKZPGTI48KDX' };
      const a = await seed.record(zone, { name: `argocd.${domain}`, type: 'A', alias });
      const text = { type: 'TXT', ttl: 300 } as const;
      const own = await seed.record(zone, {
        name: `_platform-owner.argocd.${domain}`,
        ...text,
        values: [owner(cluster)],
      });
      await seed.record(zone, { name: `other.${domain}`, type: 'A', ttl: 60, values: ['203.0.113.7'] });
      await seed.record(zone, {
        name: `_platform-owner.other.${domain}`,
        ...text,
        values: [owner(`${cluster}x`)],
      });
      const found = await made.estate.list('dns-record', { cluster, vpcs: [], recorded: {}, domain });
      const ours = found.filter(({ tags }) => tags['platform/dns-owner'] === owner(cluster).replaceAll('"', ''));
      expect(ours.map(({ id }) => id).sort()).toEqual([a, own].sort());
      const record = await one(made, 'dns-record', a, { domain });
      expect(record.record).toEqual({ name: `argocd.${domain}`, type: 'A', alias });
      expect(held(record, 'dns-record')).toEqual([own]);
    });

    test('a recorded record is found without its owner record, and its owner text where it is another', async () => {
      const made = await make();
      const { domain, seed } = made;
      const zone = await seed.zone(domain);
      const bare = await seed.record(zone, { name: `a.${domain}`, type: 'A', ttl: 60, values: ['203.0.113.7'] });
      const taken = await seed.record(zone, { name: `b.${domain}`, type: 'A', ttl: 60, values: ['203.0.113.8'] });
      await seed.record(zone, {
        name: `_platform-owner.b.${domain}`,
        type: 'TXT',
        ttl: 300,
        values: [owner('another-one')],
      });
      const more = { domain, recorded: { 'dns-record': [bare, taken, `${zone}/A/nobody.${domain}`] } };
      expect(await one(made, 'dns-record', bare, more)).toMatchObject({ tags: {}, holds: [] });
      expect((await one(made, 'dns-record', taken, more)).tags).toEqual({
        'platform/dns-owner': owner('another-one').replaceAll('"', ''),
      });
      expect(await idsOf(made, 'dns-record', more)).toContain(`${zone}/TXT/_platform-owner.b.${domain}`);
    });

    test('recorded records are found when no domain is configured any more, each with its owner record; nothing else is', async () => {
      const made = await make();
      const { cluster, domain, seed } = made;
      const zone = await seed.zone(domain);
      const text = { type: 'TXT', ttl: 300 } as const;
      const address = { type: 'A', ttl: 60, values: ['203.0.113.7'] } as const;
      const a = await seed.record(zone, { name: `argocd.${domain}`, ...address });
      const own = await seed.record(zone, {
        name: `_platform-owner.argocd.${domain}`,
        ...text,
        values: [owner(cluster)],
      });
      await seed.record(zone, { name: `other.${domain}`, ...address });
      const recorded = { 'dns-record': [a, own, `${zone}/A/gone.${domain}`, `Z0NOSUCHZONE/A/x.${domain}`] };
      expect(await idsOf(made, 'dns-record', { recorded })).toEqual([a, own].sort());
      expect(held(await one(made, 'dns-record', a, { recorded: { 'dns-record': [a] } }), 'dns-record')).toEqual([own]);
      expect(await idsOf(made, 'dns-record')).toEqual([]);
    });

    test('a wildcard record and a text record go, exactly as they were listed', async () => {
      const made = await make();
      const { cluster, domain, estate, seed } = made;
      const zone = await seed.zone(domain);
      const wild = await seed.record(zone, { name: `*.${domain}`, type: 'A', ttl: 60, values: ['203.0.113.7'] });
      const text = await seed.record(zone, {
        name: `_platform-owner.*.${domain}`,
        type: 'TXT',
        ttl: 300,
        values: [owner(cluster)],
      });
      for (const id of [wild, text]) {
        const found = await one(made, 'dns-record', id, { domain });
        await estate.remove(found);
        await estate.remove(found);
      }
      expect(await idsOf(made, 'dns-record', { domain })).toEqual([]);
    });

    test('a record that says something else by now stays', async () => {
      const made = await make();
      const { domain, estate, seed } = made;
      const zone = await seed.zone(domain);
      const id = await seed.record(zone, { name: `a.${domain}`, type: 'A', ttl: 60, values: ['203.0.113.7'] });
      const more = { domain, recorded: { 'dns-record': [id] } };
      const found = await one(made, 'dns-record', id, more);
      await seed.record(zone, { name: `a.${domain}`, type: 'A', ttl: 60, values: ['203.0.113.99'] });
      expect(await refusalOf(estate.remove(found))).toBe('InvalidChangeBatch: not-yet');
      expect((await one(made, 'dns-record', id, more)).record?.values).toEqual(['203.0.113.99']);
    });
  });

  describe('buckets', () => {
    test('an empty one goes, one with anything in it is refused without withData', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const [bare, full] = [`${cluster}-bare`, `${cluster}-full`];
      await seed.bucket(bare, { tags: tagsOf(cluster) });
      await seed.bucket(full, { tags: tagsOf(cluster), objects: ['a'] });
      expect(await one(made, 'bucket', bare)).toMatchObject({ empty: true, tags: tagsOf(cluster) });
      const found = await one(made, 'bucket', full);
      expect(found).toMatchObject({ empty: false });
      expect(await refusalOf(estate.remove(found))).toBe('BucketNotEmpty: not-yet');
      const first = await one(made, 'bucket', bare);
      await estate.remove(first);
      await estate.remove(first);
      expect(await idsOf(made, 'bucket')).toEqual([full]);
    });

    test('versions, delete markers and unfinished uploads go with the data', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      const name = `${cluster}-data`;
      const wanted = { versioned: true, objects: ['a', 'a', 'b'], deleted: ['c'], uploads: ['d'] };
      await seed.bucket(name, wanted);
      const notes: string[] = [];
      await estate.remove(await one(made, 'bucket', name), { withData: true, note: (text) => notes.push(text) });
      expect(await idsOf(made, 'bucket')).toEqual([]);
      expect(notes.join('\n')).toContain(name);
    });

    test('one with only delete markers is not empty', async () => {
      const made = await make();
      const { cluster, estate, seed } = made;
      await seed.bucket(`${cluster}-data`, { versioned: true, deleted: ['c'] });
      await seed.bucket(`tf-${cluster}`, {});
      const found = await one(made, 'bucket', `${cluster}-data`);
      expect(found.empty).toBe(false);
      expect(await refusalOf(estate.remove(found))).toBe('BucketNotEmpty: not-yet');
      expect(await idsOf(made, 'bucket', { recorded: { bucket: [`tf-${cluster}`] } })).toEqual(
        [`${cluster}-data`, `tf-${cluster}`].sort(),
      );
    });
  });
}
