import type { FarGroup, FarInstance, FarMachines, FarRule } from './far-machines.ts';
import { contains, nameServerAddress, placeIn } from './ranges.ts';

export interface FirewallWorld extends FarMachines {
  /** This machine, as the hosts see it, and the address that it stands for: the first that the configuration lets in. */
  readonly client: { readonly address: string; readonly standsFor: string };
  /** Address of the sandbox's own servers, which stand for the internet. */
  readonly service: string;
  /** Link to this machine; link of a host. */
  readonly entrance: string;
  linkOf(instance: string): string;
}

/**
 * What the VPC lets through, as one nftables file that takes the place of the last one in one step: the rules of the
 * security groups, stateful as on AWS; 1:1 translation of public addresses; no way between VPCs. A connection between two
 * hosts by a public address comes from the public address of the other: a rule that names a group does not let it in.
 */
export function firewallOf(world: FirewallWorld): string {
  const hosts = world.instances.filter((one) => one.state !== 'terminated' && one.privateAddress !== '');
  const open = hosts.filter((one) => one.publicAddress !== '');
  const jump = (to: 'from' | 'to'): string =>
    vmapOf(hosts.map((one) => [world.linkOf(one.id), `jump ${to}_${nameOf(one)}`]));
  return [
    'add table ip platform',
    'delete table ip platform',
    'table ip platform {',
    ...mapOf(
      'private_of',
      open.map((one) => [one.publicAddress, one.privateAddress]),
    ),
    ...mapOf(
      'public_of',
      open.map((one) => [one.privateAddress, one.publicAddress]),
    ),
    '  set publics {',
    '    type ipv4_addr',
    ...(open.length === 0 ? [] : [`    elements = { ${open.map((one) => one.publicAddress).join(', ')} }`]),
    '  }',
    ...chain('mark_public', 'type filter hook prerouting priority mangle; policy accept;', [
      `iifname != "${world.entrance}" ip daddr @publics meta mark set 1`,
    ]),
    ...chain('translate_arriving', 'type nat hook prerouting priority dstnat; policy accept;', [
      'dnat to ip daddr map @private_of',
      // The name server of a VPC has two addresses, and listens at the one that all VPCs share.
      ...[...new Set(hosts.map(({ vpc }) => placeIn(vpc.cidr, 2)))].map(
        (resolver) => `ip daddr ${resolver} udp dport 53 dnat to ${nameServerAddress}`,
      ),
    ]),
    ...chain('translate_leaving', 'type nat hook postrouting priority srcnat; policy accept;', [
      'meta mark 1 snat to ip saddr map @public_of',
    ]),
    ...chain(
      'metadata_hops',
      'type filter hook output priority mangle; policy accept;',
      hosts.map((one) => `ip saddr 169.254.169.254 ip daddr ${one.privateAddress} ip ttl set ${one.metadata.hops}`),
    ),
    ...chain('to_services', 'type filter hook input priority filter; policy drop;', [
      'ct state established,related accept',
      'iifname "lo" accept',
      `iifname "${world.entrance}" accept`,
      'ip daddr 169.254.169.254 tcp dport 80 accept',
      'udp dport 53 accept',
      'tcp dport 53 accept',
      ...(hosts.length === 0 ? [] : [`ip daddr ${world.service} iifname ${jump('from')}`]),
      `ip daddr ${world.service} accept`,
    ]),
    ...chain('between', 'type filter hook forward priority filter; policy drop;', [
      'ct state established,related accept',
      ...(hosts.length === 0 ? [] : [`iifname ${jump('from')}`, `oifname ${jump('to')}`]),
    ]),
    ...hosts.flatMap((one) => [...leaving(world, hosts, one), ...arriving(world, hosts, one)]),
    '}',
    '',
  ].join('\n');
}

