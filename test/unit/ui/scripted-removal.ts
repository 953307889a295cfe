import type { PlatformConfig } from '../../../src/config/config.ts';
import { criticalPathOf, type Timing } from '../../../src/engine/critical-path.ts';
import type { Plan } from '../../../src/engine/plan-run.ts';
import type { RunResult } from '../../../src/engine/run-options.ts';
import type { ShownTeardown, TeardownFlags } from '../../../src/ui/teardown-view.ts';

const some = (kind: string, count: number) => ({ kind, count });

/** A cluster of four machines in an account that others use too. */
export const teardown: ShownTeardown = {
  environment: 'prod',
  cluster: 'shop-prod-x7k2m',
  account: '123456789012',
  kubernetes: { is: 'answers', because: '' },
  counts: [
    { kind: 'rabbitmq-cluster', class: 'owned', count: 1 },
    { kind: 'persistent-volume-claim', class: 'owned', count: 6 },
    { kind: 'ingress', class: 'owned', count: 2 },
    { kind: 'helm-release', class: 'owned', count: 7 },
    { kind: 'instance', class: 'owned', count: 4 },
    { kind: 'load-balancer', class: 'owned', count: 1 },
    { kind: 'load-balancer', class: 'foreign', count: 1 },
    { kind: 'target-group', class: 'owned', count: 3 },
    { kind: 'network-interface', class: 'owned', count: 7 },
    { kind: 'network-interface', class: 'foreign', count: 1 },
    { kind: 'volume', class: 'owned', count: 6 },
    { kind: 'volume', class: 'data', count: 2 },
    { kind: 'volume', class: 'unknown', count: 3 },
    { kind: 'address', class: 'owned', count: 1 },
    { kind: 'security-group', class: 'owned', count: 4 },
    { kind: 'security-group', class: 'shared', count: 1 },
    { kind: 'vpc', class: 'owned', count: 1 },
    { kind: 'certificate', class: 'owned', count: 1 },
    { kind: 'dns-record', class: 'owned', count: 6 },
    { kind: 'dns-record', class: 'foreign', count: 12 },
    { kind: 'bucket', class: 'data', count: 1 },
    { kind: 'bucket', class: 'owned', count: 1 },
    { kind: 'policy', class: 'owned', count: 3 },
    { kind: 'auto-scaling-group', class: 'foreign', count: 1 },
  ],
  steps: [
    { step: 'destroy-operators', title: 'Resources of operators', removes: [some('rabbitmq-cluster', 1)] },
    {
      step: 'destroy-workloads',
      title: 'Workloads and their volumes',
      removes: [some('persistent-volume-claim', 6), some('volume', 6)],
    },
    {
      step: 'destroy-entrances',
      title: 'Ingresses, load balancers',
      removes: [some('ingress', 2), some('load-balancer', 1), some('target-group', 3)],
    },
    { step: 'destroy-releases', title: 'Helm releases', removes: [some('helm-release', 7)] },
    { step: 'destroy-machines', title: 'Machines', removes: [some('instance', 4)] },
    {
      step: 'destroy-leftovers',
      title: 'What controllers left behind',
      removes: [some('network-interface', 7), some('security-group', 3), some('dns-record', 6)],
    },
    {
      step: 'destroy-terraform-cluster',
      title: 'Terraform: cluster',
      removes: [some('vpc', 1), some('security-group', 1), some('policy', 3)],
    },
    { step: 'destroy-terraform-foundation', title: 'Terraform: foundation', removes: [some('address', 1)] },
    {
      step: 'destroy-orphans',
      title: 'What is in no state, nor made by a controller',
      removes: [some('certificate', 1)],
    },
  ],
  kept: [
    {
      kind: 'bucket',
      id: 'shop-prod-x7k2m-data-123456789012',
      name: '',
      because: 'data: --delete-data was not given',
      cost: 'cents',
    },
    {
      kind: 'volume',
      id: 'vol-0a1b2c3d4e5f60718',
      name: 'PersistentVolumeClaim monitoring/prometheus-db-0',
      because: 'data: --delete-data was not given',
      cost: 'dollars',
    },
    {
      kind: 'volume',
      id: 'vol-0b2c3d4e5f6071829',
      name: '',
      because: 'data: --delete-data was not given',
      cost: 'tens of dollars',
    },
    {
      kind: 'bucket',
      id: 'platform-state-123456789012-ap-northeast-2-shop',
      name: 'platform-state-123456789012-ap-northeast-2-shop',
      because: 'holds the Terraform state',
      cost: 'cents',
    },
  ],
  refused: [
    {
      kind: 'auto-scaling-group',
      id: 'arn:aws:autoscaling:ap-northeast-2:123456789012:autoScalingGroup:x:autoScalingGroupName/batch',
      name: 'batch',
      class: 'unknown',
      because: 'a kind that platform never makes, in recorded vpc-0d1e2f',
      chain: ['subnet-0aa1', 'auto scaling group batch'],
    },
    {
      kind: 'network-interface',
      id: 'eni-0f2e3d4c5b6a79880',
      name: 'batch of the data team',
      class: 'foreign',
      because: 'tag kubernetes.io/cluster/other=owned names another cluster',
      chain: ['sg-0e1b', 'eni-0f2e3d4c5b6a79880'],
    },
    ...['vol-0c3', 'vol-0d4', 'vol-0e5'].map((id) => ({
      kind: 'volume',
      id,
      name: '',
      class: 'unknown',
      because: 'ebs.csi.aws.com/cluster=true names a driver, not a cluster',
      chain: [],
    })),
    {
      kind: 'dns-record',
      id: 'Z1/A/www.example.dev',
      name: 'www.example.dev',
      class: 'foreign',
      because: 'owner record names another cluster',
      chain: [],
    },
  ],
  blocks: [
    ['sg-0e1b', 'eni-9f2', 'load balancer k8s-shop-0a1b2c3d4e', 'Ingress argocd/argocd-server'],
    ['certificate example.dev', 'load balancer k8s-shop-0a1b2c3d4e', 'Ingress argocd/argocd-server'],
  ],
  expected: { milliseconds: 432_000, from: 'the median of 3 earlier teardowns' },
  problems: [],
};

