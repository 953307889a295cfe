import { describe, expect, test } from 'vitest';
import type { Evidence, Ownership } from '../../../../src/steps/teardown/inventory-types.ts';
import { classify } from '../../../../src/steps/teardown/ownership.ts';
import type { CloudResource } from '../../../../src/tools/ports.ts';
import { born, entry, evidenceOf, inState, ours, reference, resource } from '../../../helpers/teardown-evidence.ts';

const home = resource('vpc', 'vpc-1', { tags: born });
const away = resource('vpc', 'vpc-2', { tags: born });
const known = { vpcs: ['vpc-1'], ledger: [entry('vpc', 'vpc-1')] };
const lbc = {
  'elbv2.k8s.aws/cluster': ours,
  'ingress.k8s.aws/stack': 'web/shop',
  'ingress.k8s.aws/resource': 'LoadBalancer',
};
const csi = { 'ebs.csi.aws.com/cluster': 'true', CSIVolumeName: 'pvc-1' };
const arn = 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/k8s-web-1/50dc6c495c0c9188';
const elb = {
  managedBy: 'amazon-elb',
  description: 'ELB app/k8s-web-1/50dc6c495c0c9188',
  vpc: 'vpc-1',
  diesWith: reference('load-balancer', arn),
};
const owner = (host: string, ...values: string[]): CloudResource =>
  resource('dns-record', `Z1/TXT/_platform-owner.${host}`, {
    record: { name: `_platform-owner.${host}`, type: 'TXT', values: values.map((one) => `"${one}"`) },
  });
const ourText = `heritage=platform,platform/cluster=${ours}`;

type Case = [
  title: string,
  thing: CloudResource,
  expected: Ownership,
  because: RegExp,
  evidence?: Partial<Evidence>,
  around?: readonly CloudResource[],
];

const check = (cases: readonly Case[]) => {
  test.each([...cases])('%s', (_, thing, expected, because, evidence = {}, around = []) => {
    const found = classify(thing, evidenceOf(evidence), around);
    expect(found.class, found.because).toBe(expected);
    expect(found.because).toMatch(because);
  });
};

describe('a VPC', () => {
  check([
    ['recorded, with our tags', home, 'owned', /recorded by step infrastructure, tag/, known],
    [
      'in the Terraform state, whatever its tags',
      resource('vpc', 'vpc-1'),
      'owned',
      /Terraform state/,
      { vpcs: ['vpc-1'], terraform: [inState('vpc', 'vpc-1')] },
    ],
    ['recorded, but its tags were taken off', resource('vpc', 'vpc-1'), 'unknown', /without tag/, known],
    [
      'recorded, but tagged as another cluster’s',
      resource('vpc', 'vpc-1', { tags: { 'platform/cluster': 'other' } }),
      'unknown',
      /another cluster/,
      known,
    ],
    ['unrecorded, the only one with our tags', home, 'owned', /on no other VPC/],
    ['unrecorded, one of two with our tags', home, 'unknown', /as have vpc-2/, {}, [home, away]],
    [
      'of a cluster of the same name, ours being recorded',
      away,
      'foreign',
      /ours is the recorded vpc-1/,
      known,
      [home, away],
    ],
    [
      'with our tags, the recorded one being gone: it may be another cluster’s',
      away,
      'unknown',
      /vpc-1 is gone/,
      known,
    ],
    [
      'with one copied tag only',
      resource('vpc', 'vpc-1', { tags: { 'platform/cluster': ours } }),
      'unknown',
      /all tags of its birth/,
    ],
    [
      'of another environment',
      resource('vpc', 'vpc-1', { tags: { ...born, 'platform/environment': 'prod' } }),
      'unknown',
      /contradicts/,
    ],
    [
      'shared, beside our own tag',
      resource('vpc', 'vpc-1', { tags: { 'platform/cluster': ours, [`kubernetes.io/cluster/${ours}`]: 'shared' } }),
      'shared',
      /shared/,
      known,
    ],
    [
      'of a foreign tree that only looks it up',
      resource('vpc', 'vpc-1'),
      'foreign',
      /the cluster stands in it/,
      { ...known, bringYourOwn: true },
    ],
    [
      'with all our tags, beside a tree of the user’s, which tags nothing for us',
      home,
      'foreign',
      /your own tree gives to no network/,
      { bringYourOwn: true },
    ],
    [
      'the default one of the account, recorded and tagged',
      resource('vpc', 'vpc-1', { tags: born, unique: { default: 'true' } }),
      'foreign',
      /default/,
      known,
    ],
  ]);
});

