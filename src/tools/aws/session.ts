import { PlatformError } from '../../errors.ts';
import { systemClock } from '../clock.ts';
import { awsError } from './errors.ts';

export interface AwsOptions {
  readonly region: string;
  /** A profile of the user's AWS configuration; absent: the SDK's usual chain. */
  readonly profile?: string;
  /** The local AWS of a sandbox. With it only made-up credentials are ever sent, and the account must be the sandbox's. */
  readonly endpoint?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds for one call with the SDK's own retries; 15 s unless told. */
  readonly deadline?: number;
}

/** The account that local AWS servers answer with (moto's default). */
export const sandboxAccount = '123456789012';

/** Settings that every client of the SDK understands. */
export interface ClientSettings {
  readonly region: string;
  readonly maxAttempts: number;
  readonly retryMode: 'standard';
  readonly endpoint?: string;
  readonly profile?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What every service file is given: client settings, and the one way to send. */
export interface Session {
  readonly region: string;
  readonly sandbox: boolean;
  readonly settings: ClientSettings;
  /** Milliseconds since 1970, by this machine. */
  now(): number;
  /** The calls of one service. Each has a deadline; what fails is a PlatformError. */
  service(name: string): Send;
}

export type Send = <Output>(
  action: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<Output>,
  subject?: string,
) => Promise<Output>;

export function openSession(options: AwsOptions): Session {
  const deadline = options.deadline ?? 15_000;
  const sandbox = options.endpoint !== undefined;
  return {
    region: options.region,
    sandbox,
    now: () => systemClock.now(),
    settings: {
      region: options.region,
      maxAttempts: 3,
      retryMode: 'standard',
      ...(options.profile !== undefined && !sandbox && { profile: options.profile }),
      ...(options.endpoint !== undefined && {
        endpoint: options.endpoint,
        credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
      }),
    },
    service: (service) => async (action, send, subject) => {
      options.signal?.throwIfAborted();
      const timeout = AbortSignal.timeout(deadline);
      const abortSignal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
      try {
        return await send({ abortSignal });
      } catch (error) {
        if (options.signal?.aborted === true) throw options.signal.reason;
        throw awsError(
          error,
          { service, action, ...(subject !== undefined && { subject }) },
          timeout.aborted ? deadline : undefined,
        );
      }
    },
  };
}

/** Follows a paged listing to its end. `page` gets the token of the page before and gives its items and the next token. */
export async function collect<Item>(
  page: (
    token: string | undefined,
  ) => Promise<{ readonly items: readonly Item[] | undefined; readonly next: string | undefined }>,
): Promise<readonly Item[]> {
  const all: Item[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await page(token);
    all.push(...(items ?? []));
    token = next === '' ? undefined : next;
  } while (token !== undefined);
  return all;
}

/** Does the work at the first call and gives the same promise ever after; a failure is tried again. */
export function once<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  return () => {
    running ??= work().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}

/** Tags as a record, from the list of pairs that most services use. */
export function tagRecord(
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries((tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}

/** The error for what belongs to someone else. */
export function foreign(message: string, facts: Readonly<Record<string, string>>): PlatformError {
  return new PlatformError('FOREIGN', {
    message,
    facts,
    next: ['Choose another name in the configuration, or use the account that owns it.'],
  });
}
