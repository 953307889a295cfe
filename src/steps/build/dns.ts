import { PlatformError } from '../../errors.ts';
import type { DnsRecord, LoadBalancer } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, stepWhen } from '../kit.ts';
import { hasIngress, publicHosts } from '../names.ts';
import { activeLoadBalancer } from '../probes/load-balancer.ts';
import { infrastructure } from './infrastructure.ts';
import { ingress } from './ingress.ts';

/**
 * An alias per host to the load balancer, and beside it a TXT record that says whose it is. A name that is there
 * without our owner record is somebody else's and is refused, not overwritten. Not Terraform's, because the load
 * balancer is not (catalogue F8, F9, E13).
 */
export const dns = stepWhen({
  id: 'dns',
  title: 'DNS aliases',
  needs: { ingress, infrastructure },
  when: (config) => hasIngress(config) && publicHosts(config).length > 0,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(2),
  retry: { attempts: 5, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config, up) => ({ hosts: [...publicHosts(config)], cluster: up.infrastructure.clusterId }),
  check: async (ctx, up) => {
    const { zone, balancer, wanted, found } = await look(ctx, up.infrastructure.clusterId);
    const wrong = wanted.filter((record) => !found.some((one) => sameRecord(one, record)));
    if (wrong.length === 0)
      return {
        state: 'satisfied',
        output: { zone, hosts: [...publicHosts(ctx.config)] },
        because: `${publicHosts(ctx.config).join(', ')} lead to ${balancer.name}`,
      };
    return {
      state: 'needed',
      because: `${wrong.map((record) => `${record.name} ${record.type}`).join(', ')} missing or different`,
      preview: wrong.map((record) => `UPSERT ${record.type} ${record.name}`),
    };
  },
  apply: async (ctx, up) => {
    const { zone, wanted } = await look(ctx, up.infrastructure.clusterId);
    await ctx.aws.changeRecords(
      zone,
      wanted.map((record) => ({ action: 'UPSERT', record })),
    );
    await ctx.ledger.record(
      wanted.map((record) => ({
        kind: 'dns-record',
        id: `${zone}/${record.type}/${record.name}`,
        unique: { owner: up.infrastructure.clusterId },
        step: 'dns',
      })),
    );
    return { zone, hosts: [...publicHosts(ctx.config)] };
  },
});

const ownerOf = (host: string): string => `_platform-owner.${host}`;

async function look(ctx: ReadContext, clusterId: string) {
  const domain = ctx.config.domain ?? '';
  const zone = await ctx.aws.zone(domain);
  if (zone === undefined)
    throw new PlatformError('AWS', {
      message: `there is no hosted zone for ${domain}`,
      next: ['create the public hosted zone and delegate the domain to it, or leave domain out'],
    });
  const balancer = await activeLoadBalancer(ctx, ctx.aws, await ctx.cluster());
  if ('because' in balancer)
    throw new PlatformError('UNHEALTHY', {
      message: balancer.because,
      class: 'transient',
      next: [
        'run the same command again: it goes on',
        'if it lasts, see what the controller says: kubectl logs -n kube-system deploy/aws-load-balancer-controller',
      ],
    });
  const hosts = publicHosts(ctx.config);
  const found = await ctx.aws.records(zone.id, [...hosts, ...hosts.map(ownerOf)]);
  for (const host of hosts) refuseForeign(host, clusterId, found);
  return { zone: zone.id, balancer, found, wanted: hosts.flatMap((host) => recordsFor(host, clusterId, balancer)) };
}

const recordsFor = (host: string, clusterId: string, balancer: LoadBalancer): readonly DnsRecord[] => [
  { name: host, type: 'A', alias: { name: balancer.hostname, zone: balancer.zone } },
  { name: ownerOf(host), type: 'TXT', ttl: 300, values: [ownerText(clusterId)] },
];

const ownerText = (clusterId: string): string => `heritage=platform,platform/cluster=${clusterId}`;

function refuseForeign(host: string, clusterId: string, found: readonly DnsRecord[]): void {
  const taken = found.find((record) => sameName(record.name, host));
  if (taken === undefined) return;
  const owner = found.find((record) => sameName(record.name, ownerOf(host)) && record.type === 'TXT')?.values?.[0];
  if (owner !== undefined && unquoted(owner) === ownerText(clusterId)) return;
  throw new PlatformError('FOREIGN', {
    message: `${host} has a ${taken.type} record ${owner === undefined ? 'without an owner record of ours' : `owned by another cluster (${unquoted(owner)})`}`,
    next: [`delete the record of ${host} if it is yours, then run this again`, 'use another domain'],
    facts: { host },
  });
}

function sameRecord(a: DnsRecord, b: DnsRecord): boolean {
  if (!sameName(a.name, b.name) || a.type !== b.type) return false;
  if (b.alias !== undefined)
    return (
      a.alias !== undefined &&
      sameName(a.alias.name.replace(/^dualstack\./, ''), b.alias.name) &&
      a.alias.zone === b.alias.zone
    );
  return (a.values ?? []).map(unquoted).join('\n') === (b.values ?? []).map(unquoted).join('\n');
}

const sameName = (a: string, b: string): boolean =>
  a.toLowerCase().replace(/\.$/, '') === b.toLowerCase().replace(/\.$/, '');
const unquoted = (text: string): string => text.replace(/^"|"$/g, '');
