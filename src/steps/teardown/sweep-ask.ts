import type { Audit } from '../../engine/types.ts';
import type { Clock, CloudReference, EstateWriter, RemoveOptions } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';
import { revocationsFor } from './security-groups.ts';
import type { Pace } from './sweep-pace.ts';
import { actionOf, resumable } from './sweep-errors.ts';
import { nameOf } from './sweep-words.ts';
import { faultOf, type Verdict, verdictOf } from './verdict.ts';
import { stopIfAborted } from './wait.ts';

interface AskWorld {
  readonly clock: Clock;
  readonly estate: EstateWriter;
  readonly signal: AbortSignal;
  note(text: string): void;
  audit(entry: Audit): Promise<void>;
}

/** Asks AWS to delete things, and remembers what it answered. */
export interface Asker {
  /** Neither asked a moment ago, nor given up, nor of a kind that we may not delete. */
  isDue(finding: Finding): boolean;
  wasAsked(finding: Finding): boolean;
  /** Tried as often as makes sense: it will not go by asking again. */
  isHopeless(finding: Finding): boolean;
  /** Takes out the rules that hold the groups among them, then deletes all of them. */
  ask(due: readonly Finding[], seen: readonly Finding[]): Promise<void>;
  /** Something changed: who was refused may be asked again at once. */
  wake(): void;
  /** What AWS said last about a thing that is still there. */
  reasonOf(reference: CloudReference): string | undefined;
  /** Actions that we may not take, as `service:Action`. */
  readonly denied: ReadonlySet<string>;
}

interface Answer {
  readonly at: number;
  readonly pause: number;
  readonly accepted: boolean;
  readonly failures: number;
  readonly hopeless: boolean;
  readonly reason?: string;
}

const tries = 3;
const unprotectable = new Set(['load-balancer', 'instance']);

export function createAsker(ctx: AskWorld, pace: Pace, deleteData: boolean): Asker {
  const answers = new Map<string, Answer>();
  const audited = new Set<string>();
  const denied = new Set<string>();
  const deniedKinds = new Set<string>();

  const audit = async (action: string, target: string, because: string): Promise<void> => {
    if (audited.has(`${action} ${target}`)) return;
    await ctx.audit({ action, target, because });
    audited.add(`${action} ${target}`);
  };

  /** One call, with its verdict as the answer; throws only what ends the sweep. */
  const call = async (key: string, deed: () => Promise<void>): Promise<Verdict | 'accepted'> => {
    stopIfAborted(ctx.signal);
    const before = answers.get(key);
    const put = (answer: Pick<Answer, 'accepted' | 'pause'> & Partial<Answer>): void =>
      void answers.set(key, { failures: before?.failures ?? 0, hopeless: false, at: ctx.clock.monotonic(), ...answer });
    try {
      await deed();
    } catch (error) {
      const fault = faultOf(error);
      const verdict = verdictOf(fault);
      if (verdict === 'expired') throw resumable(error);
      if (verdict === 'denied') denied.add(actionOf(error, key));
      const pause = Math.min(seconds(10), Math.max(seconds(1), before?.accepted === false ? before.pause * 2 : 0));
      const failures = (before?.failures ?? 0) + (verdict === 'failed' ? 1 : 0);
      if (verdict === 'gone') put({ accepted: true, pause: seconds(5) });
      else if (verdict !== 'throttled')
        put({ accepted: false, pause, reason: fault.message, failures, hopeless: failures >= tries });
      return verdict;
    }
    // Accepted, and a listing may lag behind: asked again only when that can no longer be the reason.
    put({ accepted: true, pause: Math.min(seconds(60), Math.max(seconds(10), (before?.pause ?? 0) * 2)) });
    return 'accepted';
  };

  const remove = async (finding: Finding): Promise<'done' | 'throttled'> => {
    const { resource } = finding;
    await audit('delete', nameOf(resource), finding.because);
    const mayUnprotect = finding.class === 'owned' && unprotectable.has(resource.kind);
    const deed = async (unprotect: boolean): Promise<Verdict | 'accepted'> => {
      if (unprotect)
        await audit('unprotect', nameOf(resource), `deletion protection of a thing of ours; ${finding.because}`);
      const options: RemoveOptions = {
        note: (text) => ctx.note(text),
        ...(unprotect ? { unprotect } : {}),
        ...(deleteData && resource.kind === 'bucket' ? { withData: true } : {}),
      };
      return call(keyOf(resource), () => ctx.estate.remove(resource, options));
    };
    let answer = await deed(mayUnprotect && resource.protected === true);
    if (answer === 'protected' && mayUnprotect) answer = await deed(true);
    if (answer === 'denied') deniedKinds.add(resource.kind);
    return answer === 'throttled' ? 'throttled' : 'done';
  };

  return {
    denied,
    isDue({ resource }) {
      const answer = answers.get(keyOf(resource));
      if (deniedKinds.has(resource.kind) || answer?.hopeless === true) return false;
      return answer === undefined || ctx.clock.monotonic() - answer.at >= answer.pause;
    },
    wasAsked: ({ resource }) => answers.has(keyOf(resource)),
    isHopeless: ({ resource }) => answers.get(keyOf(resource))?.hopeless === true,
    reasonOf: (reference) => answers.get(keyOf(reference))?.reason,
    wake() {
      for (const [key, answer] of answers) if (!answer.accepted) answers.set(key, { ...answer, pause: 0 });
    },
    async ask(due, seen) {
      const isGroup = ({ resource }: Finding): boolean => resource.kind === 'security-group';
      // What takes AWS longest goes first.
      await pace.each(
        due.filter((finding) => !isGroup(finding)),
        remove,
      );
      await pace.each(revocationsFor(seen, due), async ({ holder, rules, because }) => {
        const target = `${rules.map(({ id }) => id).join(', ')} of ${nameOf(holder.resource)}`;
        await audit('revoke', target, because);
        const answer = await call(`rules ${target}`, () => ctx.estate.revoke(holder.resource.id, rules));
        return answer === 'throttled' ? 'throttled' : 'done';
      });
      await pace.each(due.filter(isGroup), remove);
      stopIfAborted(ctx.signal);
    },
  };
}
