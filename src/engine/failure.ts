import { afterBug, type ErrorCode, isPlatformError, PlatformError } from '../errors.ts';
import type { Failure } from './events.ts';

/** An error as data. What is not a PlatformError is our own fault: BUG, with the place where it was thrown. */
export function failureOf(error: unknown): Failure {
  if (isPlatformError(error)) {
    const { code, message, next, facts } = error;
    return { code, message, next, class: error.class, facts };
  }
  const message = error instanceof Error ? error.message : String(error);
  const place =
    error instanceof Error
      ? (error.stack
          ?.split('\n')
          .find((line) => line.trimStart().startsWith('at '))
          ?.trim() ?? '')
      : '';
  return {
    code: 'BUG',
    message,
    next: afterBug,
    class: 'permanent',
    facts: place === '' ? {} : { place: place.replace(/\(.*\/(src|dist)\//, '($1/') },
  };
}

/** A recorded failure as an error again. */
export function errorOf({ code, message, next, facts, class: kind }: Failure): PlatformError {
  return new PlatformError(code as ErrorCode, { message, next, facts, class: kind });
}
