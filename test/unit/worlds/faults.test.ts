import { describe, expect, test } from 'vitest';
import type { Wishes } from '../../worlds/generate/generate.ts';
import { denied, expiredCredentials, serverErrors, throttling } from '../../worlds/memory-aws/faults.ts';
import { playWorld } from '../../worlds/property.ts';
import type { World } from '../../worlds/world.ts';

/** One thing is wrong with a whole platform: how the first run ends, what it says, and how it ends once that was heeded. */
interface Case {
  readonly fault: string;
  readonly wishes?: Partial<Wishes>;
  readonly change?: (world: World) => void;
  /** Exit code and error code; '0' where the fault is got over. */
  readonly ends: string;
  readonly says?: RegExp;
  readonly next?: RegExp;
}

const without = (world: World): void => {
  world.choices = { ...world.choices, awsOnly: true };
};
const forced = (world: World): void => {
  world.choices = { ...world.choices, forceFinalizers: true };
};

const cases: readonly Case[] = [
  { fault: 'a burst of throttling', change: ({ aws }) => void (aws.faults = [throttling(20, 15)]), ends: '0' },
  { fault: 'every fifth call fails inside AWS', change: ({ aws }) => void (aws.faults = [serverErrors(5)]), ends: '0' },
  {
    fault: 'listings that lag by eight seconds',
    change: ({ aws }) => void (aws.delays = { ...aws.delays, stale: 8000 }),
    ends: '0',
  },
  {
    fault: 'volumes may not be listed',
    change: ({ aws }) => void (aws.faults = [denied('volume', 'list')]),
    ends: '10 AWS',
    says: /volumes cannot be listed/,
    next: /allow ec2:/,
  },
  {
    fault: 'load balancers may not be deleted',
    change: (world) => {
      without(world);
      world.aws.faults = [denied('load-balancer', 'remove')];
    },
    ends: '10 AWS',
    says: /may not .*DeleteLoadBalancer/,
    next: /allow/,
  },
  {
    fault: 'credentials that expire midway',
    change: ({ aws }) => void (aws.faults = [expiredCredentials(110)]),
    ends: '4 CREDENTIALS',
    says: /expired/,
    next: /log in/i,
  },
  { fault: 'deletion protection, through Kubernetes', wishes: { protected: true }, ends: '0' },
  { fault: 'deletion protection, by tags', wishes: { protected: true }, change: without, ends: '0' },
  {
    fault: 'a dead load balancer controller',
    wishes: { dead: ['alb'] },
    ends: '13 LEFTOVERS',
    says: /Ingress .*aws-load-balancer-controller has no ready pod/,
    next: /--force-finalizers|--aws-only/,
  },
  { fault: 'a dead load balancer controller, finalizers forced', wishes: { dead: ['alb'] }, change: forced, ends: '0' },
  {
    fault: 'a dead volume driver: AWS is asked for the volumes once the machines are gone',
    wishes: { dead: ['ebs'] },
    ends: '0',
  },
  {
    fault: 'a dead operator',
    wishes: { dead: ['rabbit'] },
    ends: '13 LEFTOVERS',
    says: /RabbitmqCluster .*rabbitmq-cluster-operator has no ready pod/,
    next: /--force-finalizers/,
  },
  {
    fault: 'a finalizer of nobody that is known',
    change: ({ cluster }) =>
      void cluster.find('Ingress', 'argocd', 'argocd')?.metadata.finalizers.push('example.com/mine'),
    ends: '13 LEFTOVERS',
    says: /example\.com\/mine, of a controller that platform does not know/,
    next: /--aws-only/,
  },
  {
    fault: 'an API that dies in the middle',
    change: ({ cluster }) => void (cluster.diesAfter = 60),
    ends: '10 UNREACHABLE',
    says: /cannot be reached/,
    next: /--aws-only/,
  },
  {
    fault: "somebody else's cluster behind our kubeconfig",
    change: (world) => void (world.reached = 'decoy'),
    ends: '8 IDENTITY_MISMATCH',
    says: /is not the recorded one/,
    next: /--aws-only/,
  },
];

describe('one thing is wrong', () => {
  test.for(cases)('$fault', { timeout: 60_000 }, async ({ wishes = {}, change, ends, says, next }) => {
    const whole: Wishes = {
      calm: true,
      whole: true,
      decoys: ['another cluster', 'volumes of other clusters'],
      ...wishes,
    };
    const { endings, problems } = await playWorld(7, whole, (world) => {
      world.choices = { ...world.choices, forceFinalizers: false, keepFoundation: false };
      change?.(world);
    });
    expect(problems).toEqual([]);
    const [first] = endings;
    expect(`${first?.exitCode}${first?.failure === undefined ? '' : ` ${first.failure.code}`}`).toBe(ends);
    if (says !== undefined) expect(first?.failure?.message).toMatch(says);
    if (next !== undefined) expect(first?.failure?.next.join('\n')).toMatch(next);
    expect(endings.at(-1)?.exitCode).toBe(0);
  });
});
