import type { PlanRow, PlatformEvent } from '../engine/events.ts';
import type { StepId } from '../engine/types.ts';
import { countDeed, type Deeds } from './deeds.ts';
import { durationText } from './duration-text.ts';
import { oneLine } from './text-width.ts';

export type StepState =
  /** Needs are not done, or nothing is free yet. */
  | 'pending'
  | 'looking'
  | 'working'
  | 'retrying'
  | 'probing'
  | 'done'
  | 'kept'
  | 'failed'
  | 'interrupted'
  /** Something that it needs failed. */
  | 'skipped'
  /** By a flag. */
  | 'left-out';

/** One step as people see it. Times are milliseconds of the monotonic clock. */
export interface StepPicture {
  readonly id: StepId;
  title: string;
  needs: readonly StepId[];
  state: StepState;
  /** When this run first took it in hand; undefined: not yet. */
  since: number | undefined;
  until: number | undefined;
  /** Last note, or why it waits. */
  detail: string;
  /** Latest answer of a probe. */
  sample: { readonly at: number; readonly elapsed: number; readonly within: number } | undefined;
  work: number;
  wait: number;
  /** Since when the detail is the note that it is; undefined: the detail is no note. */
  noted: number | undefined;
  readonly deeds: Deeds;
}

/** A run as its events draw it. */
export interface RunPicture {
  readonly started: number;
  readonly steps: Map<StepId, StepPicture>;
  /** Steps asked while the plan is made, in the order of asking. */
  readonly asked: StepId[];
  planned: boolean;
  ending: 'done' | 'failed' | 'interrupted' | undefined;
  cancel:
    | {
        readonly since: number;
        readonly budget: number;
        level: number;
        readonly awaited: readonly { step: StepId; policy: string }[];
      }
    | undefined;
}

export const newPicture = (now: number): RunPicture => ({
  started: now,
  steps: new Map(),
  asked: [],
  planned: false,
  ending: undefined,
  cancel: undefined,
});

const active: ReadonlySet<StepState> = new Set(['looking', 'working', 'retrying', 'probing']);

export const isActive = ({ state }: StepPicture): boolean => active.has(state);

/** Adds one event to the picture. */
export function follow(picture: RunPicture, event: PlatformEvent, now: number): void {
  switch (event.type) {
    case 'plan.fixed':
      picture.planned = true;
      for (const row of event.rows) Object.assign(stepOf(picture, row.step), fromRow(row));
      return;
    case 'run.cancelling':
      picture.cancel = {
        since: now,
        budget: event.budget,
        level: levelOf(picture, event.awaited),
        awaited: event.awaited,
      };
      for (const step of picture.steps.values())
        if (isActive(step) && !event.awaited.some((one) => one.step === step.id))
          end(step, 'interrupted', 'not asked any more; the next run goes on', now);
      return;
    case 'signal.received':
      if (event.signal === 'SIGTERM' && picture.cancel !== undefined)
        picture.cancel.level = Math.max(2, picture.cancel.level);
      return;
    case 'run.finished':
      picture.ending = event.ending;
      return;
    case 'step.checking':
      if (!picture.planned) picture.asked.push(event.step);
      break;
  }
  if ('step' in event) followStep(stepOf(picture, event.step), event, now, picture.planned);
}

type StepEvent = Extract<PlatformEvent, { readonly step: StepId }>;

