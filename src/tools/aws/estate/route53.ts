import type { ListResourceRecordSetsCommandInput, ResourceRecordSet } from '@aws-sdk/client-route-53';
import { PlatformError } from '../../../errors.ts';
import type { DnsRecord } from '../../ports-aws.ts';
import type { CloudResource, EstateScope } from '../../ports-estate.ts';
import type { Session } from '../session.ts';
import { ownershipTag, recordedIds } from './family.ts';
import type { Family } from './family.ts';
import { isGone, nameOf, orNothing } from './gone.ts';

/** Tag that carries the text of the owner record, for a record has no tags of its own. */
const dnsOwnerTag = 'platform/dns-owner';

const ownerPrefix = '_platform-owner.';

interface Listed {
  readonly zone: string;
  readonly set: ResourceRecordSet;
}

/**
 * Records of the domain that have an owner record of this cluster beside them, those owner records, and the recorded ones, in whatever zone: the
 * domain may have been changed or taken out of the configuration since they were made.
 */
export async function route53(session: Session): Promise<Family<'dns-record'>> {
  const sdk = await import('@aws-sdk/client-route-53');
  const client = new sdk.Route53Client(session.settings);
  const send = session.service('route53');

  /** Zones that were found: which zone a domain is in does not change under a run. */
  const zones = new Map<string, string>();
  const zoneOf = async (domain: string): Promise<string | undefined> => {
    const zone = zones.get(domain) ?? (await findZone(domain));
    if (zone !== undefined) zones.set(domain, zone);
    return zone;
  };

  /** The public zone of the domain itself or of its nearest parent. */
  const findZone = async (domain: string): Promise<string | undefined> => {
    const labels = domain.split('.');
    for (const depth of labels.keys()) {
      const DNSName = labels.slice(depth).join('.');
      // No zone is a whole top-level domain.
      if (!DNSName.includes('.')) return undefined;
      const page = await send(
        'ListHostedZonesByName',
        (options) => client.send(new sdk.ListHostedZonesByNameCommand({ DNSName, MaxItems: 100 }), options),
        domain,
      );
      const found = (page.HostedZones ?? []).find(
        (zone) => plainName(zone.Name ?? '') === DNSName && zone.Config?.PrivateZone !== true,
      );
      if (found?.Id !== undefined) return found.Id.replace('/hostedzone/', '');
    }
    return undefined;
  };

  /** A domain with all that is below it. Route 53 sorts by labels from the right: they follow each other. */
  const subtree = async (zone: string, domain: string): Promise<readonly Listed[]> => {
    const sets: ResourceRecordSet[] = [];
    let start: Start | undefined = { StartRecordName: domain };
    while (start !== undefined) {
      const input: ListResourceRecordSetsCommandInput = { HostedZoneId: zone, MaxItems: 300, ...start };
      const page = await send(
        'ListResourceRecordSets',
        (options) => client.send(new sdk.ListResourceRecordSetsCommand(input), options),
        domain,
      );
      sets.push(...(page.ResourceRecordSets ?? []).filter((set) => isBelow(set.Name ?? '', domain)));
      start =
        page.IsTruncated === true && isBelow(page.NextRecordName ?? '', domain)
          ? {
              StartRecordName: page.NextRecordName,
              StartRecordType: page.NextRecordType,
              StartRecordIdentifier: page.NextRecordIdentifier,
            }
          : undefined;
    }
    return sets.map((set) => ({ zone, set }));
  };

  /** What is below the domain, in the zone that it is in now. */
  const recordsBelow = async (
    domain: string | undefined,
  ): Promise<{ readonly zone?: string; readonly below: readonly Listed[] }> => {
    if (domain === undefined) return { below: [] };
    const isKnown = zones.has(domain);
    const zone = await zoneOf(domain);
    if (zone === undefined) return { below: [] };
    try {
      return { zone, below: await subtree(zone, domain) };
    } catch (error) {
      // The zone that was found before is gone: there may be another one by now.
      if (!isKnown || !isGone(error)) throw error;
      zones.delete(domain);
      return recordsBelow(domain);
    }
  };

  /** One name of a zone, with the owner record beside it. */
  const named = async (zone: string, name: string): Promise<readonly Listed[]> => {
    const page = await orNothing(
      send(
        'ListResourceRecordSets',
        (options) =>
          client.send(
            new sdk.ListResourceRecordSetsCommand({ HostedZoneId: zone, StartRecordName: name, MaxItems: 20 }),
            options,
          ),
        name,
      ),
    );
    return (page?.ResourceRecordSets ?? [])
      .filter((set) => plainName(set.Name ?? '') === name)
      .map((set) => ({ zone, set }));
  };

  const change = (zone: string, set: ResourceRecordSet) =>
    send(
      'ChangeResourceRecordSets',
      (options) =>
        client.send(
          new sdk.ChangeResourceRecordSetsCommand({
            HostedZoneId: zone,
            ChangeBatch: { Changes: [{ Action: 'DELETE', ResourceRecordSet: set }] },
          }),
          options,
        ),
      plainName(set.Name ?? ''),
    );

  return {
    'dns-record': {
      list: async (scope) => {
        const { domain } = scope;
        const { zone, below } = await recordsBelow(domain);
        const recorded = recordedIds(scope, 'dns-record');
        const seen = new Set(below.map(idOf));
        const elsewhere = recorded
          .filter((id) => !seen.has(id))
          .map((id) => id.split('/'))
          .filter(([place = '', , name = '']) => place !== zone || domain === undefined || !isBelow(name, domain))
          .flatMap(([place = '', , name = '']) => [
            `${place}/${name}`,
            ...(name.startsWith(ownerPrefix) ? [] : [`${place}/${ownerPrefix}${name}`]),
          ]);
        const looked = await Promise.all(
          [...new Set(elsewhere)].map((one) => {
            const [place = '', name = ''] = one.split('/');
            return named(place, name);
          }),
        );
        return ours([...below, ...looked.flat()], scope, recorded);
      },

      remove: async (resource) => {
        const { record } = resource;
        const [zone = ''] = resource.id.split('/');
        if (record === undefined)
          throw new PlatformError('FOREIGN', {
            message: `${resource.id} is of a form that platform does not make`,
            next: ['delete it by hand if it is not needed any more'],
          });
        try {
          await change(zone, recordSet(record));
        } catch (error) {
          if (isGone(error)) return;
          // An error document without a code has no name in the SDK.
          if (!['InvalidChangeBatch', 'Unknown'].includes(nameOf(error))) throw error;
          // Either it is gone, or it says the same in another way: a deletion must repeat it to the letter.
          const now = (await named(zone, record.name)).find((one) => sameRecord(recordOf(one.set), record));
          if (now !== undefined) return void (await change(zone, now.set));
          if ((await named(zone, record.name)).some((one) => one.set.Type === record.type)) throw error;
        }
      },
    },
  };
}