describe('what stands in a VPC', () => {
  const inHome = { vpc: 'vpc-1' };
  check([
    [
      'tagged, at home',
      resource('subnet', 'subnet-1', { ...inHome, tags: born }),
      'owned',
      /in our vpc-1/,
      known,
      [home],
    ],
    [
      'recorded, at home',
      resource('instance', 'i-1', inHome),
      'owned',
      /recorded/,
      { ...known, ledger: [...known.ledger, entry('instance', 'i-1')] },
      [home],
    ],
    [
      'in the state, at home',
      resource('security-group', 'sg-1', inHome),
      'owned',
      /Terraform state/,
      { ...known, terraform: [inState('security-group', 'sg-1')] },
      [home],
    ],
    ['unmarked, at home', resource('load-balancer', arn, inHome), 'unknown', /no mark/, known, [home]],
    [
      'of the controller, at home',
      resource('load-balancer', arn, { ...inHome, tags: lbc }),
      'owned',
      /elbv2/,
      known,
      [home],
    ],
    [
      'with the controller’s cluster tag copied by hand',
      resource('load-balancer', arn, { ...inHome, tags: { 'elbv2.k8s.aws/cluster': ours } }),
      'unknown',
      /no mark/,
      known,
      [home],
    ],
    [
      'of another cluster, at home',
      resource('target-group', 'arn:tg', { ...inHome, tags: { ...lbc, 'elbv2.k8s.aws/cluster': 'other' } }),
      'foreign',
      /elbv2.k8s.aws\/cluster=other/,
      known,
      [home],
    ],
    [
      'with our tags, in the VPC of a namesake',
      resource('load-balancer', arn, { vpc: 'vpc-2', tags: { ...lbc, ...born } }),
      'foreign',
      /in vpc-2/,
      known,
      [home, away],
    ],
    [
      'with our tags, in a VPC that no scan shows',
      resource('instance', 'i-1', { vpc: 'vpc-9', tags: born }),
      'foreign',
      /in vpc-9/,
      known,
      [home],
    ],
    [
      'with our tags, where two VPCs claim to be ours',
      resource('instance', 'i-1', { vpc: 'vpc-1', tags: born }),
      'unknown',
      /not proven ours/,
      {},
      [home, away],
    ],
    [
      'recorded, but in a VPC that is not ours',
      resource('instance', 'i-1', { vpc: 'vpc-9', tags: born }),
      'unknown',
      /in vpc-9, which is not ours/,
      { ...known, ledger: [...known.ledger, entry('instance', 'i-1')] },
      [home],
    ],
    [
      'recorded before its VPC was, by a cut apply',
      resource('instance', 'i-1', { vpc: 'vpc-9', tags: born }),
      'owned',
      /recorded/,
      { ledger: [entry('instance', 'i-1')] },
    ],
    [
      'tagged as ours and another’s',
      resource('instance', 'i-1', { ...inHome, tags: { ...born, 'kubernetes.io/cluster/other': 'owned' } }),
      'unknown',
      /another cluster/,
      known,
      [home],
    ],
    [
      'used by another cluster too',
      resource('subnet', 'subnet-1', { ...inHome, tags: { ...born, 'kubernetes.io/cluster/other': 'shared' } }),
      'shared',
      /other=shared/,
      known,
      [home],
    ],
    [
      'with an undefined value of the cluster tag',
      resource('security-group', 'sg-1', { ...inHome, tags: { [`kubernetes.io/cluster/${ours}`]: 'yes' } }),
      'unknown',
      /neither owned nor shared/,
      known,
      [home],
    ],
    [
      'tagged as ours, in a recorded VPC that another cluster took over',
      resource('subnet', 'subnet-1', { ...inHome, tags: born }),
      'unknown',
      /in vpc-1, which is not proven ours/,
      known,
      [resource('vpc', 'vpc-1', { tags: { 'platform/cluster': 'other' } })],
    ],
    [
      'the default group of our VPC',
      resource('security-group', 'sg-0', { ...inHome, diesWith: reference('vpc', 'vpc-1') }),
      'owned',
      /goes with vpc-1/,
      known,
      [home],
    ],
    [
      'the default group of a foreign VPC',
      resource('security-group', 'sg-0', { vpc: 'vpc-2', diesWith: reference('vpc', 'vpc-2') }),
      'foreign',
      /goes with vpc-2/,
      known,
      [home, away],
    ],
    [
      'an instance of an Auto Scaling group that copied our tags',
      resource('instance', 'i-9', { ...inHome, tags: { ...born, 'aws:autoscaling:groupName': 'g' } }),
      'foreign',
      /Auto Scaling/,
      known,
      [home],
    ],
    [
      'a NAT gateway with our tags',
      resource('nat-gateway', 'nat-1', { ...inHome, tags: born }),
      'unknown',
      /never makes a nat gateway/,
      known,
      [home],
    ],
    [
      'a NAT gateway of the user’s own tree',
      resource('nat-gateway', 'nat-1', inHome),
      'owned',
      /Terraform state/,
      { ...known, bringYourOwn: true, terraform: [inState('nat-gateway', 'nat-1')] },
      [home],
    ],
    [
      'a gateway that no VPC has yet',
      resource('internet-gateway', 'igw-1', { tags: born }),
      'owned',
      /tag/,
      known,
      [home],
    ],
    [
      'a gateway that no VPC has, beside a namesake',
      resource('internet-gateway', 'igw-1', { tags: born }),
      'unknown',
      /vpc-2 carries/,
      known,
      [home, away],
    ],
    [
      'of the controller, in a shared VPC that the user’s tree looks up',
      resource('load-balancer', arn, { ...inHome, tags: lbc }),
      'owned',
      /elbv2/,
      { ...known, bringYourOwn: true },
      [resource('vpc', 'vpc-1')],
    ],
    [
      'of a cluster of the same id, beside a tree of the user’s whose network is on no record',
      resource('load-balancer', arn, { ...inHome, tags: lbc }),
      'foreign',
      /not proven ours/,
      { bringYourOwn: true },
      [home],
    ],
    [
      'a target group that outlived its VPC',
      resource('target-group', 'arn:tg', { ...inHome, tags: lbc }),
      'owned',
      /in our vpc-1/,
      known,
    ],
  ]);
});

