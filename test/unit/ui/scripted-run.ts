import type { DurableEvent, PlanRow, PlatformEvent, ShownEvent } from '../../../src/engine/events.ts';
import type { SimulatedClock } from '../../helpers/simulated-clock.ts';

export type Scripted = readonly [second: number, event: DurableEvent | ShownEvent];

const row = (
  step: string,
  title: string,
  action: PlanRow['action'],
  because: string,
  needs: readonly string[] = [],
): PlanRow => ({ step, title, action, because, needs });

/** What a plan of a half-built environment looks like. */
export const rows: readonly PlanRow[] = [
  row('state-backend', 'State backend and cluster id', 'keep', 'the bucket is there, with versions and encryption'),
  row('foundation', 'Foundation (bucket, addresses, certificate)', 'run', 'the configuration changed', [
    'state-backend',
  ]),
  {
    ...row('infrastructure', 'Infrastructure (network, role, machines)', 'run', '31 resources are missing', [
      'state-backend',
    ]),
    preview: Array.from(
      { length: 31 },
      (_, index) =>
        `create aws_instance.node["k8s-worker-${index + 1}"] in the subnet of its zone with an encrypted disk`,
    ),
  },
  ...['k8s-master', 'k8s-worker-1', 'k8s-storage'].map((node) => ({
    ...row(`machines/${node}`, `Machine reachable (${node})`, 'known-after', 'known after infrastructure', [
      'infrastructure',
    ]),
    after: ['infrastructure'],
  })),
  row('control-plane', 'Control plane', 'known-after', 'known after machines/k8s-master', ['machines/k8s-master']),
  row('cni', 'Pod network', 'known-after', 'known after control-plane', ['control-plane']),
  ...['k8s-worker-1', 'k8s-storage'].map((node) =>
    row(`join/${node}`, `Join (${node})`, 'known-after', `known after control-plane, machines/${node}`, [
      'control-plane',
      `machines/${node}`,
    ]),
  ),
  row('redis', 'Redis', 'known-after', 'known after cni', ['cni']),
  row('smoke', 'Smoke test', 'skip', 'left out by --skip smoke', ['redis']),
];

const failure = {
  code: 'NOT_READY_IN_TIME',
  message: 'rollout: not ready within 80s; last reason: 0 of 1 pods ready\nredis-0: Pending, 0/3 nodes are available',
  next: ['type the same command again to go on waiting', 'platform status'],
  class: 'permanent',
  facts: { probe: 'rollout', within: 80_000, namespace: 'data' },
} as const;

const intent = (step: string, because = 'does not exist'): DurableEvent => ({
  type: 'step.intent',
  step,
  attempt: 1,
  inputs: 'x',
  because,
});
const applied = (step: string, work: number): DurableEvent => ({
  type: 'step.applied',
  step,
  attempt: 1,
  output: {},
  work,
});
const done = (step: string, work: number, wait = 0): DurableEvent => ({
  type: 'step.done',
  step,
  attempt: 1,
  output: {},
  inputs: 'x',
  kept: false,
  because: 'applied',
  work,
  wait,
});
const waiting = (step: string, probe: string, because: string, elapsed: number, within: number): DurableEvent => ({
  type: 'probe.sample',
  step,
  probe,
  is: 'waiting',
  because,
  elapsed,
  within,
});

