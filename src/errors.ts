/**
 * Every way in which platform can say no, with the exit code it ends in.
 * Codes are API (docs/errors.md is generated from this table); titles and texts are not.
 */
const table = {
  // 1: our own fault
  BUG: [1, 'This is a bug in platform'],
  // 2: usage
  USAGE: [2, 'The command line was not understood'],
  UNKNOWN_STEP: [2, 'No step has that name'],
  // 3: configuration
  CONFIG_NOT_FOUND: [3, 'No platform.yaml was found'],
  CONFIG_INVALID: [3, 'The configuration has problems'],
  TEMPLATE_INVALID: [3, 'A template cannot be rendered'],
  CONTRACT_BROKEN: [3, 'A tree does not keep the contract that the steps rely on'],
  // 4: this machine
  TOOL_MISSING: [4, 'A tool is missing on this machine'],
  TOOL_VERSION: [4, 'A tool has a version that does not fit'],
  KEY_UNREADABLE: [4, 'The SSH key cannot be used'],
  CREDENTIALS: [4, 'AWS credentials are missing or not valid'],
  NOT_READY: [4, 'The checks before the run found problems'],
  DISK_FULL: [4, 'The disk is full'],
  STATE_FOLDER: [4, 'The state folder cannot be used'],
  SANDBOX_NOT_RUNNING: [4, 'The sandbox is not running'],
  SANDBOX_FAILED: [4, 'The sandbox could not be started'],
  // 5: locked
  LOCKED: [5, 'Another run holds the lock of this environment'],
  TERRAFORM_LOCKED: [5, 'The Terraform state is locked'],
  // 6: a person
  NEEDS_YES: [6, 'A question must be answered, and nobody is there to answer it'],
  DECLINED: [6, 'Declined'],
  IN_DOUBT: [6, 'A step was interrupted and only a person can say whether it may run again'],
  // 7
  CHANGES_PENDING: [7, 'Changes are pending'],
  // 8: safety
  IDENTITY_MISMATCH: [8, 'This is not the cluster that it should be'],
  FOREIGN: [8, 'Something here belongs to someone else'],
  STEP_GONE: [8, 'The journal records a step that the list no longer has'],
  NEEDS_NOT_MET: [8, 'What the step needs is not there'],
  PLAN_STALE: [8, 'The plan no longer fits what is there'],
  WOULD_LOSE: [8, 'Something that is well would be lost'],
  UNFINISHED_VERB: [8, 'Another verb was left unfinished'],
  // 10: a step failed
  STEP_FAILED: [10, 'A step failed'],
  TOOL_FAILED: [10, 'A tool ended with an error'],
  AWS: [10, 'AWS refused a call'],
  KUBERNETES: [10, 'The Kubernetes API refused a call'],
  UNREACHABLE: [10, 'A machine or service cannot be reached'],
  QUOTA: [10, 'An account limit was reached'],
  // 11: readiness
  NOT_READY_IN_TIME: [11, 'Not ready in time'],
  UNHEALTHY: [11, 'Something is unhealthy'],
  // 12: journal
  JOURNAL_CORRUPT: [12, 'The journal is damaged'],
  JOURNAL_WRITE: [12, 'The journal cannot be written'],
  // 13
  LEFTOVERS: [13, 'Something of the cluster is left'],
  // 75, 130, 143: resumable ends
  SUSPENDED: [75, 'Suspended'],
  INTERRUPTED: [130, 'Interrupted'],
  TERMINATED: [143, 'Terminated'],
} as const satisfies Record<string, readonly [exitCode: number, title: string]>;

export type ErrorCode = keyof typeof table;

/**
 * What a retry may do about an error: `throttled` slows down, `transient` tries again, `permanent` stops at once.
 * The three words are Restate's and kubeone's lesson: retrying a wrong password for 40 minutes helps nobody.
 */
export type ErrorClass = 'permanent' | 'transient' | 'throttled';

export interface ErrorDetails {
  /** What happened, in one sentence without the code's title. */
  readonly message: string;
  /** What to type or do next, one action a line. Left out only where the message itself is the action. */
  readonly next?: readonly string[];
  readonly class?: ErrorClass;
  /** Facts for machines: file, line, host, task, aws error name ... Never a secret. */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/** What to do about a fault of our own. */
export const afterBug: readonly string[] = [
  'type the same command again: what was done is on disk, and it goes on from there',
  'report it with the output of the same command with --log-level debug',
];

/** An error that a person can act on: a stable code, a cause, and a next action. */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  readonly next: readonly string[];
  readonly class: ErrorClass;
  readonly facts: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PlatformError';
    this.code = code;
    this.next = details.next ?? (code === 'BUG' ? afterBug : []);
    this.class = details.class ?? 'permanent';
    this.facts = details.facts ?? {};
  }
}

/** Tells a PlatformError by its shape, so that two copies of this module agree. */
export function isPlatformError(error: unknown): error is PlatformError {
  return error instanceof Error && error.name === 'PlatformError' && 'code' in error && 'facts' in error;
}

/** The exit code of the process for an error: the table's, or 1 for what is not ours. */
export function exitCodeOf(error: unknown): number {
  return isPlatformError(error) ? table[error.code][0] : 1;
}

/** The title of a code, for headings and annotations. */
export function titleOf(code: ErrorCode): string {
  return table[code][1];
}

/** Every code with its exit code and title, in table order: the source of docs/errors.md. */
export function errorTable(): readonly { code: ErrorCode; exitCode: number; title: string }[] {
  return (Object.keys(table) as ErrorCode[]).map((code) => ({ code, exitCode: table[code][0], title: table[code][1] }));
}