describe('a network interface', () => {
  const eni = resource('network-interface', 'eni-1', elb);
  const balancer = (tags: Record<string, string>) =>
    resource('load-balancer', arn, { vpc: 'vpc-1', tags, name: 'k8s-web-1' });
  check([
    ['of our load balancer', eni, 'owned', /works for load balancer k8s-web-1/, known, [home, balancer(lbc)]],
    ['of a load balancer that a person made', eni, 'unknown', /works for/, known, [home, balancer({})]],
    [
      'of our recorded load balancer, which is gone by now',
      eni,
      'owned',
      /worked for/,
      { ...known, ledger: [...known.ledger, entry('load-balancer', arn)] },
      [home],
    ],
    [
      'of a load balancer of the same name, but another hash',
      eni,
      'unknown',
      /nothing proves/,
      { ...known, ledger: [...known.ledger, entry('load-balancer', arn.replace('50dc', '60dc'))] },
      [home],
    ],
    [
      'of our load balancer’s name, in another VPC',
      resource('network-interface', 'eni-1', { ...elb, vpc: 'vpc-2' }),
      'foreign',
      /in vpc-2/,
      known,
      [home, away, balancer(lbc)],
    ],
    [
      'of a NAT gateway',
      resource('network-interface', 'eni-1', {
        vpc: 'vpc-1',
        managedBy: 'nat',
        diesWith: reference('nat-gateway', 'nat-1'),
      }),
      'unknown',
      /never uses/,
      known,
      [home, resource('nat-gateway', 'nat-1', { vpc: 'vpc-1' })],
    ],
    [
      'attached to our machine',
      resource('network-interface', 'eni-1', { vpc: 'vpc-1' }),
      'owned',
      /attached to i-1/,
      known,
      [
        home,
        resource('instance', 'i-1', { vpc: 'vpc-1', tags: born, holds: [reference('network-interface', 'eni-1')] }),
      ],
    ],
    [
      'attached to somebody’s machine in our VPC',
      resource('network-interface', 'eni-1', { vpc: 'vpc-1' }),
      'unknown',
      /attached to i-2/,
      known,
      [home, resource('instance', 'i-2', { vpc: 'vpc-1', holds: [reference('network-interface', 'eni-1')] })],
    ],
    ['made by hand', resource('network-interface', 'eni-1', { vpc: 'vpc-1' }), 'unknown', /no mark/, known, [home]],
  ]);
});

