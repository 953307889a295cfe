import type { PlatformConfig } from '../config/config.ts';
import type { Json } from '../engine/types.ts';
import type { ReadWorld } from '../tools/ports.ts';

/** What a check found to be wrong, and what to do about it. */
export interface Finding {
  /** `error` stops a run before it begins; `warning` is said and the run goes on. */
  readonly level: 'error' | 'warning';
  readonly message: string;
  readonly next: readonly string[];
}

/** A check that has no meaning here, with the reason: never silently left out. */
export interface Skipped {
  readonly skipped: string;
}

/** What the checks are asked for. A plan changes nothing: what only a change needs is left out. */
export type Purpose = 'plan' | 'run' | 'doctor';

export interface CheckWorld extends ReadWorld {
  readonly config: PlatformConfig;
  readonly signal: AbortSignal;
}

export interface CheckContext extends CheckWorld {
  readonly purpose: Purpose;
  /** The caller of AWS, asked once for all checks. */
  caller(): ReturnType<ReadWorld['aws']['caller']>;
  /** The id of this environment's cluster; undefined before its first build. Asked once for all checks. */
  clusterId(): Promise<string | undefined>;
}

/** One question that can be answered before money is spent. It looks and never touches: a read-only role is enough. */
export interface Check {
  readonly id: string;
  readonly title: string;
  /** What it stands on: it is left out, with a word, where that does not hold. */
  readonly needs: 'config' | 'tools' | 'credentials';
  /**
   * `always`: before every run and every plan. `when-changed`: takes seconds, so it is asked again only when its
   * subject is another one than when it last held. `doctor`: only by `platform doctor`, since the run asks the same in
   * time by itself. `platform doctor` asks all of them afresh.
   */
  readonly when: 'always' | 'when-changed' | 'doctor';
  /** Ids of the failure catalogue that it prevents. */
  readonly catalogue: readonly string[];
  /** For `when-changed`: all that the answer depends on. */
  subject?(ctx: CheckContext): Promise<Json>;
  run(ctx: CheckContext): Promise<readonly Finding[] | Skipped>;
}

/** What came of a check. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly state: 'holds' | 'warning' | 'error' | 'skipped';
  /** Why it was skipped; for a check that was not asked again, that it held before. '' otherwise. */
  readonly because: string;
  readonly findings: readonly Finding[];
  readonly catalogue: readonly string[];
}

export const error = (message: string, ...next: readonly string[]): Finding => ({ level: 'error', message, next });
export const warning = (message: string, ...next: readonly string[]): Finding => ({ level: 'warning', message, next });