const begin: readonly Scripted[] = [
  [0, { type: 'run.message', level: 'warning', text: 'took over the lock of run r0: its process 4711 is dead' }],
  [0.1, { type: 'step.checking', step: 'state-backend' }],
  [0.3, { type: 'step.checking', step: 'foundation' }],
  [0.4, { type: 'step.checking', step: 'infrastructure' }],
  [
    1,
    {
      type: 'run.created',
      verb: 'up',
      environment: 'prod',
      version: '0.1.0',
      config: 'c',
      steps: rows.map(({ step, title, needs }) => ({ id: step, title, needs })),
    },
  ],
  [1, { type: 'plan.fixed', digest: 'd', rows }],
  [1, { ...done('state-backend', 0), kept: true, because: 'the bucket is there' } as DurableEvent],
  [1, { type: 'step.skipped', step: 'smoke', because: 'left out by --skip smoke', blockedBy: [] }],
  [1, intent('foundation', 'the configuration changed')],
  [1, intent('infrastructure', '31 resources are missing')],
  [
    2,
    {
      type: 'step.note',
      step: 'infrastructure',
      text: 'aws_instance.node["k8s-master"]: \u001b[1mstill creating\u001b[0m\n (10s)',
    },
  ],
  [4, done('foundation', 3000)],
  [8, applied('infrastructure', 7000)],
  [8, done('infrastructure', 7000)],
  [8, intent('machines/k8s-master')],
  [8, intent('machines/k8s-worker-1')],
  [8, intent('machines/k8s-storage')],
  [9, applied('machines/k8s-master', 1000)],
  [9, waiting('machines/k8s-storage', 'cloud-init', 'cloud-init runs: modules-final', 400, 600_000)],
  [10, waiting('machines/k8s-worker-1', 'ssh', 'port 22 of 203.0.113.17 refuses connections', 1000, 300_000)],
  [12, done('machines/k8s-master', 1000, 3000)],
  [12, intent('control-plane')],
];

/** Ends with one step failed and what needs it skipped. */
export const failing: readonly Scripted[] = [
  ...begin,
  [14, done('machines/k8s-worker-1', 1000, 5000)],
  [
    14,
    {
      type: 'step.retrying',
      step: 'control-plane',
      attempt: 1,
      delay: 5000,
      failure: { ...failure, code: 'UNREACHABLE', message: 'ssh: connection reset by 203.0.113.10' },
    },
  ],
  [19, intent('control-plane', 'attempt 1 failed')],
  [20, done('machines/k8s-storage', 1000, 11_000)],
  [31, done('control-plane', 12_000)],
  [31, intent('cni')],
  [31, intent('join/k8s-worker-1')],
  [31, { type: 'step.waiting', step: 'join/k8s-storage', because: 'join/k8s-worker-1 holds node/k8s-storage' }],
  [33, done('cni', 2000)],
  [33, intent('redis')],
  [34, applied('redis', 1000)],
  [35, waiting('redis', 'rollout', '0 of 1 pods ready', 1000, 80_000)],
  [38, done('join/k8s-worker-1', 7000)],
  [38, intent('join/k8s-storage')],
  [44, done('join/k8s-storage', 6000)],
  [114, { type: 'step.failed', step: 'redis', attempt: 1, failure, work: 1000, wait: 80_000 }],
  [114, { type: 'run.finished', ending: 'failed', exitCode: 11, wall: 113_000 }],
];

/** One Ctrl-C while the control plane is made, a second one 20 seconds later. */
export const cancelled: readonly Scripted[] = [
  ...begin,
  [15, { type: 'run.cancelling', budget: 60_000, awaited: [{ step: 'control-plane', policy: 'drain' }] }],
  [15, { type: 'signal.received', signal: 'SIGINT', count: 1 }],
  [35, { type: 'run.cancelling', budget: 60_000, awaited: [{ step: 'control-plane', policy: 'interrupt' }] }],
  [35, { type: 'signal.received', signal: 'SIGINT', count: 2 }],
  [38, { type: 'step.interrupted', step: 'control-plane', attempt: 1, because: 'cancelled: interrupt' }],
  [38, { type: 'run.finished', ending: 'interrupted', exitCode: 130, wall: 37_000 }],
];

export const stamped = (event: DurableEvent | ShownEvent, second = 0): PlatformEvent => ({
  ...event,
  at: 1_700_000_000_000 + second * 1000,
  run: 'r1',
});

/** Emits the script at its times; looks at the end of each second that is asked for. */
export async function play(
  script: readonly Scripted[],
  clock: SimulatedClock,
  emit: (event: PlatformEvent) => void,
  looks: Readonly<Record<number, () => void>> = {},
): Promise<void> {
  const happenings = [
    ...script.map(([second, event]) => [second, () => emit(stamped(event, second))] as const),
    ...Object.entries(looks).map(([second, look]) => [Number(second), look] as const),
  ].toSorted(([a], [b]) => a - b);
  const timeline = async (): Promise<void> => {
    for (const [second, happen] of happenings) {
      await clock.sleep(second * 1000 - clock.monotonic());
      happen();
    }
  };
  await clock.drive(timeline());
}