/** What --backup volumes puts before it. */
export const saving: ShownTeardown['steps'] = [
  { step: 'destroy-backup', title: 'Last snapshot of etcd', removes: [], makes: [some('etcd-snapshot', 1)] },
  { step: 'destroy-snapshots', title: 'Snapshots of volumes', removes: [], makes: [some('snapshot', 6)] },
];

/** What it leaves. */
export const backups: ShownTeardown['kept'] = [
  'monitoring/prometheus-db-0',
  'rabbitmq/persistence-rabbitmq-server-0',
].map((name, index) => ({
  kind: 'snapshot',
  id: `snap-0a1b2c3d4e5f6071${index}`,
  name,
  because: 'backup: --delete-data was not given',
  cost: 'dollars',
}));

export const flags: TeardownFlags = {
  color: false,
  region: 'ap-northeast-2',
  sandbox: false,
  protected: false,
  command: 'destroy --cleanup',
};

export const config = {
  environment: 'prod',
  target: 'aws',
  region: 'ap-northeast-2',
  root: '/home/ada/shop',
  stateFolder: '/home/ada/shop/.platform/prod',
} as unknown as PlatformConfig;

export const plan = { version: 1, verb: 'destroy', environment: 'prod', rows: [] } as unknown as Plan;

const timings: readonly Timing[] = [
  { step: 'destroy-inventory', needs: [], work: 4000, wait: 0 },
  { step: 'destroy-suspend', needs: ['destroy-inventory'], work: 2000, wait: 0 },
  { step: 'destroy-workloads', needs: ['destroy-suspend'], work: 41_000, wait: 0 },
  { step: 'destroy-entrances', needs: ['destroy-suspend'], work: 92_000, wait: 0 },
  { step: 'destroy-machines', needs: ['destroy-workloads', 'destroy-entrances'], work: 64_000, wait: 0 },
  { step: 'destroy-leftovers', needs: ['destroy-machines'], work: 38_000, wait: 0 },
  { step: 'destroy-terraform-cluster', needs: ['destroy-leftovers'], work: 47_000, wait: 0 },
  { step: 'destroy-verify', needs: ['destroy-terraform-cluster'], work: 5000, wait: 0 },
];

export const result = (extra: Partial<RunResult> = {}): RunResult => ({
  run: '2026-11-21T10-00-00-abcd',
  ending: 'done',
  exitCode: 0,
  failures: [],
  done: timings.map(({ step }) => step),
  kept: [],
  skipped: [],
  open: [],
  wall: 252_000,
  timings,
  criticalPath: criticalPathOf(timings, 252_000, 8),
  ...extra,
});

export const leftovers = {
  code: 'LEFTOVERS',
  message:
    'nothing moves any more, and 3 of ours are left: security group k8s-web (sg-0e1b): sg-0e1b <- eni-0f2e3d4c5b6a79880 <- i-0foreign1 <- Ingress web/shop (DependencyViolation: resource sg-0e1b has a dependent object); VPC vpc-0d1e2f: vpc-0d1e2f <- sg-0e1b <- eni-0f2e3d4c5b6a79880; certificate example.dev (8d7c)',
  next: [
    'have the owner of i-0foreign1 take it away: it is not ours (tag team=data)',
    'then run the same command again: it goes on with what is left',
  ],
  class: 'permanent',
  facts: { left: 3 },
} as const;
