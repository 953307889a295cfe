import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judge } from '../../../../src/steps/teardown/ownership.ts';
import { keyOf } from '../../../../src/steps/teardown/ownership-marks.ts';
import type { CloudKind, CloudResource } from '../../../../src/tools/ports.ts';
import { refusedKinds, removableKinds } from '../../../../src/tools/ports-estate.ts';
import { born, entry, evidenceOf, inState, ours, reference, resource } from '../../../helpers/teardown-evidence.ts';

const decoys: readonly Readonly<Record<string, string>>[] = [
  {},
  { Name: `${ours}-node` },
  { 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: 'pvc-1' },
  { 'platform/cluster': `${ours}2`, 'platform/environment': 'dev' },
  { [`kubernetes.io/cluster/${ours}`]: 'shared' },
  { ...born, [`kubernetes.io/cluster/${ours}`]: 'shared' },
  { 'kubernetes.io/cluster/other': 'owned' },
  { 'elbv2.k8s.aws/cluster': ours },
  { 'platform/environment': 'dev' },
];

const kinds = fc.constantFrom(...removableKinds, ...refusedKinds);
const ids = fc.integer({ min: 0, max: 5 });
const vpcs = fc.option(fc.constantFrom('vpc-0', 'vpc-1', 'vpc-2'), { nil: undefined });

const thing = (tags: readonly Readonly<Record<string, string>>[]): fc.Arbitrary<CloudResource> =>
  fc
    .record({
      kind: kinds,
      number: ids,
      vpc: vpcs,
      tags: fc.constantFrom(...tags),
      holds: fc.array(fc.tuple(kinds, ids), { maxLength: 3 }),
      diesWith: fc.option(fc.tuple(kinds, ids), { nil: undefined }),
      managedBy: fc.option(fc.constantFrom('amazon-elb', 'nat'), { nil: undefined }),
    })
    .map(({ kind, number, vpc, holds, diesWith, managedBy, ...rest }) =>
      resource(kind, `${kind}-${number}`, {
        ...rest,
        ...(vpc === undefined ? {} : { vpc }),
        ...(managedBy === undefined ? {} : { managedBy }),
        ...(diesWith === undefined ? {} : { diesWith: reference(diesWith[0], `${diesWith[0]}-${diesWith[1]}`) }),
        holds: holds.map(([held, which]) => reference(held, `${held}-${which}`)),
      }),
    );

const account = (tags: readonly Readonly<Record<string, string>>[]) =>
  fc.uniqueArray(thing(tags), { selector: keyOf, maxLength: 40 });

const isOurs = (ownership: string | undefined): boolean => ownership === 'owned' || ownership === 'data';

test('without a mark of ours and without a record, nothing is ours, whatever it holds or goes with', () => {
  fc.assert(
    fc.property(account(decoys), (resources) => {
      const verdicts = judge(resources, evidenceOf());
      expect([...verdicts].filter(([, { class: ownership }]) => isOurs(ownership))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('beside a recorded VPC of ours, no decoy becomes ours by standing in it', () => {
  const home = resource('vpc', 'home', { tags: born });
  const evidence = evidenceOf({ vpcs: ['home'], ledger: [entry('vpc', 'home')] });
  fc.assert(
    fc.property(account(decoys), (resources) => {
      const inside = resources.map((one) => {
        const { diesWith: _, ...rest } = one;
        return one.vpc === undefined ? rest : { ...rest, vpc: 'home' };
      });
      const verdicts = judge([home, ...inside], evidence);
      expect([...verdicts].filter(([key, { class: ownership }]) => key !== keyOf(home) && isOurs(ownership))).toEqual(
        [],
      );
    }),
    { numRuns: 500 },
  );
});

/** What holds what on AWS: in an account where a key pair holds a role, the order in which they are judged would matter. */
const ties: Readonly<Partial<Record<CloudKind, readonly CloudKind[]>>> = {
  instance: ['volume', 'network-interface', 'security-group', 'subnet', 'instance-profile', 'address'],
  'network-interface': ['security-group', 'subnet', 'address', 'internet-gateway'],
  'load-balancer': ['security-group', 'subnet', 'target-group', 'certificate', 'address'],
  'security-group': ['security-group', 'vpc'],
  'instance-profile': ['role'],
  role: ['policy'],
};
const parents: Readonly<Partial<Record<CloudKind, readonly CloudKind[]>>> = {
  volume: ['instance'],
  'network-interface': ['instance', 'load-balancer', 'nat-gateway'],
  'security-group': ['vpc'],
  'route-table': ['vpc'],
};

function plausible(one: CloudResource): CloudResource {
  const { diesWith, ...rest } = one;
  const isParent = diesWith !== undefined && parents[one.kind]?.includes(diesWith.kind) === true;
  return {
    ...rest,
    holds: one.holds.filter(({ kind }) => ties[one.kind]?.includes(kind)),
    ...(isParent ? { diesWith } : {}),
  };
}

test('every listed thing has a verdict with a reason, and the order of the listing does not matter', () => {
  const evidence = evidenceOf({
    vpcs: ['vpc-1'],
    ledger: [entry('vpc', 'vpc-1'), entry('volume', 'volume-1'), entry('key-pair', 'key-pair-1', { keyPairId: 'a' })],
    terraform: [inState('subnet', 'subnet-2'), inState('role', 'role-1')],
  });
  const listings = account([...decoys, born, { 'platform/cluster': ours }]).chain((resources) => {
    const all = resources.map(plausible);
    return fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }));
  });
  fc.assert(
    fc.property(listings, ([resources, shuffled]) => {
      const verdicts = judge(resources, evidence);
      expect(verdicts.size).toBe(resources.length);
      for (const { because } of verdicts.values()) expect(because).not.toBe('');
      const again = judge(shuffled, evidence);
      for (const [key, { class: ownership }] of verdicts) expect(again.get(key)?.class, key).toBe(ownership);
    }),
    { numRuns: 300 },
  );
});
