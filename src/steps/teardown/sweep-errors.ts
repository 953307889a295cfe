import { isPlatformError, PlatformError } from '../../errors.ts';

/** 'ec2:DeleteVolume': what a policy must allow. */
export function actionOf(error: unknown, otherwise: string): string {
  if (!isPlatformError(error)) return otherwise;
  const { service, action } = error.facts;
  return service === undefined || action === undefined ? otherwise : `${String(service)}:${String(action)}`;
}

/** All that is missing at once, so that a person asks for it once. */
export function deniedError(denied: ReadonlySet<string>): PlatformError {
  const actions = [...denied].sort().join(', ');
  return new PlatformError('AWS', {
    message: `this principal may not ${actions}`,
    next: [
      `allow ${actions} (templates/iam/destroy.json is the whole policy)`,
      'run the same command again: it goes on with what is left',
    ],
    facts: { name: 'AccessDenied', actions },
  });
}

/** Nothing is lost when the credentials end: the same error, with the way on. */
export function resumable(error: unknown): unknown {
  if (!isPlatformError(error)) return error;
  return new PlatformError(error.code, {
    message: error.message,
    class: 'permanent',
    next: ['log in again (aws sso login)', 'run the same command again: it goes on with what is left'],
    facts: error.facts,
    cause: error,
  });
}