describe('a volume', () => {
  const pv = (retain: boolean) => ({
    volumes: new Map([['vol-1', { origin: 'PersistentVolumeClaim shop/data', retain }]]),
  });
  const machine = resource('instance', 'i-1', { vpc: 'vpc-1', tags: born, holds: [reference('volume', 'vol-1')] });
  const stranger = resource('instance', 'i-2', { vpc: 'vpc-9', holds: [reference('volume', 'vol-1')] });
  check([
    ['of somebody’s driver', resource('volume', 'vol-1', { tags: csi }), 'unknown', /of which cluster/, known, [home]],
    [
      'of our PersistentVolume',
      resource('volume', 'vol-1', { tags: csi }),
      'owned',
      /PersistentVolumeClaim shop\/data/,
      { ...known, ...pv(false) },
    ],
    [
      'of our PersistentVolume that keeps it',
      resource('volume', 'vol-1', { tags: csi }),
      'data',
      /Retain/,
      { ...known, ...pv(true) },
    ],
    [
      'made by hand, only used by our PersistentVolume',
      resource('volume', 'vol-1'),
      'unknown',
      /did not make it/,
      { ...known, ...pv(true) },
    ],
    [
      'of another cluster, imported by our PersistentVolume',
      resource('volume', 'vol-1', { tags: { ...csi, 'kubernetes.io/cluster/other': 'owned' } }),
      'foreign',
      /other=owned/,
      { ...known, ...pv(false) },
    ],
    [
      'of our driver by tag, with nothing that tells its policy',
      resource('volume', 'vol-1', { tags: { ...csi, ...born } }),
      'data',
      /nothing tells its reclaim policy/,
      known,
      [home],
    ],
    [
      'of a driver, attached to our machine',
      resource('volume', 'vol-1', { tags: csi }),
      'data',
      /attached to our i-1/,
      known,
      [home, machine],
    ],
    [
      'unmarked, attached to our machine',
      resource('volume', 'vol-1'),
      'unknown',
      /without any mark/,
      known,
      [home, machine],
    ],
    [
      'tagged as ours, attached to somebody’s machine',
      resource('volume', 'vol-1', { tags: born }),
      'unknown',
      /used by instance i-2/,
      known,
      [home, stranger],
    ],
    [
      'our root disk',
      resource('volume', 'vol-1', { tags: born, diesWith: reference('instance', 'i-1') }),
      'owned',
      /goes with i-1/,
      known,
      [home, machine],
    ],
    [
      'our root disk that outlived its machine',
      resource('volume', 'vol-1', { tags: born }),
      'owned',
      /tag/,
      known,
      [home],
    ],
    [
      'with our tag, beside a namesake',
      resource('volume', 'vol-1', { tags: { ...csi, ...born } }),
      'unknown',
      /vpc-2 carries the same id/,
      known,
      [home, away],
    ],
    [
      'of our PersistentVolume, beside a namesake',
      resource('volume', 'vol-1', { tags: { ...csi, ...born } }),
      'owned',
      /PersistentVolumeClaim shop/,
      { ...known, ...pv(false) },
      [home, away],
    ],
    [
      'recorded, beside a namesake',
      resource('volume', 'vol-1', { tags: { ...csi, ...born } }),
      'owned',
      /recorded/,
      { vpcs: ['vpc-1'], ledger: [...known.ledger, entry('volume', 'vol-1')], ...pv(false) },
      [home, away],
    ],
    [
      'with our tag, beside a namesake’s machine in the default VPC',
      resource('volume', 'vol-1', { tags: born }),
      'unknown',
      /i-7 carries the same id/,
      known,
      [home, resource('instance', 'i-7', { vpc: 'vpc-0', tags: born })],
    ],
  ]);
});

