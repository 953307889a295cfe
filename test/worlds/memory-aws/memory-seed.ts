import type { EstateSeed, SeededEstate } from '../../contract/estate-seed.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import type { EstateWriter } from '../../../src/tools/ports-estate.ts';
import { Random } from '../random.ts';
import { AccountMaker } from './maker.ts';
import { MemoryAws } from './memory-aws.ts';
import { referenceTo } from './thing.ts';

/** An account in memory for the contract suite; its clock is moved on by each call that waits, and by `pass`. */
export async function makeMemoryEstate(): Promise<SeededEstate> {
  const clock = new SimulatedClock();
  const aws = new MemoryAws(clock, new Random(1), { call: 0, termination: 1000, lingering: 1000, stale: 0 });
  const make = new AccountMaker(aws, { truth: 'ours', why: 'seeded' });
  const domain = 'example.dev';
  make.zone(domain);
  return { cluster: 'shop-test-a1b2c', estate: driven(aws.port('platform'), clock), seed: seedOf(aws, make), domain };
}

/** Calls take no time here, but still a turn of the clock. */
function driven(port: EstateWriter, clock: SimulatedClock): EstateWriter {
  const soon = async <T>(call: Promise<T>): Promise<T> => {
    const settled = call.finally(() => undefined);
    settled.catch(() => undefined);
    clock.at(clock.monotonic(), () => undefined);
    for (let turn = 0; turn < 8 && (await isPending(settled)); turn += 1) clock.advance();
    return settled;
  };
  return {
    list: (kind, scope) => soon(port.list(kind, scope)),
    remove: (resource, options) => soon(port.remove(resource, options)),
    revoke: (group, rules) => soon(port.revoke(group, rules)),
  };
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([promise.catch(() => undefined), turn])) === pending;
}

function seedOf(aws: MemoryAws, make: AccountMaker): EstateSeed {
  return {
    vpc: async (tags) => make.vpc(tags).id,
    subnet: async (vpc, tags) => make.inside('subnet', vpc, tags).id,
    instance: async (wanted) => make.instance(wanted).id,
    volume: async (tags, attachedTo) => {
      const volume = make.volume(tags);
      if (attachedTo !== undefined) make.attach(volume, attachedTo);
      return volume.id;
    },
    snapshot: async (_volume, tags = {}) => make.put('snapshot', { tags: { ...tags }, gigabytes: 8 }).id,
    group: async (vpc, name, tags) => make.group(vpc, name, tags).id,
    rule: async (group, wanted = {}) => {
      const { port: _, ...parts } = wanted;
      return make.rule(group, parts).id;
    },
    loadBalancer: async (wanted) => make.loadBalancer(wanted).id,
    targetGroup: async (vpc, name, tags = {}) => make.put('target-group', { name, vpc, tags: { ...tags } }).id,
    address: async (tags = {}, on) => {
      const address = make.put('address', { tags: { ...tags }, name: tags['Name'] ?? '' });
      if (on !== undefined)
        make.associate(
          address,
          'instance' in on
            ? { kind: 'instance', id: on.instance }
            : { kind: 'network-interface', id: on.networkInterface },
        );
      return address.id;
    },
    internetGateway: async (vpc, tags = {}) =>
      vpc === undefined
        ? make.put('internet-gateway', { tags: { ...tags } }).id
        : make.inside('internet-gateway', vpc, tags).id,
    routeTable: async (vpc, tags, subnets = []) => {
      const table = make.inside('route-table', vpc, tags);
      for (const id of subnets) {
        const subnet = aws.get('subnet', id);
        subnet.holds = [...subnet.holds, referenceTo(table)];
      }
      return table.id;
    },
    networkInterface: async ({ subnet, groups, tags, description, attachedTo }) => {
      const one = make.networkInterface(subnet, description === undefined ? {} : { description }, groups, tags);
      if (attachedTo !== undefined) make.attach(one, attachedTo);
      return one.id;
    },
    keyPair: async (name, tags = {}) => make.put('key-pair', { name, tags: { ...tags } }).id,
    role: async (name, { tags = {}, attached = [], path = '/' } = {}) =>
      make.put('role', {
        name,
        tags: { ...tags },
        holds: attached.map((id) => ({ kind: 'policy', id })),
        ofAws: path.startsWith('/aws-'),
      }).id,
    instanceProfile: async (name, { tags = {}, roles = [] } = {}) =>
      make.put('instance-profile', { name, tags: { ...tags }, holds: roles.map((id) => ({ kind: 'role', id })) }).id,
    policy: async (name, { tags = {} } = {}) => make.put('policy', { name, tags: { ...tags } }).id,
    certificate: async (domain, tags = {}) => make.put('certificate', { name: domain, tags: { ...tags } }).id,
    bucket: async (name, { tags = {}, objects = [], deleted = [], uploads = [] } = {}) =>
      make.put('bucket', { name, tags: { ...tags }, objects: objects.length + deleted.length + uploads.length }).id,
    zone: async (domain) => make.zone(domain),
    record: async (zone, record) => make.record(zone, record).id,
    natGateway: async (subnet, address, tags) => make.natGateway(subnet, address, tags).id,
    vpcEndpoint: async (vpc, subnets, tags) => make.endpoint(vpc, subnets, tags).id,
    peering: async (vpc, peer, tags) =>
      make.inside('peering-connection', vpc, tags, { holds: [{ kind: 'vpc', id: peer }] }).id,
    vpnGateway: async (vpc, tags) => make.inside('vpn-gateway', vpc, tags).id,
    networkAcl: async (vpc, tags) => make.inside('network-acl', vpc, tags).id,
    pass: async () => {
      const until = clock(aws) + 2000;
      const reached = { is: false };
      aws.clock.at(until, () => {
        reached.is = true;
      });
      while (!reached.is) aws.clock.advance();
    },
  };
}

const clock = (aws: MemoryAws): number => aws.clock.monotonic();
