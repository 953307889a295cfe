import { isPlatformError, PlatformError } from '../../errors.ts';
import type { ErrorClass, ErrorCode } from '../../errors.ts';

/** Which call an error belongs to; `subject` is the resource that was asked about. */
export interface AwsCall {
  readonly service: string;
  readonly action: string;
  readonly subject?: string;
}

/** The part of an SDK exception that is looked at. `name` is the API's error code (SDK v3, ServiceException). */
interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $retryable?: { readonly throttling?: boolean };
}

interface Verdict {
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly says?: string;
  /** What a person does about it, whoever asked: an error that ends a run is never without. */
  readonly next: readonly string[];
}

/**
 * Turns what the SDK threw into AWS, CREDENTIALS or QUOTA with a class and facts {service, action, name, status}.
 * By the time it is called the SDK has tried three times.
 */
export function awsError(thrown: unknown, call: AwsCall, deadline?: number): PlatformError {
  if (isPlatformError(thrown)) return thrown;
  const error = shape(thrown);
  const verdict = deadline === undefined ? judge(error, call) : late(deadline);
  const subject = call.subject === undefined ? '' : ` (${call.subject})`;
  return new PlatformError(verdict.code, {
    message: `${call.service}:${call.action}${subject}: ${verdict.says ?? (error.message || error.name)}`,
    class: verdict.class,
    next: verdict.next,
    facts: {
      service: call.service,
      action: call.action,
      name: deadline === undefined ? error.name : 'DeadlineExceeded',
      ...(call.subject !== undefined && { subject: call.subject }),
      ...(error.$metadata?.httpStatusCode !== undefined && { status: error.$metadata.httpStatusCode }),
    },
    cause: thrown,
  });
}

/** Whether an error is the API's way to say that the thing is not there. */
export function isAbsent(error: unknown, ...names: readonly string[]): boolean {
  const name = isPlatformError(error) ? String(error.facts['name']) : error instanceof Error ? error.name : '';
  return names.includes(name) || (names.length === 0 && /NotFound|^NoSuch/.test(name));
}

const skewed = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'RequestInTheFuture']);
const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'TokenProviderError']);
const refused = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'AuthFailure',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'IncompleteSignature',
]);
const denied = new Set(['UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException', 'OptInRequired']);
// The list of the SDK's own retry strategy (smithy service-error-classification), and Route 53's.
const throttling =
  /Throttl|^RequestLimitExceeded$|^TooManyRequestsException$|^SlowDown$|^PriorRequestNotComplete$|^BandwidthLimitExceeded$|^EC2ThrottledException$/;
const limits =
  /LimitExceeded|ServiceQuotaExceeded|^TooMany(Buckets|Certificates|HostedZones|TargetGroups|LoadBalancers)|^MaxSpotInstanceCountExceeded$/;
// What was made a moment ago may not be seen by the next call (EC2 API, eventual consistency); capacity comes and goes.
const passing =
  /^Invalid\w+\.NotFound$|^InsufficientInstanceCapacity$|^IncorrectState$|^IncorrectInstanceState$|^DependencyViolation$|^ConcurrentModification|^OperationAborted$|^RequestTimeout$|^InternalError$|^ServiceUnavailable$|^Unavailable$/;
const network = /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/;

function judge(error: SdkError, call: AwsCall): Verdict {
  const { name, message } = error;
  if (skewed.has(name) || /signature (expired|not yet current)/i.test(message)) {
    return credentials('the clock of this machine is wrong: AWS refuses requests that are more than 5 minutes off', [
      'Set the clock (timedatectl set-ntp true) and run again.',
    ]);
  }
  if (expired.has(name))
    return credentials('the credentials have expired', [
      'Log in again (aws sso login), then run the same command again: it goes on.',
    ]);
  if (name === 'CredentialsProviderError')
    return credentials(`no credentials were found: ${message}`, [
      'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
    ]);
  if (refused.has(name))
    return credentials(`the credentials are not valid: ${message}`, [
      'Check which profile is used: aws sts get-caller-identity.',
    ]);
  if (denied.has(name))
    return {
      code: 'AWS',
      class: 'permanent',
      next: [`Allow ${call.service}:${call.action} to this principal, then run the same command again.`],
    };
  if (throttling.test(name) || error.$retryable?.throttling === true || error.$metadata?.httpStatusCode === 429)
    return {
      code: 'AWS',
      class: 'throttled',
      next: [
        'AWS slows the whole account down: wait a few minutes, then run the same command again: it goes on.',
        'If it lasts, see in CloudTrail who else calls so often, or ask AWS support for a higher rate.',
      ],
    };
  if (limits.test(name))
    return {
      code: 'QUOTA',
      class: 'permanent',
      next: ['Ask for a higher quota in the Service Quotas console, or free what is not needed.'],
    };
  if (name === 'InsufficientInstanceCapacity')
    return {
      code: 'AWS',
      class: 'transient',
      next: [
        'AWS has no machine of this type free in this zone: run the same command again later.',
        'If it lasts, choose another type for the node in platform.yaml.',
      ],
    };
  if (passing.test(name)) return { code: 'AWS', class: 'transient', next: later };
  if (network.test(error.code ?? ''))
    return {
      code: 'AWS',
      class: 'transient',
      says: `AWS cannot be reached: ${message || error.code}`,
      next: connection,
    };
  if (name === 'TimeoutError') return { code: 'AWS', class: 'transient', next: connection };
  if ((error.$metadata?.httpStatusCode ?? 0) >= 500) return { code: 'AWS', class: 'transient', next: later };
  return {
    code: 'AWS',
    class: 'permanent',
    next: ['Set right what AWS names, in platform.yaml or in the account, then run the same command again.'],
  };
}

/** AWS itself fails, or does not show yet what was made a moment ago: both pass. */
const later = [
  'Run the same command again in a minute: it goes on.',
  'If it lasts, see whether AWS has trouble in this region: https://health.aws.amazon.com',
];

const connection = [
  'Check the connection of this machine (DNS, proxy, VPN), then run the same command again: it goes on.',
];

function credentials(says: string, next: readonly string[]): Verdict {
  return { code: 'CREDENTIALS', class: 'permanent', says, next };
}

function late(deadline: number): Verdict {
  return { code: 'AWS', class: 'transient', says: `no answer within ${deadline / 1000} s`, next: connection };
}

function shape(thrown: unknown): SdkError {
  if (!(thrown instanceof Error)) return { name: 'Unknown', message: String(thrown) };
  // Several addresses were tried: the first failure stands for all.
  return thrown instanceof AggregateError && thrown.errors[0] instanceof Error ? shape(thrown.errors[0]) : thrown;
}