function followStep(step: StepPicture, event: StepEvent, now: number, planned: boolean): void {
  switch (event.type) {
    case 'step.waiting':
      step.detail = event.because;
      return;
    case 'step.checking':
      return begin(step, planned ? 'looking' : 'pending', 'looking at what is there', now, planned);
    case 'step.intent':
      return begin(step, 'working', event.because, now);
    case 'step.note':
      if (!isNoted(step, event.text)) step.noted = now;
      step.detail = oneLine(event.text);
      return;
    case 'step.audit':
      countDeed(step.deeds, event.action, event.target);
      return;
    case 'step.adopted':
      return begin(step, 'working', `${event.process.tool} of an earlier run ended`, now);
    case 'step.settled':
      return begin(step, 'working', event.because, now);
    case 'step.retrying':
      return begin(step, 'retrying', `again in ${durationText(event.delay)}: ${event.failure.message}`, now);
    case 'step.applied':
      step.work = event.work;
      return begin(step, 'probing', 'applied; is it ready?', now);
    case 'probe.sample':
      begin(step, 'probing', event.is === 'ready' ? `${event.probe}: ready` : `waiting: ${event.because}`, now);
      step.sample = event.is === 'ready' ? undefined : { at: now, elapsed: event.elapsed, within: event.within };
      return;
    case 'step.done':
      Object.assign(step, { work: event.work, wait: event.wait });
      return end(step, event.kept ? 'kept' : 'done', event.because, now);
    case 'step.failed':
      Object.assign(step, { work: event.work, wait: event.wait });
      return end(step, 'failed', `${event.failure.code}: ${event.failure.message}`, now);
    case 'step.interrupted':
      return end(step, 'interrupted', event.because, now);
    case 'step.skipped':
      return end(step, event.blockedBy.length > 0 ? 'skipped' : 'left-out', event.because, now);
  }
}

function begin(step: StepPicture, state: StepState, detail: string, now: number, counts = true): void {
  step.state = state;
  step.detail = oneLine(detail);
  step.sample = undefined;
  step.noted = undefined;
  if (counts) step.since ??= now;
}

function end(step: StepPicture, state: StepState, detail: string, now: number): void {
  step.state = state;
  step.detail = oneLine(detail);
  step.sample = undefined;
  step.noted = undefined;
  step.until = now;
}

/** Whether a step said the same last, but for how long it lasts already. */
export function isNoted({ noted, detail }: StepPicture, text: string): boolean {
  return noted !== undefined && withoutSpells(detail) === withoutSpells(oneLine(text));
}

const spells = /\b\d+(?:\.\d+)?(?:ms|s|m|h)(?:\d+[ms])*\b/g;
const withoutSpells = (text: string): string => text.replaceAll(spells, '');

/** Whether a text tells by itself how long something lasts. */
export const tellsSpell = (text: string): boolean => text.search(spells) >= 0;

function stepOf({ steps }: RunPicture, id: StepId): StepPicture {
  const known = steps.get(id);
  if (known !== undefined) return known;
  const step: StepPicture = {
    id,
    title: id,
    needs: [],
    state: 'pending',
    since: undefined,
    until: undefined,
    detail: '',
    sample: undefined,
    work: 0,
    wait: 0,
    noted: undefined,
    deeds: new Map(),
  };
  steps.set(id, step);
  return step;
}

const fromRow = ({ title, needs, action, because }: PlanRow): Partial<StepPicture> => ({
  title,
  needs,
  detail: '',
  ...(action === 'keep'
    ? { state: 'kept', detail: because }
    : action === 'skip'
      ? { state: 'left-out', detail: because }
      : { state: 'pending' }),
});

/** The engine announces each level once; that a termination begins at the second is told by its signal. */
function levelOf({ cancel }: RunPicture, awaited: readonly { policy: string }[]): number {
  if (awaited.some(({ policy }) => policy === 'kill')) return 3;
  return Math.min(3, (cancel?.level ?? 0) + 1);
}

/** Waiting for a lock is said by the engine; everything else that a pending step waits for is its needs. */
export function waitsFor({ steps }: RunPicture, { needs, detail }: StepPicture): string {
  const open = needs.filter((need) => !['done', 'kept', 'left-out'].includes(steps.get(need)?.state ?? 'done'));
  if (open.length > 0) return `after ${open.join(', ')}`;
  return detail === '' ? 'next' : detail;
}
