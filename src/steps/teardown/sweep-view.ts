import type { CloudKind, CloudReference, CloudResource, Clock } from '../../tools/ports.ts';
import { seconds } from '../durations.ts';
import type { Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';
import type { Pace } from './sweep-pace.ts';
import { actionOf, deniedError, resumable } from './sweep-errors.ts';
import { faultOf, verdictOf } from './verdict.ts';

/** Where findings come from: fresh listings, and the judgement on what they show together. */
export interface ViewSource {
  /** `part`: at least these of the kind; 'near': at least what stands in `vpcs`. Listings of one `look` ask for what several of them need once. */
  list(kind: CloudKind, part?: readonly string[] | 'near', look?: object): Promise<readonly CloudResource[]>;
  /** Where our things stand. Absent: not known. */
  readonly vpcs?: readonly string[];
  /** The same, or one of a moment ago. Absent: there is none. */
  recall?(kind: CloudKind): Promise<readonly CloudResource[]>;
  classify(resources: readonly CloudResource[]): readonly Finding[];
}

/** What was seen last of each kind, judged as a whole. */
export interface SweepView {
  /** One fresh listing of each of these kinds, or one of a moment ago. What cannot be listed is an error, never "none". */
  refresh(kinds: readonly CloudKind[], how?: 'recalled'): Promise<void>;
  /** The same, in which these kinds are looked at in our VPCs only: what stands elsewhere stays known as it was. */
  refreshNear(kinds: readonly CloudKind[], near: ReadonlySet<CloudKind>): Promise<void>;
  /** Looks only at what became of these; what else is known of their kinds stays as it was. */
  follow(things: readonly CloudReference[]): Promise<void>;
  readonly findings: readonly Finding[];
}

const tries = 4;

/**
 * Keeps the newest listing of each kind and what it was judged to be. An interface that AWS made for a load balancer of ours stays known as
 * that when the balancer goes first: it is awaited, never deleted. What we delete ourselves must be proven afresh each time.
 */
export function createView(
  source: ViewSource,
  pace: Pace,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): SweepView {
  const listings = new Map<CloudKind, readonly CloudResource[]>();
  const awaited = new Map<string, Finding>();
  let findings: readonly Finding[] = [];

  /** Tells the action that is denied, if one is: all of them are wanted at once. */
  const list = async (
    kind: CloudKind,
    denied: Set<string>,
    look: (kind: CloudKind) => Promise<readonly CloudResource[]>,
  ): Promise<'done' | 'throttled'> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        listings.set(kind, await look(kind));
        return 'done';
      } catch (error) {
        const verdict = verdictOf(faultOf(error));
        if (verdict === 'throttled') return 'throttled';
        if (verdict === 'denied') {
          denied.add(actionOf(error, `listing of ${kind}`));
          return 'done';
        }
        if (verdict === 'expired') throw resumable(error);
        if (attempt === tries || signal.aborted) throw error;
        await clock.sleep(seconds(2 ** (attempt - 1)), signal);
      }
    }
  };

  const take = async (
    kinds: Iterable<CloudKind>,
    listOf: (kind: CloudKind, look: object) => Promise<readonly CloudResource[]>,
  ): Promise<void> => {
    const denied = new Set<string>();
    const look = {};
    await pace.each([...kinds], (kind) => list(kind, denied, (one) => listOf(one, look)));
    if (denied.size > 0) throw deniedError(denied);
    findings = source.classify([...listings.values()].flat()).map((finding) => remembered(finding, awaited));
    for (const finding of findings)
      if (finding.class === 'owned' && finding.resource.managedBy !== undefined)
        awaited.set(keyOf(finding.resource), finding);
  };

  return {
    get findings() {
      return findings;
    },
    refresh: (kinds, how) =>
      take(new Set(kinds), (kind, look) =>
        how === 'recalled' && source.recall !== undefined ? source.recall(kind) : source.list(kind, undefined, look),
      ),
    refreshNear: (kinds, near) =>
      take(new Set(kinds), async (kind, look) => {
        const { vpcs = [] } = source;
        if (vpcs.length === 0 || !near.has(kind)) return source.list(kind, undefined, look);
        const found = await source.list(kind, 'near', look);
        const seen = new Set(found.map(({ id }) => id));
        const elsewhere = (listings.get(kind) ?? []).filter(({ id, vpc = '' }) => !vpcs.includes(vpc) && !seen.has(id));
        return [...elsewhere, ...found];
      }),
    follow: (things) => {
      const wanted = Map.groupBy(things, ({ kind }) => kind);
      return take(wanted.keys(), async (kind, look) => {
        const only = (wanted.get(kind) ?? []).map(({ id }) => id);
        const found = await source.list(kind, only, look);
        const asked = new Set([...only, ...found.map(({ id }) => id)]);
        return [...(listings.get(kind) ?? []).filter(({ id }) => !asked.has(id)), ...found];
      });
    },
  };
}

function remembered(finding: Finding, awaited: ReadonlyMap<string, Finding>): Finding {
  const before = awaited.get(keyOf(finding.resource));
  const isLeftBehind = finding.class === 'unknown' && finding.resource.managedBy !== undefined;
  return isLeftBehind && before !== undefined ? { ...before, resource: finding.resource } : finding;
}
