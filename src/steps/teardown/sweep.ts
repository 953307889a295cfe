import type { Audit } from '../../engine/types.ts';
import type { CloudKind, CloudReference, Clock, EstateWriter, Randomness, RemovableKind } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { Finding } from './inventory-types.ts';
import { type Order, orderOf, targetsOf } from './order.ts';
import { keyOf } from './ownership-marks.ts';
import { type Asker, createAsker } from './sweep-ask.ts';
import { goAtOnce, kindsNear, kindsNext, kindsToList, type Look, pauseBefore } from './sweep-look.ts';
import { createPace } from './sweep-pace.ts';
import { createProgress, type Progress } from './sweep-progress.ts';
import { leftoversError } from './sweep-leftovers.ts';
import { counted, noteOf } from './sweep-words.ts';
import { deniedError } from './sweep-errors.ts';
import { createView, type SweepView, type ViewSource } from './sweep-view.ts';
import { stopIfAborted } from './wait.ts';

/** The part of a step's world that a sweep uses. */
export interface SweepWorld {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly estate: EstateWriter;
  readonly signal: AbortSignal;
  note(text: string): void;
  audit(entry: Audit): Promise<void>;
}

export interface SweepRequest {
  readonly kinds: readonly RemovableKind[];
  /** Narrows what is proven ours; it can never widen it. */
  choose(finding: Finding): boolean;
  /** Data goes too. */
  readonly deleteData: boolean;
  readonly source: ViewSource;
  /** Kinds that are not swept, and looked at with the last look. */
  readonly alongside?: readonly CloudKind[];
}

export interface SweepResult {
  readonly removed: readonly CloudReference[];
  /** What the last listings showed, of all kinds that were looked at. */
  readonly findings: readonly Finding[];
}

/** So long without a change, and everything is looked at: what came late, and holders of a kind that we did not think of. Doubles. */
const fullLookAfter = seconds(30);

const mostComebacks = 5;
/** How long a controller that is alive may take to make again what was deleted under it, before a clean listing is believed. */
const settling = seconds(2);

/**
 * Removes everything of these kinds that is proven ours, not kept, and chosen; until a fresh listing shows none of it. Level-triggered: each
 * round acts on what a listing shows and on nothing that it remembers, so that it may be killed anywhere and run again. Whatever order the
 * ties and the errors of AWS tell is kept. It stops when nothing has changed for as long as the things it waits for may take, or at once where
 * permissions are missing, and names what is left; never on total time. What only Terraform's things hold is left to Terraform.
 */
