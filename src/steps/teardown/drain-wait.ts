import { PlatformError } from '../../errors.ts';
import type { ClusterReader, ClusterWriter, KubernetesObject } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import { fieldOf, textOf } from '../probes/fields.ts';
import type { StepContext } from '../kit.ts';
import { nameOf, referenceTo } from './drain-world.ts';
import { controllersIn, holdsOf, stuckNamespace } from './finalizers.ts';
import type { Hold } from './finalizers.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/** One object that is still there, and why. */
interface Left {
  readonly object: KubernetesObject;
  readonly holds: readonly Hold[];
  /** What its controller, or Kubernetes, says of it. */
  readonly because?: string;
  /** Waiting for it cannot help, and need not: what stands in AWS for it is swept later. */
  readonly passed?: true;
}

/** What an object may be judged by. */
export interface Seen {
  /** The latest warning about it since it was to go. */
  readonly warning: string | undefined;
  /** Whether none of the workloads of that name will do its work: not installed, or without a ready pod for longer than a restart takes. */
  isDead(controller: string): boolean;
}

export interface Phase {
  /** 'entrances': for notes and errors. */
  readonly what: string;
  /** No change for so long is the end. */
  readonly noProgressFor?: number;
  /** Deletes what is not deleted yet; what is still there afterwards. */
  round(): Promise<readonly KubernetesObject[]>;
  /** Whether it may be left behind, and what is known of it. */
  judge?(object: KubernetesObject, seen: Seen): Pick<Left, 'because' | 'passed'>;
}

/** A controller may be between two pods: so long it is only silent, then it is dead. */
const silenceOfController = seconds(30);
const defaultPatience = minutes(5);
/** However much seems to move: no phase of ours takes longer. */
const budget = minutes(20);

/**
 * Deletes and waits until nothing is left but what may be passed over, which is returned. What nobody will ever let go of is named: LEFTOVERS, with
 * the whole chain; with --force-finalizers it is let go, audited.
 */
export async function drain(ctx: StepContext, cluster: ClusterWriter, phase: Phase): Promise<readonly Left[]> {
  const since = ctx.clock.monotonic();
  let changed = since;
  let before = '';
  for (;;) {
    stopIfAborted(ctx.signal);
    const objects = await phase.round();
    if (objects.length === 0) return [];
    const left = await explain(cluster, objects, phase, ctx.clock.monotonic() - changed);
    const now = ctx.clock.monotonic();
    const state = JSON.stringify(left.map((one) => [one.object.metadata.uid, describe(one)]));
    if (state !== before) changed = now;
    before = state;
    const spell = now - changed;

    const waiting = left.filter(({ passed }) => passed !== true);
    if (waiting.length === 0) return left;
    const dead = waiting.filter(({ holds }) => holds.some((hold) => isDead(hold, spell)));
    const isForced = ctx.config.teardown?.forceFinalizers === true;
    if (isForced) for (const one of dead) await release(ctx, cluster, one, spell);
    const isHopeless = !isForced && dead.length === waiting.length;
    const isStill = spell >= (phase.noProgressFor ?? defaultPatience);
    const isOver = now - since >= budget;
    if (isHopeless || isStill || isOver) {
      const because = isStill
        ? ` (unchanged for ${shortSpell(spell)})`
        : isOver && !isHopeless
          ? ` (after ${shortSpell(now - since)}, though they still change)`
          : '';
      throw leftovers(`${phase.what} do not go away${because}`, phase.what, waiting, {
        isDeadController: dead.length > 0,
        namespaces: await stuckNamespaces(cluster),
      });
    }
    ctx.note(summary(phase.what, waiting, spell));
    await ctx.clock.sleep(pauseAfter(spell), ctx.signal);
  }
}

