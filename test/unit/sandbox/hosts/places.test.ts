import { describe, expect, test } from 'vitest';
import { hostVariablesOf } from '../../../../src/sandbox/hosts/facts.ts';
import { macOf, machineIdOf, namesOf, systemIdOf } from '../../../../src/sandbox/hosts/names.ts';
import { contains, networkOf, placeIn, publicRanges } from '../../../../src/sandbox/hosts/ranges.ts';
import { lookUpInside } from '../../../../src/sandbox/hosts/services/private-names.ts';
import { instance } from './instance.ts';

const id = 'i-0123456789abcdef0';

describe('names of what is made in the kernel', () => {
  test('another sandbox has other names, the same has the same', () => {
    expect(namesOf('/a/sandbox').key).not.toBe(namesOf('/b/sandbox').key);
    expect(namesOf('/a/../a/sandbox').key).toBe(namesOf('/a/sandbox').key);
  });

  test('links fit into the fifteen characters of the kernel', () => {
    expect(namesOf('/a').link.length).toBeLessThanOrEqual(15);
    expect(namesOf('/a').linkOf(id).length).toBeLessThanOrEqual(15);
  });

  test('what is no instance id never becomes a name', () => {
    expect(() => namesOf('/a').namespaceOf('../../etc')).toThrow('is no instance id');
  });

  test('an instance keeps its hardware address and its ids', () => {
    expect(macOf(id)).toBe('02:78:9a:bc:de:f0');
    expect(macOf(id)).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(macOf(id)).not.toBe(macOf('i-0123456789abcdef1'));
    expect(systemIdOf(id)).toMatch(/^ec2[0-9a-f]{5}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(machineIdOf(id)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('addresses', () => {
  test('eight sandboxes share no address, and all are of the range for documentation', () => {
    const all = publicRanges.flatMap((range) => [range.client, range.gateway, range.service]);
    expect(new Set(all).size).toBe(24);
    for (const range of publicRanges) {
      const given = range.instances.map((last) => `203.0.113.${last}`);
      for (const address of [range.client, range.gateway, range.service, ...given]) {
        expect(contains(range.cidr, address)).toBe(true);
        expect(contains('203.0.113.0/24', address)).toBe(true);
      }
      expect([range.client, range.gateway, range.service]).not.toContain(given[0]);
    }
  });

  test('networks', () => {
    expect(networkOf('10.0.17.9/20')).toEqual({ base: '10.0.16.0', prefix: 20 });
    expect(contains('0.0.0.0/0', '198.51.100.7')).toBe(true);
    expect(contains('198.51.100.7/32', '198.51.100.8')).toBe(false);
    expect(placeIn('10.0.16.0/20', 1)).toBe('10.0.16.1');
    expect(placeIn('10.0.255.0/24', 258)).toBe('10.1.0.2');
  });
});

describe('names inside a VPC', () => {
  const view = {
    instances: [instance(5), instance(6, { region: 'us-east-1' })],
    records: [{ name: 'api.example.dev', type: 'A', ttl: 60, values: ['203.0.113.9'] }],
    loadBalancers: [],
  };
  test('private names are found, records too, and nothing else exists', () => {
    const type = { a: 1, aaaa: 28 };
    expect(lookUpInside(view, 'ip-10-0-0-5.ap-northeast-2.compute.internal', type.a).answers).toEqual([
      { type: 'A', ttl: 60, address: '10.0.0.5' },
    ]);
    expect(lookUpInside(view, 'ip-10-0-0-5.ap-northeast-2.compute.internal', type.aaaa)).toEqual({
      code: 0,
      answers: [],
    });
    expect(lookUpInside(view, 'ip-10-0-0-6.ec2.internal', type.a).answers).toHaveLength(1);
    expect(lookUpInside(view, 'api.example.dev', type.a).answers).toEqual([
      { type: 'A', ttl: 60, address: '203.0.113.9' },
    ]);
    expect(lookUpInside(view, 'registry.k8s.io', type.a)).toEqual({ code: 3, answers: [] });
  });
});

describe('facts of a shared kernel', () => {
  test('cgroup v1 without the right to lower a score, as variables of the roles', () => {
    expect(hostVariablesOf({ unified: false, mayLower: false, bridgeModule: false })).toMatchObject({
      operating_system_modules: ['overlay'],
      containerd_systemd_cgroup: false,
      containerd_restrict_oom_score_adj: true,
      kubelet_extra_configuration: { failCgroupV1: false, oomScoreAdj: 0, cgroupDriver: 'cgroupfs' },
    });
  });
  test('cgroup v2 with all rights needs less', () => {
    const variables = hostVariablesOf({ unified: true, mayLower: true, bridgeModule: true });
    expect(variables).toMatchObject({ containerd_systemd_cgroup: true, containerd_restrict_oom_score_adj: false });
    expect(variables['kubelet_extra_configuration']).not.toHaveProperty('failCgroupV1');
  });
});
