import type { CloudReference, CloudResource } from '../../../src/tools/ports-estate.ts';
import type { MemoryAws } from './memory-aws.ts';
import { holdsOf, keyOf, referenceTo, type Thing } from './thing.ts';

export const ownerPrefix = '_platform-owner.';

/** A thing as a listing shows it: with what AWS works out from others (who uses a certificate, whose a record is, which gateway an address needs). */
export function shown(aws: MemoryAws, thing: Thing): CloudResource {
  const { truth: _, why: __, public: ___, serves: ____, ofAws: _____, objects, hostname, rules, ...seen } = thing;
  return {
    ...seen,
    tags: { ...thing.tags },
    unique: { ...thing.unique, ...(hostname === undefined ? {} : { hostname }) },
    holds: shownHolds(aws, thing),
    ...(rules === undefined ? {} : { rules: [...rules] }),
    ...(objects === undefined ? {} : { empty: objects === 0 }),
    ...workedOut(aws, thing),
  };
}

/** What an interface with a public address keeps from going beside its own. */
export function mappedGateways(aws: MemoryAws, thing: Thing): readonly CloudReference[] {
  if (thing.kind !== 'network-interface') return [];
  if (thing.public !== true && !thing.holds.some(({ kind }) => kind === 'address')) return [];
  return [...aws.of('internet-gateway').values()].filter(({ vpc }) => vpc === thing.vpc).map((one) => referenceTo(one));
}

function shownHolds(aws: MemoryAws, thing: Thing): readonly CloudReference[] {
  const all = [...holdsOf(thing), ...mappedGateways(aws, thing)].filter(
    ({ id }) => !id.startsWith('arn:aws:iam::aws:'),
  );
  const owner = thing.kind === 'dns-record' ? ownerOf(aws, thing) : undefined;
  if (owner !== undefined && owner !== thing) all.push(referenceTo(owner));
  return [...new Map(all.map((one) => [keyOf(one), one])).values()];
}

function workedOut(aws: MemoryAws, thing: Thing): Partial<CloudResource> {
  switch (thing.kind) {
    case 'address':
      return { state: aws.holdersOf(thing).length > 0 ? 'associated' : 'free' };
    case 'load-balancer':
      return { protected: thing.protected ?? false };
    case 'certificate': {
      const users = aws.holdersOf(thing).map(({ id }) => id);
      return users.length === 0 ? {} : { description: `in use by ${users.join(', ')}` };
    }
    case 'dns-record': {
      const text = ownerText(aws, thing);
      const isProven = text !== undefined && thing.record?.type !== 'CNAME';
      return isProven
        ? {
            tags: { 'platform/dns-owner': text },
            unique: { owner: /platform\/cluster=([^,]+)/.exec(text)?.[1] ?? text },
          }
        : {};
    }
    default:
      return {};
  }
}

const hostOf = ({ name }: Thing): string => (name.startsWith(ownerPrefix) ? name.slice(ownerPrefix.length) : name);

/** The record that says whose a name is. */
function ownerOf(aws: MemoryAws, thing: Thing): Thing | undefined {
  const [zone = ''] = thing.id.split('/');
  return aws.find('dns-record', `${zone}/TXT/${ownerPrefix}${hostOf(thing)}`);
}

export function ownerText(aws: MemoryAws, thing: Thing): string | undefined {
  return ownerOf(aws, thing)
    ?.record?.values?.map((value) => value.replaceAll('"', ''))
    .join(',');
}
