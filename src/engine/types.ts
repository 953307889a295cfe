/** What may be recorded: plain data. A Secret is not assignable to it, so none can become a step output. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The identity of a step instance: `control-plane`, or `join/k8s-worker-1` for one key of a step per node. */
export type StepId = string;

/** What a list of steps is written against: configuration, a world to look at, a world to change. The engine knows none of them. */
export interface Kit {
  readonly config: object;
  readonly read: object;
  readonly write: object;
}

/** What every call into a step is given beside its world. Times are milliseconds. */
export interface StepScope {
  readonly run: string;
  readonly step: StepId;
  /** The key of a `forEach` instance, '' otherwise. */
  readonly key: string;
  /** Counts from 1 over all runs of the environment; 0 while only looking. */
  readonly attempt: number;
  /** Aborted when the run is cancelled (probes, reads) or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Says what is being done or awaited right now; shown, and counted as progress, never parsed. */
  note(text: string): void;
}

/** One thing that a step does to the world and that a person may ask about later. */
export interface Audit {
  /** 'delete', 'revoke', 'release-finalizers' ... */
  readonly action: string;
  /** What it is done to: 'volume vol-0a1'. */
  readonly target: string;
  /** The justification: why this may be done. */
  readonly because: string;
}

/** What `apply` and `settle` are given beside their world. */
export interface WriteScope extends StepScope {
  /** On disk before it returns; called before the deed. */
  audit(entry: Audit): Promise<void>;
}

export type CheckResult<Out> =
  | { readonly state: 'satisfied'; readonly output: Out; readonly because: string }
  | { readonly state: 'needed'; readonly because: string; readonly preview?: readonly string[] };

export type ProbeResult =
  | { readonly is: 'ready'; readonly because?: string }
  | { readonly is: 'waiting'; readonly because: string }
  /** Terminal: waiting longer cannot help. */
  | { readonly is: 'failed'; readonly because: string; readonly next?: readonly string[] };

/** One question about the world, asked until it is answered. All durations in milliseconds. */
export interface Probe<Read, Out> {
  readonly name: string;
  /** Longest pause between two questions; the first comes at once, the next after about a second, growing. */
  readonly every: number;
  /** Deadline counted from the first question. */
  readonly within: number;
  /** Consecutive `ready` answers needed (default 1). */
  readonly count?: number;
  /** Give up earlier when the reason has not changed for this long. */
  readonly noProgressFor?: number;
  test(ctx: Read & StepScope, out: Out): Promise<ProbeResult>;
}

/** How a step in doubt (intent on disk, no result) may go on once its tool is settled and its check says `needed`. */
export type Repeat = 'safe' | 'ask' | 'never';

/**
 * What the first Ctrl-C does to a step that works: `drain` lets it finish, `interrupt` sends one SIGINT,
 * `abort` only aborts the signal (calls of our own). The second Ctrl-C interrupts every one.
 */
export type OnCancel = 'drain' | 'interrupt' | 'abort';

export interface Retry {
  /** Attempts in all, the first included. Only transient and throttled errors are retried. */
  readonly attempts: number;
  readonly firstDelay: number;
  readonly maxDelay: number;
}

/** Edges by reference: a typo does not compile. The phantom type says what a dependant sees. */
export type Needs = Readonly<Record<string, Step<unknown>>>;
export type Upstream<N extends Needs> = { readonly [Name in keyof N]: N[Name] extends Step<infer Seen> ? Seen : never };

export interface StepSpec<K extends Kit, Out extends Json, N extends Needs> {
  readonly id: string;
  readonly title: string;
  readonly needs: N;
  /** Pure; hashed into the fingerprint. A change runs the step again. */
  inputs(config: K['config'], up: Upstream<N>, key: string): Json;
  /** Looks, never touches. Called only when every need has an output. */
  check(ctx: K['read'] & StepScope, up: Upstream<N>): Promise<CheckResult<Out>>;
  /** Converges: safe to run twice, except where `repeat` says otherwise. */
  apply(ctx: K['write'] & WriteScope, up: Upstream<N>): Promise<Out>;
  /** After an interruption, before `check`: brings the tool back to a state that can be judged (untaint, import, pending release). */
  settle?(ctx: K['write'] & WriteScope, up: Upstream<N>): Promise<void>;
  /** Must all hold before dependants start; asked in order, slots and locks are free meanwhile. */
  readonly ready?: readonly Probe<K['read'], NoInfer<Out>>[];
  readonly repeat: Repeat;
  readonly onCancel: OnCancel;
  /** Deadline of one attempt's work, in milliseconds (probes have their own). */
  readonly timeout: number;
  /** Fail earlier when the step has said nothing for this long. */
  readonly noProgressFor?: number;
  readonly retry?: Retry;
  /**
   * When it is done, everything recorded before describes a world that is gone: the epoch is closed in the same breath, and what
   * comes later in the run is decided as if nobody had ever touched it.
   */
  readonly closesEpoch?: true;
  /** Named mutexes held while the step works: 'terraform/cluster', 'node/k8s-master'. */
  readonly locks?: (config: K['config'], key: string) => readonly string[];
}

/** A step of the list. `Seen` is what a dependant's `up` holds: the output, a record by key, or undefined where membership is conditional. */
export interface Step<Seen> {
  readonly id: string;
  readonly title: string;
  readonly needs: Needs;
  /** Pure membership. Absent: always a member. */
  readonly when?: (config: never) => boolean;
  /** One instance per key; dependants see a record by key. */
  readonly forEach?: (config: never) => readonly string[];
  readonly spec: AnySpec;
  /** Never set; carries the type. */
  readonly seen?: Seen;
}

/**
 * The spec with its types erased, as the engine calls it. Method parameters are bivariant, so each call is as safe
 * as the builder in step.ts made it; nothing outside engine/ may use this type.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- the one place where the types of a heterogeneous list are erased
export type AnySpec = StepSpec<{ config: any; read: any; write: any }, any, any>;

/** A probe result with what the engine knows about it. */
export interface ProbeSample {
  readonly probe: string;
  readonly is: ProbeResult['is'];
  readonly because: string;
  readonly elapsed: number;
  readonly within: number;
}
