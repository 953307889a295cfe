import { describe, expect, test } from 'vitest';
import type { FarGroup, FarInstance, FarRule } from '../../../../src/sandbox/hosts/far-machines.ts';
import { firewallOf } from '../../../../src/sandbox/hosts/firewall.ts';
import { namesOf } from '../../../../src/sandbox/hosts/names.ts';
import { instance } from './instance.ts';

const everything: FarRule = { protocol: '-1', from: null, to: null, ranges: ['0.0.0.0/0'], groups: [] };
const group = (id: string, ingress: readonly FarRule[], egress: readonly FarRule[] = [everything]): FarGroup => ({
  id,
  vpc: 'vpc-1',
  ingress,
  egress,
});
const tcp = (port: number, ...ranges: readonly string[]): FarRule => ({
  protocol: 'tcp',
  from: port,
  to: port,
  ranges,
  groups: [],
});
const rules = (instances: readonly FarInstance[], groups: readonly FarGroup[]): string =>
  firewallOf({
    instances,
    groups,
    client: { address: '203.0.113.1', standsFor: '198.51.100.7' },
    service: '203.0.113.3',
    entrance: 'wan',
    linkOf: namesOf('/sandbox').linkOf,
  });
/** The rules of one chain. */
const chain = (text: string, name: string): readonly string[] =>
  (new RegExp(`chain ${name} \\{\\n([\\s\\S]*?)\\n  \\}`).exec(text)?.[1] ?? '').split('\n').map((line) => line.trim());

describe('the firewall of the hosts', () => {
  test('a port that no rule names is dropped', () => {
    const text = rules([instance(1)], [group('sg-node', [tcp(22, '198.51.100.0/24')])]);
    expect(chain(text, 'to_i_00000000000000001')).toEqual([
      'iifname != "wan" meta mark != 1 ip saddr != 10.0.0.0/16 drop',
      'meta mark != 1 ip saddr 198.51.100.0/24 tcp dport 22 accept',
      'ip saddr 203.0.113.1 tcp dport 22 accept',
      'drop',
    ]);
  });

  test('this machine stands for the first address that is let in, and for no other', () => {
    const text = rules([instance(1)], [group('sg-node', [tcp(6443, '192.0.2.0/24')])]);
    expect(text).not.toContain('203.0.113.1 tcp');
  });

  test('a rule that names a group lets in its members by private address only', () => {
    const self: FarRule = { protocol: '-1', from: null, to: null, ranges: [], groups: ['sg-node'] };
    const text = rules(
      [instance(1), instance(2), instance(3, { groups: ['sg-other'] })],
      [group('sg-node', [self]), group('sg-other', [])],
    );
    expect(chain(text, 'to_i_00000000000000001')).toContain('meta mark != 1 ip saddr { 10.0.0.1, 10.0.0.2 } accept');
    expect(chain(text, 'to_i_00000000000000003')).toEqual([
      'iifname != "wan" meta mark != 1 ip saddr != 10.0.0.0/16 drop',
      'drop',
    ]);
  });

  test('by a public address a host comes as its own public address', () => {
    const text = rules([instance(1), instance(2)], [group('sg-node', [tcp(6443, '203.0.113.102/32')])]);
    expect(chain(text, 'to_i_00000000000000001')).toContain('meta mark 1 ip saddr { 10.0.0.2 } tcp dport 6443 accept');
    expect(chain(text, 'to_i_00000000000000001')).not.toContain(
      'meta mark 1 ip saddr { 10.0.0.1 } tcp dport 6443 accept',
    );
  });

  test('ports, ranges of ports, UDP, ICMP and protocols by number', () => {
    const any = { ranges: ['0.0.0.0/0'], groups: [] };
    const text = rules(
      [instance(1)],
      [
        group('sg-node', [
          { protocol: 'udp', from: 4789, to: 4789, ...any },
          { protocol: 'tcp', from: 30_000, to: 32_767, ...any },
          { protocol: 'tcp', from: 0, to: 65_535, ...any },
          { protocol: 'icmp', from: 8, to: -1, ...any },
          { protocol: 'icmp', from: -1, to: -1, ...any },
          { protocol: '4', from: null, to: null, ...any },
        ]),
      ],
    );
    expect(chain(text, 'to_i_00000000000000001')).toEqual(
      expect.arrayContaining([
        'udp dport 4789 accept',
        'tcp dport 30000-32767 accept',
        'meta l4proto tcp accept',
        'icmp type 8 accept',
        'meta l4proto icmp accept',
        'meta l4proto 4 accept',
      ]),
    );
  });

  test('without a rule nothing leaves, and nobody leaves under another address', () => {
    const text = rules([instance(1)], [group('sg-node', [], [])]);
    expect(chain(text, 'from_i_00000000000000001')).toEqual(['ip saddr != 10.0.0.1 drop', 'drop']);
  });

  test('a machine that shall forward for others may send what is not its own', () => {
    const text = rules([instance(1, { sourceDestinationCheck: false })], [group('sg-node', [])]);
    expect(chain(text, 'from_i_00000000000000001')).toEqual(['return', 'drop']);
  });

  test('public addresses are translated both ways, and only where there is one', () => {
    const text = rules([instance(1), instance(2, { publicAddress: '' })], [group('sg-node', [])]);
    expect(text).toContain('elements = { 203.0.113.101 : 10.0.0.1 }');
    expect(text).toContain('elements = { 10.0.0.1 : 203.0.113.101 }');
  });

  test('questions to the second address of a VPC reach its name server', () => {
    expect(chain(rules([instance(1), instance(2)], []), 'translate_arriving')).toEqual([
      'type nat hook prerouting priority dstnat; policy accept;',
      'dnat to ip daddr map @private_of',
      'ip daddr 10.0.0.2 udp dport 53 dnat to 169.254.169.253',
    ]);
  });

  test('a terminated machine has no way any more; without machines all is closed', () => {
    expect(rules([instance(1, { state: 'terminated' })], [])).toBe(rules([], []));
    expect(chain(rules([], []), 'between')).toEqual([
      'type filter hook forward priority filter; policy drop;',
      'ct state established,related accept',
    ]);
  });

  test('the answer of the metadata service lives for as many hops as the instance allows', () => {
    const text = rules([instance(1, { metadata: { tokens: 'required', hops: 1 } })], []);
    expect(chain(text, 'metadata_hops')).toContain('ip saddr 169.254.169.254 ip daddr 10.0.0.1 ip ttl set 1');
  });
});
