import { PlatformError } from '../../errors.ts';
import type { ErrorClass } from '../../errors.ts';

/** The part of a metav1.Status that tells people and programs what was wrong. */
interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** What was asked: for messages and facts. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly server: string;
}

/** The error for a response with status 400 or more: KUBERNETES with facts {status, reason, method, path, managers?, retryAfter?}. */
export function refusal(asked: Asked, status: number, body: string): PlatformError {
  const said = parse(body);
  const message = said.message ?? (body.trim().slice(0, 500) || `status ${status}`);
  const managers = conflictingManagers(said);
  const retryAfter = said.details?.retryAfterSeconds;
  return new PlatformError('KUBERNETES', {
    message: `${asked.method} ${asked.path}: ${message}`,
    class: classOf(status, said, message),
    next: nextFor(status, managers),
    facts: {
      status,
      reason: said.reason ?? '',
      method: asked.method,
      path: asked.path,
      server: asked.server,
      ...(managers.length > 0 && { managers: managers.join(', ') }),
      ...(retryAfter !== undefined && { retryAfter }),
    },
  });
}

/** One field that another manager owns, as the server names it in a 409. */
export function conflictsOf(body: string): readonly string[] {
  const causes = parse(body).details?.causes ?? [];
  return causes
    .filter((cause) => cause.reason === 'FieldManagerConflict')
    .map((cause) => `${cause.field ?? '?'} belongs to ${managerIn(cause.message ?? '')}`);
}

function conflictingManagers(said: Status): readonly string[] {
  const causes = said.details?.causes?.filter((cause) => cause.reason === 'FieldManagerConflict') ?? [];
  return [...new Set(causes.map((cause) => managerIn(cause.message ?? '')))];
}

/** Server: `conflict with "kubectl-client-side-apply" using apps/v1` (apimachinery managedfields, conflict errors). */
function managerIn(message: string): string {
  return /conflict with "([^"]+)"/.exec(message)?.[1] ?? 'another manager';
}

function classOf(status: number, said: Status, message: string): ErrorClass {
  if (status === 429) return 'throttled';
  if (status === 409)
    return said.reason === 'Conflict' && conflictingManagers(said).length === 0 ? 'transient' : 'permanent';
  // A namespace that is going away refuses creates with 403; once it is gone it can be made anew.
  if (status === 403)
    return said.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ? 'transient' : 'permanent';
  // Server-side apply answers an unknown field with 500 (measured, 1.36.3): validation in disguise.
  if (status === 500 && /field not declared in schema|failed to create typed patch object/.test(message))
    return 'permanent';
  return status >= 500 || status === 408 ? 'transient' : 'permanent';
}

function nextFor(status: number, managers: readonly string[]): readonly string[] {
  if (managers.length > 0)
    return [`Give the fields back (${managers.join(', ')} owns them) or remove them from the manifest.`];
  if (status === 401)
    return [
      'The API server does not accept these credentials: delete the kubeconfig in the state folder and run again.',
    ];
  if (status === 403) return ['The credentials lack a right: look at the verb and resource above.'];
  if (status === 400 || status === 422 || status === 500)
    return [
      'Correct the manifest where the server points at a field; otherwise look at the API server and its webhooks.',
    ];
  return [];
}

function parse(body: string): Status {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

const tlsReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'x509: its certificate has expired, or the clock of this machine is wrong',
  CERT_NOT_YET_VALID: 'x509: its certificate is not valid yet: the clock of this machine or of the server is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'x509: its certificate does not name this address',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: its certificate is signed by another authority than the one in the kubeconfig',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: its certificate is signed by another authority than the one in the kubeconfig',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'x509: its certificate is signed by another authority than the one in the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'x509: its certificate is signed by another authority than the one in the kubeconfig',
  CERT_SIGNATURE_FAILURE: 'x509: its certificate is signed by another authority than the one in the kubeconfig',
};

const socketReasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name cannot be resolved right now',
};

/** The error for a request that got no answer: UNREACHABLE with facts {server, reason}; only a certificate problem is permanent. */
export function unreachable(asked: Asked, error: unknown, deadline?: number): PlatformError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const tls = tlsReasons[code];
  const because =
    deadline !== undefined
      ? `no answer within ${deadline / 1000} s`
      : (tls ?? socketReasons[code] ?? (error instanceof Error ? error.message : String(error)));
  return new PlatformError('UNREACHABLE', {
    message: `the API server ${asked.server} cannot be reached: ${because}`,
    class: tls === undefined ? 'transient' : 'permanent',
    next: tls === undefined ? ['Check that this machine may reach port 6443 (configuration: access.allow).'] : [],
    facts: {
      server: asked.server,
      reason: deadline !== undefined ? 'deadline' : code,
      method: asked.method,
      path: asked.path,
    },
    cause: error,
  });
}
