import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEstate } from '../../src/tools/aws/estate/estate.ts';
import { refusedKinds, removableKinds } from '../../src/tools/ports-estate.ts';
import { estateContract } from '../contract/estate.ts';
import { balancerContract } from '../contract/estate-balancers.ts';
import { networkContract } from '../contract/estate-network.ts';
import { refusedContract } from '../contract/estate-refused.ts';
import { scopeContract } from '../contract/estate-scope.ts';
import type { MakeEstate, SeededEstate } from '../contract/estate-seed.ts';
import type { EstateScope } from '../../src/tools/ports-estate.ts';
import { look, sweep } from '../contract/naive-sweep.ts';
import { seedWholeEstate } from '../contract/whole-estate.ts';
import { type WireServer, startWireServer, wireRegion } from '../contract/wire-server.ts';
import { wireSeed } from '../contract/wire-seed.ts';
import { awsPython } from '../helpers/tool-caches.ts';

const reason =
  awsPython === undefined
    ? 'skipped: no Python with the requirements of the local AWS server; run `npm run setup`'
    : '';

describe.skipIf(reason !== '')(`estate adapter against the local AWS server ${reason}`, () => {
  let server: WireServer;
  let made = 0;

  beforeAll(async () => {
    server = await startWireServer();
  });

  afterAll(async () => {
    await server?.stop();
  });

  const make = (): Promise<SeededEstate> => {
    made += 1;
    const cluster = `acme-dev-${String(made).padStart(5, 'a')}`;
    const { endpoint, pass } = server;
    return Promise.resolve({
      cluster,
      domain: `${cluster}.example.com`,
      estate: openEstate({ region: wireRegion, endpoint }),
      seed: wireSeed(endpoint, wireRegion, pass),
    });
  };

  estateContract(make);

  // Where listings share what they ask; what is asked when something is deleted is the same.
  describe('in a look', () => {
    const looking: MakeEstate = async () => {
      const one = await make();
      const { estate } = one;
      return { ...one, estate: { ...estate, list: (kind, scope) => estate.list(kind, { ...scope, look: {} }) } };
    };
    scopeContract(looking);
    networkContract(looking);
    balancerContract(looking);
    refusedContract(looking);
  });

  /** Calls of the adapter while it does something. */
  const callsOf = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = (await server.calls(0)).at(-1)?.n ?? 0;
    await work();
    return (await server.calls(before)).map(({ service, action }) => `${service}:${action}`);
  };
  const everything = async (
    { estate, cluster, domain }: SeededEstate,
    vpcs: readonly string[],
    more: Partial<EstateScope> = {},
  ) => {
    const scope = { cluster, vpcs, domain, recorded: {}, ...more };
    const found = [];
    for (const kind of [...removableKinds, ...refusedKinds]) found.push(...(await estate.list(kind, scope)));
    return found;
  };

  describe('the whole of a platform', () => {
    test('is taken apart by its edges alone, without one refusal, in at most six calls for each thing', async () => {
      const one = await make();
      const vpc = await seedWholeEstate(one.seed, one.cluster, one.domain);
      const scope = { cluster: one.cluster, vpcs: [vpc], domain: one.domain, recorded: {} };
      const owned = (await look(one.estate, scope)).filter(({ diesWith }) => diesWith === undefined).length;
      let outcome: Awaited<ReturnType<typeof sweep>> | undefined;
      const calls = await callsOf(async () => {
        outcome = await sweep(one.estate, scope, server.pass);
      });
      expect(outcome).toMatchObject({ refused: [], left: [] });
      expect({ owned, calls: calls.length, enough: calls.length <= owned * 6 }).toMatchObject({ enough: true });
    });

    test('one look shows what a listing of each kind shows, in three quarters of the calls', async () => {
      const one = await make();
      const vpc = await seedWholeEstate(one.seed, one.cluster, one.domain);
      const found: unknown[] = [];
      const each = await callsOf(async () => found.push(await everything(one, [vpc])));
      const look = await callsOf(async () => found.push(await everything(one, [vpc], { look: {} })));
      expect(found[1]).toEqual(found[0]);
      expect(look.filter((call) => call === 'ec2:DescribeTags')).toHaveLength(1);
      expect({ each: each.length, look: look.length, few: look.length <= each.length * 0.75 }).toMatchObject({
        few: true,
      });
      // Without a VPC the marks alone lead to what is ours.
      expect(await everything(one, [], { look: {} })).toEqual(await everything(one, []));
    });

    test('a look at all kinds costs the same beside many things of others', async () => {
      const one = await make();
      const vpc = await seedWholeEstate(one.seed, one.cluster, one.domain);
      // The zone of a domain is looked up once.
      await one.estate.list('dns-record', { cluster: one.cluster, vpcs: [], domain: one.domain, recorded: {} });
      const alone = await callsOf(() => everything(one, [vpc]));
      const other = await one.seed.vpc({ 'platform/cluster': `${one.cluster}x` });
      const subnets = [await one.seed.subnet(other), await one.seed.subnet(other)];
      for (let number = 0; number < 25; number += 1) {
        const tags = { 'platform/cluster': `${one.cluster}x`, 'elbv2.k8s.aws/cluster': `${one.cluster}x` };
        await one.seed.volume(tags);
        await one.seed.group(other, `k8s-${number}`, tags);
        await one.seed.certificate(`x${one.domain}`, tags);
        await one.seed.role(`${one.cluster}x-${number}`, { tags });
        await one.seed.loadBalancer({ name: `k8s-x${made}-${number}`, subnets, tags });
        await one.seed.targetGroup(other, `k8s-x${made}-${number}`, tags);
      }
      const among = await callsOf(() => everything(one, [vpc]));
      expect(among.length).toBe(alone.length);
      expect(alone.length).toBeLessThanOrEqual(75);
    });
  });

  describe('what was given to others', () => {
    test('an address on a machine of theirs is not torn from it', async () => {
      const one = await make();
      const tags = { 'platform/cluster': one.cluster };
      const subnet = await one.seed.subnet(await one.seed.vpc());
      const theirs = [
        { instance: await one.seed.instance({ subnet, tags: { 'platform/cluster': `${one.cluster}x` } }) },
        { networkInterface: await one.seed.networkInterface({ subnet }) },
      ];
      for (const associatedWith of theirs) await one.seed.address(tags, associatedWith);
      const scope = { cluster: one.cluster, vpcs: [], recorded: {} };
      const addresses = await one.estate.list('address', scope);
      expect(addresses.map(({ description }) => description ?? '').sort()).toEqual(
        theirs.map((one) => `associated with ${Object.values(one)[0] ?? ''}`).sort(),
      );
      for (const address of addresses)
        await expect(one.estate.remove(address)).rejects.toMatchObject({ facts: { name: 'InvalidIPAddress.InUse' } });
      expect(await one.estate.list('address', scope)).toEqual(addresses);
    });

    test('a role in a profile of theirs stays, and the profile keeps it', async () => {
      const one = await make();
      const role = await one.seed.role(`${one.cluster}-node`, { tags: { 'platform/cluster': one.cluster } });
      await one.seed.instanceProfile(`theirs-${one.cluster}`, { roles: [role] });
      const scope = { cluster: one.cluster, vpcs: [], recorded: { 'instance-profile': [`theirs-${one.cluster}`] } };
      const [found] = await one.estate.list('role', scope);
      if (found === undefined) throw new Error('the role is not listed');
      await expect(one.estate.remove(found)).rejects.toMatchObject({ facts: { name: 'DeleteConflictException' } });
      const [profile] = await one.estate.list('instance-profile', scope);
      expect(profile?.holds).toEqual([{ kind: 'role', id: role }]);
    });
  });

  describe('faults', () => {
    const fault = (action: string, code: string, message: string, times = -1) =>
      server.control('POST', 'faults', { action, code, message, times });

    test('a listing that is denied or fails half way is an error, never "none"', async () => {
      const one = await make();
      await one.seed.volume({ 'platform/cluster': one.cluster });
      const scope = { cluster: one.cluster, vpcs: [], recorded: {} };
      try {
        await fault('ec2:DescribeVolumes', 'UnauthorizedOperation', 'You are not authorized');
        await expect(one.estate.list('volume', scope)).rejects.toMatchObject({
          code: 'AWS',
          facts: { name: 'UnauthorizedOperation', action: 'DescribeVolumes' },
        });
        await server.control('DELETE', 'faults');
        await fault('ec2:DescribeVolumes', 'RequestLimitExceeded', 'Request limit exceeded.');
        await expect(one.estate.list('volume', scope)).rejects.toMatchObject({ class: 'throttled' });
        await server.control('DELETE', 'faults');
        await fault('ec2:DescribeVolumes', 'ExpiredToken', 'The security token included in the request is expired');
        await expect(one.estate.list('volume', scope)).rejects.toMatchObject({ code: 'CREDENTIALS' });
      } finally {
        await server.control('DELETE', 'faults');
      }
      expect((await one.estate.list('volume', scope)).length).toBe(1);
    });

    test('a lost answer to a deletion that took effect is fine the next time', async () => {
      const one = await make();
      const id = await one.seed.volume({ 'platform/cluster': one.cluster });
      const scope = { cluster: one.cluster, vpcs: [], recorded: {} };
      const [volume] = await one.estate.list('volume', scope);
      if (volume === undefined) throw new Error(`${id} is not listed`);
      try {
        await server.control('POST', 'faults', {
          action: 'ec2:DeleteVolume',
          code: 'InternalError',
          message: 'An internal error has occurred',
          status: 500,
          when: 'after',
          times: 1,
        });
        await one.estate.remove(volume);
      } finally {
        await server.control('DELETE', 'faults');
      }
      await one.estate.remove(volume);
      expect(await one.estate.list('volume', scope)).toEqual([]);
    });
  });
});
