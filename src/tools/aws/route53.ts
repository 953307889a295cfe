import type { DnsRecord } from '../ports-aws.ts';
import { collect } from './session.ts';
import type { Session } from './session.ts';

export interface Route53 {
  /** The public hosted zone that holds a domain: the one of its name or of the nearest parent. */
  zone(domain: string): Promise<{ readonly id: string; readonly nameServers: readonly string[] } | undefined>;
  records(zone: string, names: readonly string[]): Promise<readonly DnsRecord[]>;
  changeRecords(
    zone: string,
    changes: readonly { readonly action: 'UPSERT' | 'DELETE'; readonly record: DnsRecord }[],
  ): Promise<void>;
}

const types = ['A', 'AAAA', 'CNAME', 'TXT'] as const;

export async function openRoute53(session: Session): Promise<Route53> {
  const sdk = await import('@aws-sdk/client-route-53');
  const client = new sdk.Route53Client(session.settings);
  const send = session.service('route53');

  const named = async (zone: string, name: string): Promise<readonly DnsRecord[]> => {
    const page = await send(
      'ListResourceRecordSets',
      // At most four types of one name matter; the listing starts at the name.
      (options) =>
        client.send(
          new sdk.ListResourceRecordSetsCommand({ HostedZoneId: zone, StartRecordName: name, MaxItems: 20 }),
          options,
        ),
      name,
    );
    return (page.ResourceRecordSets ?? []).flatMap((set) => {
      const type = types.find((known) => known === set.Type);
      if (type === undefined || plainName(set.Name ?? '') !== plainName(name)) return [];
      return [
        {
          name: plainName(set.Name ?? ''),
          type,
          ...(set.AliasTarget === undefined
            ? {
                ...(set.TTL !== undefined && { ttl: set.TTL }),
                values: (set.ResourceRecords ?? []).map((value) => value.Value ?? ''),
              }
            : { alias: { name: plainName(set.AliasTarget.DNSName ?? ''), zone: set.AliasTarget.HostedZoneId ?? '' } }),
        },
      ];
    });
  };

  return {
    async zone(domain) {
      const zones = await collect(async (Marker) => {
        const page = await send(
          'ListHostedZones',
          (options) => client.send(new sdk.ListHostedZonesCommand({ Marker }), options),
          domain,
        );
        return { items: page.HostedZones, next: page.NextMarker };
      });
      const holding = zones
        .filter((zone) => zone.Config?.PrivateZone !== true)
        .map((zone) => ({ id: (zone.Id ?? '').replace('/hostedzone/', ''), name: plainName(zone.Name ?? '') }))
        .filter(({ name }) => domain === name || domain.endsWith(`.${name}`))
        .sort((left, right) => right.name.length - left.name.length)[0];
      if (holding === undefined) return undefined;
      const found = await send(
        'GetHostedZone',
        (options) => client.send(new sdk.GetHostedZoneCommand({ Id: holding.id }), options),
        domain,
      );
      return { id: holding.id, nameServers: found.DelegationSet?.NameServers ?? [] };
    },

    records: async (zone, names) => (await Promise.all(names.map((name) => named(zone, name)))).flat(),

    async changeRecords(zone, changes) {
      const Changes = changes.map(({ action, record }) => ({ Action: action, ResourceRecordSet: recordSet(record) }));
      const input = { HostedZoneId: zone, ChangeBatch: { Changes } };
      await send(
        'ChangeResourceRecordSets',
        (options) => client.send(new sdk.ChangeResourceRecordSetsCommand(input), options),
        changes.map(({ record }) => record.name).join(', '),
      );
    },
  };
}

function recordSet(record: DnsRecord) {
  const { name: Name, type: Type, alias } = record;
  return alias === undefined
    ? { Name, Type, TTL: record.ttl ?? 300, ResourceRecords: (record.values ?? []).map((Value) => ({ Value })) }
    : { Name, Type, AliasTarget: { DNSName: alias.name, HostedZoneId: alias.zone, EvaluateTargetHealth: false } };
}

/** Route 53 ends names with a dot and writes `*` as `\052` (Route 53 developer guide, domain name format). */
function plainName(name: string): string {
  return name.replace(/\.$/, '').replaceAll('\\052', '*').toLowerCase();
}
