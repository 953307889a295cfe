import type { PlatformEvent } from '../../src/engine/events.ts';
import type { AwsCall, Delays } from './world.ts';

/** What can be told of one measured teardown. All durations in milliseconds. */
export interface Teardown {
  /** From the start of the command to its end. */
  readonly wall: number;
  readonly exitCode: number;
  /** Work of each step, from the journal of the run. */
  readonly steps: Readonly<Record<string, number>>;
  /** From the first deletion of something that AWS takes time over, to the end of destroy-leftovers. */
  readonly sweep: number;
  /** From the moment when AWS was done with the last of them, to the end of destroy-leftovers. */
  readonly late: number;
  /** Until the run began: reading, planning, looking, the screen. */
  readonly before: number;
  /** Owned things in AWS that the run says it has removed. */
  readonly owned: number;
  readonly calls: Calls;
}

export interface Calls {
  readonly ours: number;
  readonly terraform: number;
  /** Controllers of the cluster, which the sandbox plays: not ours, and not counted. */
  readonly controllers: number;
  /** Ours and Terraform's by the phase in which they were made. */
  readonly phases: Readonly<Record<string, number>>;
  /** The most frequent, as `phase service:Action`. */
  readonly most: readonly (readonly [action: string, count: number])[];
}

/**
 * The least time that AWS takes, whatever we do, by the ties between what it ends: machines hold volumes, addresses, groups and subnets until
 * they have ended; interfaces of a load balancer hold groups and subnets after it. No tie holds one against the other, so both may pass at the same time.
 */
export const criticalPath = ({ shutdown, interfaces }: Delays): number => Math.max(shutdown, interfaces) * 1000;

/** Kinds of Kubernetes in the list of what was removed: AWS does not know them. */
const inKubernetes =
  /^(?:persistent-volume.*|ingress|service|gateway.*|target-group-binding|helm-release|rabbitmq-.*)$/;

interface Ending {
  readonly removed: readonly { readonly kind: string; readonly count: number }[];
  readonly timings: readonly { readonly step: string; readonly work: number }[];
}

export function describeTeardown(
  { events, code, wall, started }: Run,
  calls: readonly AwsCall[],
  delays: Delays,
): Teardown {
  const ending = events.find((event) => (event.type as string) === 'run.result') as unknown as Ending | undefined;
  const timings = ending?.timings ?? [];
  const swept = timeOf(events, 'step.done', 'destroy-leftovers') ?? Number.NaN;
  const times = (action: string): readonly number[] =>
    calls.filter((call) => call.action === action && call.status === 200).map(({ t }) => t * 1000);
  const machines = times('TerminateInstances').filter((time) => time <= swept);
  const balancers = times('DeleteLoadBalancer').filter((time) => time <= swept);
  const over = Math.max(
    ...machines.map((time) => time + delays.shutdown * 1000),
    ...balancers.map((time) => time + delays.interfaces * 1000),
  );
  return {
    wall,
    exitCode: code ?? -1,
    steps: Object.fromEntries(timings.map(({ step, work }) => [step, work])),
    sweep: swept - Math.min(...machines, ...balancers),
    late: swept - over,
    before: (events.find(({ type }) => type === 'run.created')?.at ?? Number.NaN) - started,
    owned: (ending?.removed ?? [])
      .filter(({ kind }) => !inKubernetes.test(kind))
      .reduce((sum, { count }) => sum + count, 0),
    calls: countCalls(calls, events),
  };
}

export interface Run {
  readonly events: readonly (PlatformEvent & { readonly at?: number })[];
  readonly code: number | null;
  readonly wall: number;
  /** Wall clock at its start, milliseconds since the epoch. */
  readonly started: number;
}

const timeOf = (events: Run['events'], type: string, step: string): number | undefined =>
  events.find((event) => event.type === type && 'step' in event && event.step === step)?.at;

/** The phases of a teardown that follow one another, each by the step with which it begins. */
const phases = [
  ['look', ''],
  ['inventory', 'run'],
  ['drain', 'destroy-suspend'],
  ['machines', 'destroy-machines'],
  ['load balancers', 'destroy-load-balancers'],
  // The foundation goes beside it: Terraform's own calls are told apart by who makes them.
  ['leftovers', 'destroy-leftovers'],
  ['before terraform', 'destroy-terraform-cluster'],
  ['orphans', 'destroy-orphans'],
  ['verify', 'destroy-verify'],
] as const;

function countCalls(calls: readonly AwsCall[], events: Run['events']): Calls {
  const isController = ({ agent }: AwsCall): boolean => /controller|driver/i.test(agent.split(' ')[0] ?? '');
  const isTerraform = ({ agent }: AwsCall): boolean => /terraform/i.test(agent);
  const counted = calls.filter((call) => !isController(call));
  const begin = (step: string): number => {
    if (step === '') return Number.NEGATIVE_INFINITY;
    const created = events.find(({ type }) => type === 'run.created')?.at;
    return (step === 'run' ? created : timeOf(events, 'step.checking', step)) ?? Number.POSITIVE_INFINITY;
  };
  const begins = phases.map(([name, step]) => ({ name, at: begin(step) }));
  const byPhase: Record<string, number> = {};
  const byAction: Record<string, number> = {};
  for (const call of counted) {
    const phase = isTerraform(call) ? 'terraform' : (begins.findLast(({ at }) => at <= call.t * 1000)?.name ?? 'look');
    byPhase[phase] = (byPhase[phase] ?? 0) + 1;
    const action = `${phase} ${call.service}:${call.action}${isTerraform(call) ? ' (Terraform)' : ''}`;
    byAction[action] = (byAction[action] ?? 0) + 1;
  }
  return {
    ours: counted.filter((call) => !isTerraform(call)).length,
    terraform: counted.filter(isTerraform).length,
    controllers: calls.length - counted.length,
    phases: byPhase,
    most: Object.entries(byAction)
      .toSorted(([, one], [, other]) => other - one)
      .slice(0, 25),
  };
}