type Start = Pick<ListResourceRecordSetsCommandInput, 'StartRecordName' | 'StartRecordType' | 'StartRecordIdentifier'>;

/** Those with an owner record of this cluster, and the recorded. A record holds its owner record: it is the proof, and goes last. */
function ours(all: readonly Listed[], scope: EstateScope, recorded: readonly string[]): readonly CloudResource[] {
  const owners = new Map(
    all
      .filter(({ set }) => set.Type === 'TXT' && plainName(set.Name ?? '').startsWith(ownerPrefix))
      .map((one) => [`${one.zone}/${plainName(one.set.Name ?? '').slice(ownerPrefix.length)}`, one]),
  );
  return all.flatMap((one) => {
    const { zone, set } = one;
    const name = plainName(set.Name ?? '');
    const isOwner = name.startsWith(ownerPrefix) && set.Type === 'TXT';
    const host = isOwner ? name.slice(ownerPrefix.length) : name;
    const owner = owners.get(`${zone}/${host}`);
    const text = owner === undefined ? undefined : ownerText(owner.set);
    const id = idOf(one);
    const record = recordOf(set);
    const isOurs = text === `heritage=platform,${ownershipTag}=${scope.cluster}` && record !== undefined;
    const isOfRecorded =
      isOwner && recorded.some((other) => other.startsWith(`${zone}/`) && other.endsWith(`/${host}`));
    if (!recorded.includes(id) && !isOurs && !isOfRecorded) return [];
    // The owner record speaks for the address that was made with it, not for what others put under the same name.
    const proof = isOwner || set.Type === 'A' || set.Type === 'AAAA' ? text : undefined;
    return [
      {
        kind: 'dns-record',
        id,
        name,
        tags: proof === undefined ? {} : { [dnsOwnerTag]: proof },
        state: '',
        phase: 'live',
        unique: proof === undefined ? {} : { owner: /platform\/cluster=([^,]+)/.exec(proof)?.[1] ?? proof },
        holds: owner === undefined || isOwner ? [] : [{ kind: 'dns-record', id: idOf(owner) }],
        ...(record !== undefined && { record }),
      },
    ];
  });
}

function idOf({ zone, set }: Listed): string {
  const part = set.SetIdentifier === undefined ? '' : `/${set.SetIdentifier}`;
  return `${zone}/${set.Type ?? ''}/${plainName(set.Name ?? '')}${part}`;
}

const ownerText = (set: ResourceRecordSet): string =>
  (set.ResourceRecords ?? []).map((one) => (one.Value ?? '').replaceAll(/^"|"$/g, '')).join(',');

const types = ['A', 'AAAA', 'CNAME', 'TXT'] as const;

/** undefined for what platform does not make: another type, or one of several under the same name. */
function recordOf(set: ResourceRecordSet): DnsRecord | undefined {
  const type = types.find((one) => one === set.Type);
  if (type === undefined || set.SetIdentifier !== undefined) return undefined;
  const name = plainName(set.Name ?? '');
  if (set.AliasTarget !== undefined)
    return {
      name,
      type,
      alias: { name: plainName(set.AliasTarget.DNSName ?? ''), zone: set.AliasTarget.HostedZoneId ?? '' },
    };
  return {
    name,
    type,
    ...(set.TTL !== undefined && { ttl: set.TTL }),
    values: (set.ResourceRecords ?? []).map((one) => one.Value ?? ''),
  };
}

function recordSet({ name: Name, type: Type, ttl, values, alias }: DnsRecord): ResourceRecordSet {
  return alias === undefined
    ? { Name, Type, TTL: ttl ?? 300, ResourceRecords: (values ?? []).map((Value) => ({ Value })) }
    : { Name, Type, AliasTarget: { DNSName: alias.name, HostedZoneId: alias.zone, EvaluateTargetHealth: false } };
}

function sameRecord(one: DnsRecord | undefined, other: DnsRecord): boolean {
  return (
    one !== undefined &&
    one.type === other.type &&
    one.ttl === other.ttl &&
    one.alias?.name === other.alias?.name &&
    one.alias?.zone === other.alias?.zone &&
    (one.values ?? []).join('\n') === (other.values ?? []).join('\n')
  );
}

function isBelow(name: string, domain: string): boolean {
  const plain = plainName(name);
  return plain === domain || plain.endsWith(`.${domain}`);
}

/** Route 53 ends names with a dot and writes `*` as `\052` (Route 53 developer guide, domain name format). */
function plainName(name: string): string {
  return name.replace(/\.$/, '').replaceAll('\\052', '*').toLowerCase();
}
