import type { CloudKind } from '../../../src/tools/ports-estate.ts';

/** One call on the account, as a fault sees it before it is carried out. */
export interface Asked {
  readonly actor: string;
  readonly action: string;
  readonly kind: CloudKind | undefined;
  readonly mutating: boolean;
  /** How many calls of this actor came before. */
  readonly count: number;
  /** Milliseconds of world time. */
  readonly at: number;
}

/** What goes wrong, for calls of whom. */
export interface Fault {
  readonly name: string;
  hits(asked: Asked): boolean;
  /** The error as AWS says it. */
  readonly error: { readonly name: string; readonly message: string; readonly status?: number };
}

const ofOurs = ({ actor }: Asked): boolean => actor === 'platform';

/** Every call of `burst` in a row from the `from`-th on is refused for its rate. */
export const throttling = (from: number, burst: number): Fault => ({
  name: `throttled from call ${from} to ${from + burst - 1}`,
  hits: (asked) => ofOurs(asked) && asked.count >= from && asked.count < from + burst,
  error: { name: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 },
});

/** Every `nth` call fails inside the service. */
export const serverErrors = (nth: number): Fault => ({
  name: `every ${nth}th call fails with 500`,
  hits: (asked) => ofOurs(asked) && asked.count % nth === nth - 1,
  error: { name: 'InternalError', message: 'An internal error has occurred', status: 500 },
});

/** Nothing of a kind may be listed, or nothing of it deleted. */
export const denied = (kind: CloudKind, what: 'list' | 'remove'): Fault => ({
  name: `${what} ${kind} denied`,
  hits: (asked) => ofOurs(asked) && asked.kind === kind && asked.mutating === (what === 'remove'),
  error: {
    name: kind === 'bucket' || kind === 'role' || kind === 'certificate' ? 'AccessDenied' : 'UnauthorizedOperation',
    message: 'You are not authorized to perform this operation.',
    status: 403,
  },
});

/** From the `from`-th call on nobody is let in. */
export const expiredCredentials = (from: number): Fault => ({
  name: `credentials expire at call ${from}`,
  hits: (asked) => ofOurs(asked) && asked.count >= from,
  error: { name: 'ExpiredToken', message: 'The security token included in the request is expired', status: 400 },
});