describe('what a Terraform state has by its name', () => {
  const role = (roleId: string, tags = {}) => resource('role', 'node', { unique: { roleId }, tags });
  const state = (unique?: Record<string, string>) => ({
    terraform: [{ ...inState('role', 'node'), ...(unique === undefined ? {} : { unique }) }],
  });
  const own = { bringYourOwn: true };
  check([
    [
      'is proven by what the state knows of it',
      role('AROA1'),
      'owned',
      /of the Terraform state/,
      state({ roleId: 'AROA1' }),
    ],
    [
      'is a later namesake where that differs: a tree of the user’s',
      role('AROA2'),
      'foreign',
      /later namesake: roleid AROA2 is not that of aws_role.this/,
      { ...state({ roleId: 'AROA1' }), ...own },
    ],
    ['and one of our roots', role('AROA2'), 'foreign', /later namesake/, state({ roleId: 'AROA1' })],
    [
      'but not with our tags in one of our roots: an apply was cut that made it anew',
      role('AROA2', born),
      'owned',
      /tag platform\/cluster/,
      state({ roleId: 'AROA1' }),
    ],
    ['an older state knows no more than the name', role('AROA2'), 'owned', /Terraform state/, { ...state(), ...own }],
    [
      'what the state knows counts more than an older record',
      role('AROA2'),
      'owned',
      /Terraform state/,
      { ...state({ roleId: 'AROA2' }), ledger: [entry('role', 'node', { roleId: 'AROA1' })] },
    ],
  ]);
});

describe('what stands in no VPC', () => {
  const key = resource('key-pair', `${ours}-key`, { unique: { keyPairId: 'key-1' }, tags: born });
  const bare = resource('key-pair', `${ours}-key`, { unique: { keyPairId: 'key-1' } });
  const later = { ledger: [entry('key-pair', `${ours}-key`, { keyPairId: 'key-0' })] };
  check([
    [
      'a key pair recorded with its id',
      bare,
      'owned',
      /recorded/,
      { ledger: [entry('key-pair', `${ours}-key`, { keyPairId: 'key-1' })] },
    ],
    ['a key pair made later under the same name', bare, 'foreign', /later namesake: keypairid key-1/, later],
    ['a later key pair under our tags', key, 'foreign', /later namesake/, later],
    [
      'a later key pair that the state has under our tags: a second life that was cut',
      key,
      'owned',
      /tag/,
      { ...later, terraform: [inState('key-pair', key.id)] },
    ],
    [
      'a later key pair that the state has by name only',
      bare,
      'foreign',
      /later namesake/,
      { ...later, terraform: [inState('key-pair', key.id)] },
    ],
    [
      'a key pair of both lives, recorded in each',
      key,
      'owned',
      /recorded/,
      { ledger: [...later.ledger, entry('key-pair', key.id, { keyPairId: 'key-1' })] },
    ],
    ['a role named like ours', resource('role', `${ours}-node`), 'unknown', /a name proves nothing/],
    [
      'a role by its recorded RoleId',
      resource('role', `${ours}-node`, { unique: { roleId: 'AROA1' } }),
      'owned',
      /recorded/,
      { ledger: [entry('role', 'AROA1', { roleId: 'AROA1' })] },
    ],
    [
      'a role of the recorded one’s name with another RoleId',
      resource('role', `${ours}-node`, { unique: { roleId: 'AROA2' } }),
      'foreign',
      /later namesake/,
      { ledger: [entry('role', 'AROA1', { roleId: 'AROA1' })] },
    ],
    [
      'our role in the hands of a foreign profile',
      resource('role', `${ours}-node`, { tags: born }),
      'unknown',
      /used by instance profile p/,
      {},
      [resource('instance-profile', 'p', { holds: [reference('role', `${ours}-node`)] })],
    ],
    [
      'our address on a foreign machine that is ending',
      resource('address', 'eipalloc-1', { tags: born }),
      'owned',
      /tag/,
      known,
      [
        home,
        resource('instance', 'i-2', { vpc: 'vpc-9', phase: 'going', holds: [reference('address', 'eipalloc-1')] }),
      ],
    ],
    [
      'a service-linked role',
      resource('role', 'AWSServiceRoleForElasticLoadBalancing', { tags: born }),
      'foreign',
      /by AWS/,
    ],
    ['a policy of AWS', resource('policy', 'arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy'), 'foreign', /by AWS/],
    ['a snapshot with our tags', resource('snapshot', 'snap-1', { tags: born }), 'data', /tag/],
    [
      'a snapshot of AWS Backup, which copied our tags',
      resource('snapshot', 'snap-1', { tags: { ...born, 'aws:backup:source-resource': 'x' } }),
      'foreign',
      /AWS Backup/,
    ],
    [
      'an address recorded by its allocation',
      resource('address', 'eipalloc-1', { unique: { address: '203.0.113.7' } }),
      'owned',
      /recorded/,
      { ledger: [entry('elastic-ip', 'eipalloc-1', { address: '203.0.113.7' })] },
    ],
    [
      'our address on a foreign machine',
      resource('address', 'eipalloc-1', { tags: born }),
      'unknown',
      /used by instance i-2/,
      known,
      [home, resource('instance', 'i-2', { vpc: 'vpc-9', holds: [reference('address', 'eipalloc-1')] })],
    ],
    [
      'an address of a namesake',
      resource('address', 'eipalloc-2', { tags: born }),
      'unknown',
      /carries the same id/,
      known,
      [home, away],
    ],
    ['an empty data bucket', resource('bucket', `${ours}-data-1`, { tags: born, empty: true }), 'owned', /tag/],
    [
      'a data bucket with backups',
      resource('bucket', `${ours}-data-1`, { tags: born, empty: false }),
      'data',
      /not empty/,
    ],
    [
      'a bucket of which nobody knows whether it is empty',
      resource('bucket', `${ours}-data-1`, { tags: born }),
      'data',
      /not empty/,
    ],
    [
      'the bucket of the Terraform state, empty and recorded',
      resource('bucket', 'platform-state-123456789012-eu-west-1-shop', { tags: born, empty: true }),
      'shared',
      /Terraform state/,
      { ledger: [entry('s3-bucket', 'platform-state-123456789012-eu-west-1-shop')] },
    ],
    [
      'a certificate with a similar name',
      resource('certificate', 'arn:cert', { name: 'shop.example.dev' }),
      'unknown',
      /no mark/,
    ],
    ['a certificate of ours', resource('certificate', 'arn:cert', { tags: born }), 'owned', /tag/],
  ]);
});

