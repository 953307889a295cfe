import { type ErrorClass, isPlatformError } from '../../errors.ts';

/**
 * What a refused deletion means. `gone`: nothing is left to do. `not-yet`: something still holds it, the next round may succeed. `throttled`: the same
 * call again, later and fewer at a time. `denied`: no right, no round will help. `protected`: a person locked it. `expired`: log in again. `failed`:
 * anything else.
 */
export type Verdict = 'gone' | 'not-yet' | 'throttled' | 'denied' | 'protected' | 'expired' | 'failed';

export interface Fault {
  /** The error's name in the words of AWS. */
  readonly name?: string;
  readonly message: string;
  readonly class?: ErrorClass;
}

interface Row {
  readonly verdict: Verdict;
  readonly name: RegExp;
  /** Where one name means several things, only the words tell. */
  readonly message?: RegExp;
}

/**
 * The first row that fits decides: a name with words stands before the name alone. Sources: error code pages of the service references; seen by kops,
 * Cluster API and the AWS Load Balancer Controller where a row says so.
 */
const rows: readonly Row[] = [
  // Of several rules, groups, versions one may be gone: the object itself is not named by these, but its end is the same.
  {
    verdict: 'gone',
    name: /NotFound(Exception|Fault)?$|^NoSuch\w+$|^Gateway\.NotAttached$|^InvalidAssociationID\.NotFound$/,
  },
  { verdict: 'gone', name: /^InvalidChangeBatch$/, message: /but it was not found/ },

  { verdict: 'expired', name: /^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired|TokenProviderError)$/ },
  {
    verdict: 'expired',
    name: /^(RequestExpired|CredentialsProviderError|InvalidClientTokenId|UnrecognizedClientException)$/,
  },

  // kops and Cluster API retry this one on purpose: a NAT gateway or load balancer still has the address.
  { verdict: 'not-yet', name: /^AuthFailure$/, message: /ReleaseAddress|DisassociateAddress/ },
  { verdict: 'failed', name: /^(AuthFailure|InvalidParameterValue)$/, message: /AWS Backup/i },
  {
    verdict: 'denied',
    name: /^(UnauthorizedOperation|AccessDenied|AccessDeniedException|AuthFailure|OptInRequired|NotAuthorized)$/,
  },
  { verdict: 'denied', name: /./, message: /explicit deny|service control policy|is not authorized to perform/i },

  {
    verdict: 'throttled',
    name: /Throttl|^(RequestLimitExceeded|TooManyRequestsException|SlowDown|PriorRequestNotComplete|BandwidthLimitExceeded)$/,
  },

  // One name for what a person locked and for what a service of AWS still uses.
  { verdict: 'protected', name: /^OperationNotPermitted(Exception)?$/, message: /deletion protection/i },
  { verdict: 'protected', name: /^OperationNotPermitted$/, message: /disableApi(Termination|Stop)/i },
  { verdict: 'not-yet', name: /^OperationNotPermitted(Exception)?$/ },

  {
    verdict: 'not-yet',
    name: /^(DependencyViolation|InvalidGroup\.InUse|InvalidIPAddress\.InUse|InvalidSnapshot\.InUse)$/,
  },
  { verdict: 'not-yet', name: /^(VolumeInUse|IncorrectState|IncorrectInstanceState|InvalidInstanceID)$/ },
  { verdict: 'not-yet', name: /^(InvalidNetworkInterface\.InUse|Resource\.AlreadyAssociated)$/ },
  { verdict: 'not-yet', name: /^InvalidParameterValue$/, message: /currently in use/i },
  { verdict: 'not-yet', name: /^ResourceInUse(Exception)?$/ },
  { verdict: 'not-yet', name: /^DeleteConflict(Exception)?$/ },
  // A role or profile that is just being changed (IAM API, DeleteRole).
  { verdict: 'not-yet', name: /^ConcurrentModification(Exception)?$/ },
  { verdict: 'not-yet', name: /^(BucketNotEmpty|OperationAborted)$/ },
  { verdict: 'not-yet', name: /^(DistributionNotDisabled|PreconditionFailed|InvalidIfMatchVersion)$/ },
  { verdict: 'not-yet', name: /^(HostedZoneNotEmpty|InvalidChangeBatch)$/ },
];

/** The meaning of an error for a sweep that comes round again. */
export function verdictOf(fault: Fault): Verdict {
  const row = rows.find(
    ({ name, message }) => name.test(fault.name ?? '') && (message === undefined || message.test(fault.message)),
  );
  if (row !== undefined) return row.verdict;
  if (fault.class === 'throttled') return 'throttled';
  // No answer, a fault of the service, a broken connection: the round after may see it gone.
  return fault.class === 'transient' ? 'not-yet' : 'failed';
}

/** The part of any error that a verdict looks at. */
export function faultOf(error: unknown): Fault {
  if (isPlatformError(error)) {
    const name = error.facts['name'];
    return { ...(name !== undefined && { name: String(name) }), message: error.message, class: error.class };
  }
  return error instanceof Error ? { name: error.name, message: error.message } : { message: String(error) };
}
