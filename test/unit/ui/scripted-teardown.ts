import type { DurableEvent, PlanRow } from '../../../src/engine/events.ts';
import type { Scripted } from './scripted-run.ts';

const titles = {
  'destroy-inventory': 'Inventory of everything',
  'destroy-suspend': 'GitOps and autoscaling suspended',
  'destroy-workloads': 'Workloads and their volumes',
  'destroy-entrances': 'Load balancers, by their owners',
  'destroy-machines': 'Machines',
  'destroy-leftovers': 'What controllers left',
  'destroy-terraform-cluster': 'Terraform: cluster',
  'destroy-verify': 'Second scan',
} as const;
type Id = keyof typeof titles;

const row = (step: Id, needs: readonly Id[], action: PlanRow['action'] = 'run'): PlanRow => ({
  step,
  title: titles[step],
  action,
  because: 'asked for',
  needs,
});

const rows: readonly PlanRow[] = [
  row('destroy-inventory', []),
  row('destroy-suspend', ['destroy-inventory']),
  row('destroy-workloads', ['destroy-suspend']),
  row('destroy-entrances', ['destroy-suspend']),
  row('destroy-machines', ['destroy-workloads', 'destroy-entrances']),
  row('destroy-leftovers', ['destroy-machines']),
  row('destroy-terraform-cluster', ['destroy-leftovers']),
  row('destroy-verify', ['destroy-terraform-cluster']),
];

const begun = (step: Id): DurableEvent => ({
  type: 'step.intent',
  step,
  attempt: 1,
  inputs: 'x',
  because: 'asked for',
});
const done = (step: Id, work: number): DurableEvent => ({
  type: 'step.done',
  step,
  attempt: 1,
  output: {},
  inputs: 'x',
  kept: false,
  because: 'gone',
  work,
  wait: 0,
});
const deed = (step: Id, target: string, because: string, action = 'delete'): DurableEvent => ({
  type: 'step.audit',
  step,
  attempt: 1,
  action,
  target,
  because,
});
const note = (step: Id, text: string) => ({ type: 'step.note', step, text }) as const;
const ours = 'tag platform/cluster=shop-prod-x7k2m in recorded vpc-0d1e2f';

const begin: readonly Scripted[] = [
  [0.1, { type: 'step.checking', step: 'destroy-inventory' }],
  [
    1,
    {
      type: 'run.created',
      verb: 'destroy',
      environment: 'prod',
      version: '0.1.0',
      config: 'c',
      steps: rows.map(({ step, title, needs }) => ({ id: step, title, needs })),
    },
  ],
  [1, { type: 'plan.fixed', digest: 'd', rows }],
  [1, begun('destroy-inventory')],
  [1.2, note('destroy-inventory', '61 found, 48 of them ours')],
  [3, done('destroy-inventory', 2000)],
  [3, begun('destroy-suspend')],
  [3.5, deed('destroy-suspend', 'Application argocd/shop', 'it would recreate what is deleted', 'suspend')],
  [5, done('destroy-suspend', 2000)],
  [5, begun('destroy-workloads')],
  [5, begun('destroy-entrances')],
  [5.1, deed('destroy-entrances', 'Ingress argocd/argocd-server', 'in our own cluster')],
  [5.2, deed('destroy-entrances', 'Ingress monitoring/grafana', 'in our own cluster')],
  [5.3, note('destroy-entrances', 'waiting for load balancer k8s-shop-0a1b2c3d (Ingress argocd/argocd-server)')],
  [6, deed('destroy-workloads', 'PersistentVolumeClaim data/redis-0', 'in our own cluster, reclaim policy Delete')],
  [
    7,
    deed(
      'destroy-workloads',
      'PersistentVolumeClaim messaging/rabbitmq-0',
      'in our own cluster, reclaim policy Delete',
    ),
  ],
  [8, note('destroy-workloads', 'waiting for volume vol-0a1b2c3d4e5f60718 (PersistentVolumeClaim data/redis-0)')],
  ...Array.from(
    { length: 12 },
    (_, index): Scripted => [
      9 + index * 2,
      note('destroy-entrances', 'waiting for load balancer k8s-shop-0a1b2c3d (Ingress argocd/argocd-server)'),
    ],
  ),
  [20, done('destroy-workloads', 15_000)],
  [36, done('destroy-entrances', 31_000)],
  [36, begun('destroy-machines')],
  ...['i-0aa1', 'i-0bb2', 'i-0cc3', 'i-0dd4'].map(
    (id): Scripted => [36.1, deed('destroy-machines', `instance ${id}`, `recorded by infrastructure, ${ours}`)],
  ),
  [37, note('destroy-machines', '4 instances are shutting down')],
  [65, done('destroy-machines', 29_000)],
  [65, begun('destroy-leftovers')],
  [
    66,
    deed('destroy-leftovers', 'rule sgr-0e1 of security-group sg-0n0de', 'references sg-0e1b, which goes', 'revoke'),
  ],
  [66.1, deed('destroy-leftovers', 'security-group sg-0e1b', ours)],
  [66.2, deed('destroy-leftovers', 'security-group sg-0e1b', ours)],
  [66.3, deed('destroy-leftovers', 'volume vol-0a1\u001b[31m::x', ours)],
  [67, note('destroy-leftovers', 'waiting for security-group sg-0e1b <- network-interface eni-9f2')],
];

/** Ends well, after more than a minute on one thing. */
export const removing: readonly Scripted[] = [
  ...begin,
  [140, done('destroy-leftovers', 75_000)],
  [140, begun('destroy-terraform-cluster')],
  [141, note('destroy-terraform-cluster', 'aws_vpc.this: destroying')],
  [170, done('destroy-terraform-cluster', 30_000)],
  [170, begun('destroy-verify')],
  [173, done('destroy-verify', 3000)],
  [173, { type: 'run.finished', ending: 'done', exitCode: 0, wall: 172_000 }],
];

/** Ends with something that somebody else holds. */
export const leaving: readonly Scripted[] = [
  ...begin,
  [
    200,
    {
      type: 'step.failed',
      step: 'destroy-leftovers',
      attempt: 1,
      failure: {
        code: 'LEFTOVERS',
        message:
          '1 of ours is left and nothing moves any more: sg-0e1b <- eni-9f2 <- instance i-0foreign of another team',
        next: ['take eni-9f2 off sg-0e1b, then type the same command again'],
        class: 'permanent',
        facts: { left: 1 },
      },
      work: 135_000,
      wait: 0,
    },
  ],
  [200, { type: 'run.finished', ending: 'failed', exitCode: 13, wall: 199_000 }],
];