describe('a DNS record', () => {
  const alias = resource('dns-record', 'Z1/A/argocd.example.dev');
  check([
    ['beside our owner record', alias, 'owned', /owner record/, {}, [owner('argocd.example.dev', ourText)]],
    ['the owner record itself', owner('argocd.example.dev', ourText), 'owned', /owner record/],
    [
      'beside a namesake’s owner record',
      alias,
      'foreign',
      /owner record/,
      {},
      [owner('argocd.example.dev', ourText.replace(ours, 'shop-dev-zzzzz'))],
    ],
    [
      'beside an owner record that only begins like ours',
      alias,
      'foreign',
      /owner record/,
      {},
      [owner('argocd.example.dev', `${ourText}0`)],
    ],
    [
      'beside an owner record with two owners',
      alias,
      'unknown',
      /names us and more/,
      {},
      [owner('argocd.example.dev', ourText, 'heritage=other')],
    ],
    [
      'of a type that we never make',
      resource('dns-record', 'Z1/CNAME/argocd.example.dev'),
      'unknown',
      /never make/,
      {},
      [owner('argocd.example.dev', ourText)],
    ],
    [
      'beside another host’s owner record',
      resource('dns-record', 'Z1/A/www.example.dev'),
      'unknown',
      /no owner record/,
      {},
      [owner('argocd.example.dev', ourText)],
    ],
    [
      'of the same name in another zone',
      resource('dns-record', 'Z2/A/argocd.example.dev'),
      'unknown',
      /no owner record/,
      {},
      [owner('argocd.example.dev', ourText)],
    ],
    [
      'recorded, but its owner record is gone',
      alias,
      'unknown',
      /is gone/,
      { ledger: [entry('dns-record', alias.id, { owner: ours })] },
    ],
    [
      'of external-dns with our id',
      alias,
      'unknown',
      /no owner record/,
      {},
      [
        resource('dns-record', 'Z1/TXT/a-argocd.example.dev', {
          record: {
            name: 'a-argocd.example.dev',
            type: 'TXT',
            values: [`"heritage=external-dns,external-dns/owner=${ours}"`],
          },
        }),
      ],
    ],
    [
      'that Terraform made for the certificate',
      resource('dns-record', 'Z1/CNAME/_abc.example.dev'),
      'owned',
      /Terraform state foundation/,
      { terraform: [inState('dns-record', 'Z1/CNAME/_abc.example.dev', 'foundation')] },
    ],
  ]);
});