export async function sweepWith(ctx: SweepWorld, request: SweepRequest): Promise<SweepResult> {
  const kinds = new Set<CloudKind>(request.kinds);
  const wanted = (finding: Finding): boolean => kinds.has(finding.resource.kind) && isRemovable(finding, request);
  const pace = createPace(ctx);
  const view = createView(request.source, pace, ctx);
  const asker = createAsker(ctx, pace, request.deleteData);
  /** Time during which AWS slowed us down does not count as standing still. */
  const now = (): number => ctx.clock.monotonic() - pace.lost;
  const progress = createProgress(now());
  const targets = new Map<string, CloudReference>();
  const result = (order: Order): SweepResult => {
    for (const { resource } of targetsOf(order)) targets.delete(keyOf(resource));
    return { removed: [...targets.values()], findings: view.findings };
  };
  let look: Look = 'everything';
  /** The first look may be one of a moment ago, with which its step decided that there is something to do. It starts the work, and ends none. */
  let recalled = request.source.recall !== undefined;
  let clean = 0;
  /** Nothing is left, as far as was seen: what is looked at alongside is looked at now. */
  let last = false;
  let untilFullLook = fullLookAfter;
  /** Looked at since something was asked to go last, with all that may hold them: nothing else is asked. */
  const fresh = new Set<CloudKind>();
  for (;;) {
    stopIfAborted(ctx.signal);
    const left = orderOf(view.findings, wanted);
    const { vpcs = [] } = request.source;
    if (look === 'what may change') await view.follow(progress.awaited(now()).map(({ finding }) => finding.resource));
    else {
      const some = last ? [...request.kinds, ...(request.alongside ?? [])] : request.kinds;
      const listed = kindsToList(look, some, view.findings, left);
      if (look === 'what is left') await view.refreshNear(listed, kindsNear(left, vpcs));
      else await view.refresh(listed, recalled ? 'recalled' : undefined);
      for (const kind of recalled ? [] : look === 'everything' ? listed : kindsNext(left)) fresh.add(kind);
    }
    const order = orderOf(view.findings, wanted);
    for (const { resource } of targetsOf(order)) targets.set(keyOf(resource), { kind: resource.kind, id: resource.id });
    const changed = progress.update(order, now());
    if (changed) asker.wake();
    if (changed) untilFullLook = fullLookAfter;
    if (order.ask.length + order.waiting.length === 0) {
      clean = look === 'everything' && !recalled && (request.alongside === undefined || last) ? clean + 1 : 0;
      last = true;
      recalled = false;
      // A controller on a machine of ours may make again what we deleted.
      if (clean > (view.findings.some(isRunning) ? 1 : 0)) return result(order);
      if (clean > 0) await ctx.clock.sleep(settling, ctx.signal);
      look = 'everything';
      continue;
    }
    clean = 0;
    last = false;
    // Nothing is asked on an old look.
    const isOld = order.ask.some((finding) => !fresh.has(finding.resource.kind) && asker.isDue(finding));
    if (recalled || isOld || (look === 'what may change' && changed)) {
      look = 'what is left';
      recalled = false;
      continue;
    }
    if (look !== 'everything' && now() - progress.lastChange >= untilFullLook) {
      look = 'everything';
      untilFullLook *= 2;
      continue;
    }
    const next = await act(ctx, view, asker, order, progress, { now: now(), isFull: look === 'everything' });
    if (next === 'nothing more') {
      await view.refresh(request.alongside ?? []);
      return result(order);
    }
    fresh.clear();
    last = next === 'the last';
    look = next === 'the last' ? 'everything' : next;
    if (next === 'everything') continue;
    await ctx.clock.sleep(pauseBefore(progress.awaited(now())), ctx.signal);
  }
}

/** Asks what may be asked, or ends the sweep where that is the only thing left to do. Tells what must be looked at next. */
async function act(
  ctx: SweepWorld,
  view: SweepView,
  asker: Asker,
  order: Order,
  progress: Progress,
  { now, isFull }: { readonly now: number; readonly isFull: boolean },
): Promise<Look | 'the last' | 'nothing more'> {
  const seen = view.findings;
  const awaited = progress.awaited(now);
  const end = (title: string): never => {
    throw leftoversError(title, targetsOf(order), seen, { reasonOf: asker.reasonOf });
  };
  for (const [name, times] of progress.comebacks)
    if (times >= mostComebacks)
      end(`${name} was made again ${times} times: a controller of the cluster is still at work`);
  if (awaited.every((one) => one.unchanged >= one.budget || asker.isHopeless(one.finding)))
    if (!isFull) return 'everything';
    else if (awaited.length > 0 && awaited.every(({ finding }) => finding.terraform !== undefined))
      return 'nothing more';
    else end('nothing has changed for too long');
  const due = order.ask.filter((finding) => asker.isDue(finding));
  const fresh = due.filter((finding) => !asker.wasAsked(finding));
  if (asker.denied.size > 0 && fresh.length === 0) throw deniedError(asker.denied);
  ctx.note(due.length > 0 ? `deleting ${describe(due)}` : noteOf(order, awaited));
  if (due.length > 0) await asker.ask(due, seen);
  const isAccepted = (finding: Finding): boolean =>
    asker.wasAsked(finding) && asker.reasonOf(finding.resource) === undefined;
  if (fresh.length === targetsOf(order).length && goAtOnce(fresh) && fresh.every(isAccepted)) return 'the last';
  return fresh.length > 0 ? 'what is left' : 'what may change';
}

function describe(due: readonly Finding[]): string {
  const counts = new Map<CloudKind, number>();
  for (const { resource } of due) counts.set(resource.kind, (counts.get(resource.kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => counted(count, kind)).join(', ');
}

/** Proven ours, and nobody said that it stays. */
export const isRemovable = (
  finding: Finding,
  { choose, deleteData }: Pick<SweepRequest, 'choose' | 'deleteData'>,
): boolean =>
  (finding.class === 'owned' || (finding.class === 'data' && deleteData)) &&
  finding.kept === undefined &&
  choose(finding);

const isRunning = ({ resource, class: ownership }: Finding): boolean =>
  resource.kind === 'instance' && ownership === 'owned' && resource.phase === 'live';
