import { expect, test } from 'vitest';
import { documentOf } from '../../../src/commands/status-orphans.ts';
import type { Finding, Inventory, KubernetesState } from '../../../src/steps/teardown/inventory-types.ts';
import { leftOf, orphansOf } from '../../../src/steps/teardown/orphans.ts';
import type { CloudKind, CloudResource, KubernetesObject } from '../../../src/tools/ports.ts';
import { orphansSchema } from '../../../src/steps/teardown/orphans-schema.ts';
import { orphansText } from '../../../src/ui/orphans-view.ts';
import { widthOf } from '../../../src/ui/text-width.ts';
import { expectToHold } from '../../helpers/holds-schema.ts';
import { golden, Recorder } from '../ui/golden.ts';

const because = 'tag platform/cluster=shop-prod-x7k2m in recorded vpc-0d1e2f';

const finding = (
  kind: CloudKind,
  id: string,
  resource: Partial<CloudResource> = {},
  rest: Partial<Finding> = {},
): Finding => ({
  resource: { kind, id, name: '', tags: {}, state: '', phase: 'live', unique: {}, holds: [], ...resource },
  class: 'owned',
  because,
  ...rest,
});

const object = (kind: string, namespace: string, name: string, rest: object = {}): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace, ...rest },
});

const answers = (objects: Partial<Extract<KubernetesState, { is: 'answers' }>['findings']> = {}): KubernetesState => ({
  is: 'answers',
  findings: {
    ingresses: [],
    services: [],
    gateways: [],
    claims: [],
    volumes: [],
    releases: [],
    operands: [],
    reconcilers: [],
    ...objects,
  },
});

const inventory = (findings: readonly Finding[], kubernetes: KubernetesState = answers()): Inventory => ({
  at: 0,
  clusterId: 'shop-prod-x7k2m',
  account: '123456789012',
  vpcs: ['vpc-0d1e2f'],
  findings,
  kubernetes,
  vanished: [],
  evidence: {
    clusterId: 'shop-prod-x7k2m',
    environment: 'prod',
    account: '123456789012',
    vpcs: ['vpc-0d1e2f'],
    ledger: [{ kind: 'dns-record', id: 'Z1/A/argocd.example.dev', unique: {}, step: 'dns' }],
    terraform: [],
    volumes: new Map(),
    hostnames: new Map(),
    bringYourOwn: false,
  },
});

const idsOf = (findings: readonly Finding[]): string[] => findings.map(({ resource }) => resource.id);
const balancer = 'arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/k8s-shop-0a1b/99';

test.each<readonly [string, Finding, KubernetesState]>([
  [
    'in a Terraform state',
    finding('instance', 'i-1', {}, { terraform: { root: 'cluster', address: 'aws_instance.a' } }),
    answers(),
  ],
  ['declared kept', finding('bucket', 'b', {}, { kept: 'holds the Terraform state' }), answers()],
  ['dies with its parent', finding('volume', 'v', { diesWith: { kind: 'instance', id: 'i-1' } }), answers()],
  ['taken away by AWS', finding('network-interface', 'e', { managedBy: 'amazon-elb' }), answers()],
  ['going already', finding('volume', 'v', { phase: 'going' }), answers()],
  ['a snapshot', finding('snapshot', 's', {}, { class: 'data' }), answers()],
  ['recorded by the step that makes it', finding('dns-record', 'Z1/A/argocd.example.dev'), answers()],
  ['of someone else', finding('volume', 'v', {}, { class: 'foreign' }), answers()],
  ['of nobody knows whom', finding('volume', 'v', {}, { class: 'unknown' }), answers()],
  ['shared', finding('security-group', 'g', {}, { class: 'shared' }), answers()],
  [
    'made for an Ingress that lives',
    finding('load-balancer', 'l', {}, { origin: 'Ingress web/shop' }),
    answers({ ingresses: [object('Ingress', 'web', 'shop')] }),
  ],
  [
    'made for a group of Ingresses, by annotation',
    finding('load-balancer', 'l', {}, { origin: 'Ingress group g' }),
    answers({
      ingresses: [object('Ingress', 'web', 'shop', { annotations: { 'alb.ingress.kubernetes.io/group.name': 'g' } })],
    }),
  ],
  [
    'made for a group of Ingresses, by finalizer',
    finding('load-balancer', 'l', {}, { origin: 'Ingress group g' }),
    answers({ ingresses: [object('Ingress', 'web', 'shop', { finalizers: ['group.ingress.k8s.aws/g'] })] }),
  ],
  [
    'made for a claim that lives',
    finding('volume', 'v', {}, { origin: 'PersistentVolumeClaim data/redis-0' }),
    answers({ claims: [object('PersistentVolumeClaim', 'data', 'redis-0')] }),
  ],
  [
    'held by a PersistentVolume that lives',
    finding('volume', 'vol-1', {}, { class: 'data', origin: 'PersistentVolumeClaim data/gone' }),
    answers({ volumes: [{ ...object('PersistentVolume', '', 'pv'), spec: { csi: { volumeHandle: 'vol-1' } } }] }),
  ],
  [
    'the shared group while an entrance lives',
    finding('security-group', 'g', { tags: { 'elbv2.k8s.aws/resource': 'backend-sg' } }),
    answers({ services: [object('Service', 'web', 'shop')] }),
  ],
])('no orphan: %s', (_, one, kubernetes) => {
  expect(orphansOf(inventory([one], kubernetes))).toEqual({ orphans: [], undecided: [] });
});