/** Returns when a rule of a group lets it out. */
function leaving(world: FirewallWorld, hosts: readonly FarInstance[], one: FarInstance): readonly string[] {
  const rules = groupsOf(world, one).flatMap(({ egress }) => egress);
  return chain(`from_${nameOf(one)}`, undefined, [
    ...(one.sourceDestinationCheck ? [`ip saddr != ${one.privateAddress} drop`] : []),
    ...rules.flatMap((rule) =>
      protocolsOf(rule).flatMap((protocol) =>
        peersOf(rule, 'daddr', hosts).map((peer) => words(peer, protocol, 'return')),
      ),
    ),
    'drop',
  ]);
}

/** Accepts when a rule of a group lets it in. */
function arriving(world: FirewallWorld, hosts: readonly FarInstance[], one: FarInstance): readonly string[] {
  const rules = groupsOf(world, one).flatMap(({ ingress }) => ingress);
  return chain(`to_${nameOf(one)}`, undefined, [
    `iifname != "${world.entrance}" meta mark != 1 ip saddr != ${one.vpc.cidr} drop`,
    ...rules.flatMap((rule) => {
      const guest = rule.ranges.some((range) => contains(range, world.client.standsFor));
      const peers = [...peersOf(rule, 'saddr', hosts), ...(guest ? [`ip saddr ${world.client.address}`] : [])];
      return protocolsOf(rule).flatMap((protocol) => peers.map((peer) => words(peer, protocol, 'accept')));
    }),
    'drop',
  ]);
}

const groupsOf = (world: FirewallWorld, one: FarInstance): readonly FarGroup[] =>
  world.groups.filter(({ id }) => one.groups.includes(id));

/** Who is meant: by private address, or by public address (mark 1) where that was used. */
function peersOf(rule: FarRule, side: 'saddr' | 'daddr', hosts: readonly FarInstance[]): readonly string[] {
  const ranges = rule.ranges.flatMap((range) => {
    if (range.endsWith('/0')) return [''];
    const publicly = hosts.filter((one) => one.publicAddress !== '' && contains(range, one.publicAddress));
    return [`meta mark != 1 ip ${side} ${range}`, ...setOf('meta mark 1 ', side, publicly)];
  });
  const members = hosts.filter((one) => one.groups.some((id) => rule.groups.includes(id)));
  return [...ranges, ...setOf('meta mark != 1 ', side, members)];
}

const setOf = (before: string, side: string, hosts: readonly FarInstance[]): readonly string[] =>
  hosts.length === 0 ? [] : [`${before}ip ${side} { ${hosts.map((one) => one.privateAddress).join(', ')} }`];

function protocolsOf({ protocol, from, to }: FarRule): readonly string[] {
  if (protocol === '-1') return [''];
  const ports =
    from === null || to === null || (from <= 0 && to >= 65_535) ? undefined : from === to ? `${from}` : `${from}-${to}`;
  if (protocol === 'tcp' || protocol === 'udp')
    return [ports === undefined ? `meta l4proto ${protocol}` : `${protocol} dport ${ports}`];
  if (protocol === 'icmp') return [from === null || from < 0 ? 'meta l4proto icmp' : `icmp type ${from}`];
  return /^\d+$/.test(protocol) ? [`meta l4proto ${protocol}`] : [];
}

const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');
const nameOf = ({ id }: FarInstance): string => id.replace('-', '_');
const vmapOf = (pairs: readonly (readonly [string, string])[]): string =>
  `vmap { ${pairs.map(([link, verdict]) => `"${link}" : ${verdict}`).join(', ')} }`;

const mapOf = (name: string, pairs: readonly (readonly [string, string])[]): readonly string[] => [
  `  map ${name} {`,
  '    type ipv4_addr : ipv4_addr',
  ...(pairs.length === 0 ? [] : [`    elements = { ${pairs.map((pair) => pair.join(' : ')).join(', ')} }`]),
  '  }',
];

const chain = (name: string, hook: string | undefined, rules: readonly string[]): readonly string[] => [
  `  chain ${name} {`,
  ...(hook === undefined ? [] : [`    ${hook}`]),
  ...rules.map((rule) => `    ${rule}`),
  '  }',
];