/** Objects with their finalizers judged, and the latest warning about each since it was to go. `spell`: milliseconds without a change. */
export async function explain(
  cluster: ClusterReader,
  objects: readonly KubernetesObject[],
  phase: Pick<Phase, 'judge'>,
  spell = 0,
): Promise<readonly Left[]> {
  const namespaces = [...new Set(objects.map(({ metadata }) => metadata.namespace ?? 'default'))];
  const [controllers, ...events] = await Promise.all([
    controllersIn(cluster),
    ...namespaces.map((namespace) => cluster.list({ apiVersion: 'v1', kind: 'Event', namespace })),
  ]);
  const warnings = events.flat();
  const isDead = (name: string): boolean => {
    const installed = controllers.filter((one) => one.name === name);
    return installed.length === 0 || (spell >= silenceOfController && installed.every(({ ready }) => ready === 0));
  };
  return objects.map((object) => {
    const warning = latestWarning(object, warnings);
    const because = warning === undefined ? {} : { because: warning };
    return { object, holds: holdsOf(object, controllers), ...because, ...phase.judge?.(object, { warning, isDead }) };
  });
}

/** What was said before the deletion is about another matter. Ids of requests differ at every try and are no progress. */
function latestWarning(object: KubernetesObject, events: readonly KubernetesObject[]): string | undefined {
  const since = object.metadata.deletionTimestamp;
  if (since === undefined) return undefined;
  const when = (event: KubernetesObject): string => textOf(event, 'lastTimestamp') ?? textOf(event, 'eventTime') ?? '';
  const latest = events
    .filter(
      (event) =>
        textOf(event, 'type') === 'Warning' &&
        fieldOf(event, 'involvedObject', 'uid') === object.metadata.uid &&
        when(event) >= since,
    )
    .toSorted((one, other) => when(one).localeCompare(when(other)))
    .at(-1);
  return textOf(latest, 'message')?.replaceAll(/,? ?request ?id: [\w-]+/gi, '');
}

/** Who is not installed at all will not come; anybody else is given the time of a restart. */
const isDead = ({ is }: Hold, spell: number): boolean =>
  is === 'orphaned' || (is !== 'served' && spell >= silenceOfController);

async function release(
  ctx: StepContext,
  cluster: ClusterWriter,
  { object, holds }: Left,
  spell: number,
): Promise<void> {
  const dead = holds.filter((hold) => isDead(hold, spell));
  for (const hold of dead)
    await ctx.audit({
      action: 'release-finalizers',
      target: nameOf(object),
      because: `--force-finalizers: it ${hold.because}`,
    });
  ctx.note(`taking ${dead.map(({ finalizer }) => finalizer).join(', ')} off ${nameOf(object)}`);
  await cluster.releaseFinalizers(
    referenceTo(object),
    object.metadata.uid ?? '',
    dead.map(({ finalizer }) => finalizer),
  );
}

/** `Ingress web/shop waits for finalizer X, whose controller Y has no ready pod`. */
export function describe({ object, holds, because }: Left): string {
  const reasons = [...holds.map((hold) => hold.because), ...(because === undefined ? [] : [because])];
  return `${nameOf(object)} ${reasons.length === 0 ? 'is still there' : reasons.join('; ')}`;
}

function summary(what: string, left: readonly Left[], spell: number): string {
  const [first] = left;
  const rest = left.length > 1 ? ` and ${left.length - 1} more` : '';
  const long = spell < 1000 ? '' : ` (unchanged for ${shortSpell(spell)})`;
  return `waiting for ${what}: ${first === undefined ? '' : describe(first)}${rest}${long}`;
}

async function stuckNamespaces(cluster: ClusterReader): Promise<readonly string[]> {
  return (await cluster.list({ apiVersion: 'v1', kind: 'Namespace' })).flatMap(stuckNamespace);
}

function leftovers(
  title: string,
  what: string,
  left: readonly Left[],
  { isDeadController, namespaces }: { readonly isDeadController: boolean; readonly namespaces: readonly string[] },
): PlatformError {
  return new PlatformError('LEFTOVERS', {
    message: `${title}:\n${[...left.map(describe), ...namespaces].map((text) => `  ${text}`).join('\n')}`,
    next: [
      ...(isDeadController
        ? ['Bring the controller back, or take its finalizers off: platform destroy --cleanup --force-finalizers']
        : ['platform destroy --cleanup: looks again, and goes on from here']),
      'platform destroy --cleanup --aws-only: goes on without Kubernetes, by tags',
    ],
    facts: { left: left.length, what },
  });
}