test.each<readonly [string, Finding, KubernetesState]>([
  ['in no state and made by nobody', finding('instance', 'i-1'), answers()],
  [
    'made for an Ingress that is gone, while one of the same name lives elsewhere',
    finding('load-balancer', 'l', {}, { origin: 'Ingress web/shop' }),
    answers({ ingresses: [object('Ingress', 'other', 'shop')], services: [object('Service', 'web', 'shop')] }),
  ],
  [
    'made for a group that nobody is in',
    finding('load-balancer', 'l', {}, { origin: 'Ingress group g' }),
    answers({ ingresses: [object('Ingress', 'web', 'shop')] }),
  ],
  ['a kept volume whose PersistentVolume is gone', finding('volume', 'vol-1', {}, { class: 'data' }), answers()],
  [
    'the shared group without any entrance',
    finding('security-group', 'g', { tags: { 'elbv2.k8s.aws/resource': 'backend-sg' } }),
    answers(),
  ],
  ['a record that no step recorded', finding('dns-record', 'Z1/A/old.example.dev'), answers()],
  [
    'made for an Ingress, when no control plane is left',
    finding('load-balancer', 'l', {}, { origin: 'Ingress web/shop' }),
    { is: 'left-out', because: 'no machine of the control plane is left' },
  ],
])('an orphan: %s', (_, one, kubernetes) => {
  expect(idsOf(orphansOf(inventory([one], kubernetes)).orphans)).toEqual([one.resource.id]);
});

test('where the cluster does not answer, what a controller made is not judged, and the rest is', () => {
  const made = finding('load-balancer', 'l', {}, { origin: 'Ingress web/shop' });
  const lost = finding('instance', 'i-1');
  const found = orphansOf(inventory([made, lost], { is: 'unreachable', because: 'refused' }));
  expect(idsOf(found.undecided)).toEqual(['l']);
  expect(idsOf(found.orphans)).toEqual(['i-1']);
});

test('what an unfinished teardown has before it: all that is ours, but what is kept, what AWS takes away and what dies with its parent', () => {
  const left = leftOf(
    inventory([
      finding('instance', 'i-1', {}, { terraform: { root: 'cluster', address: 'aws_instance.a' } }),
      finding('volume', 'root', { diesWith: { kind: 'instance', id: 'i-1' } }),
      finding('bucket', 'b', {}, { kept: 'holds the Terraform state' }),
      finding('volume', 'v', {}, { class: 'foreign' }),
      finding('network-interface', 'e', { managedBy: 'amazon-elb' }),
    ]),
  );
  expect(idsOf(left)).toEqual(['i-1']);
});

const place = { environment: 'prod', target: 'aws', region: 'ap-northeast-2' };
const group = finding('security-group', 'sg-0e1b', { name: 'k8s-web-shop' }, { origin: 'Ingress web/shop' });
const strange = [
  finding(
    'load-balancer',
    balancer,
    { name: 'k8s-shop-0a1b', holds: [group.resource] },
    { origin: 'Ingress web/shop' },
  ),
  group,
  finding(
    'volume',
    'vol-0a1b2c3d4e5f60718',
    { gigabytes: 200 },
    { class: 'data', origin: 'PersistentVolumeClaim data/redis-0', because: `${because}, reclaim policy Retain` },
  ),
  finding('volume', 'vol-0c3', {}, { class: 'unknown' }),
];

test.each([
  ['orphans', inventory(strange), [], 13],
  ['unfinished', inventory(strange), ['destroy-leftovers'], 13],
  [
    'undecided',
    inventory(strange.slice(0, 2), { is: 'unreachable', because: 'https://203.0.113.10:6443: connect ECONNREFUSED' }),
    [],
    11,
  ],
  [
    'none',
    inventory([finding('instance', 'i-1', {}, { terraform: { root: 'cluster', address: 'aws_instance.a' } })]),
    [],
    0,
  ],
  ['never-built', { ...inventory([]), clusterId: '' }, [], 0],
] as const)('the screen at 80 columns and the document: %s', async (name, inventory, open, exitCode) => {
  const document = expectToHold(orphansSchema, await documentOf(inventory, open, place));
  expect(document.exitCode).toBe(exitCode);
  const text = orphansText(document, { environment: {}, stderr: new Recorder() }, false);
  expect(Math.max(...text.split('\n').map(widthOf))).toBeLessThanOrEqual(80);
  await expect(text).toMatchFileSnapshot(golden(`teardown/orphans-${name}.txt`));
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(golden(`teardown/orphans-${name}.json`));
});

test('an id that AWS did not make is never part of a command to paste', async () => {
  const document = await documentOf(inventory([finding('volume', 'x; rm -rf ~')]), [], place);
  const text = orphansText(document, { environment: {}, stderr: new Recorder() }, false);
  expect(text).not.toContain('aws ec2');
  expect(text).toContain('Next: delete volume x; rm -rf ~ in the console of AWS');
});
