import { join } from 'node:path';
import { type ErrorClass, type ErrorCode, PlatformError } from '../../errors.ts';
import type { Exit, TerraformRoot } from '../ports.ts';
import { type Diagnostic, errorsOf, readMessages } from './messages.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly next: readonly string[];
}

const again = 'run the same command again: what exists is kept';

/** The S3 backend's words for a bucket that is not there: of init, of what reads the state, with and without -json (1.11.4). */
const bucketMissing = /(?:existing workspaces|loading (?:the )?state): S3 bucket "[^"]*" does not exist/i;

/** AWS error codes as the provider prints them ("api error CODE: …"), and what a person can do about each. */
const rules: readonly Rule[] = [
  {
    pattern: /Instance cannot be destroyed[\s\S]*prevent_destroy/,
    code: 'FOREIGN',
    class: 'permanent',
    next: ['its owner protects it: take prevent_destroy out of the tree knowingly, or keep the resource'],
  },
  {
    pattern: /RequestLimitExceeded|Throttling|TooManyRequests|SlowDown|PriorRequestNotComplete/,
    code: 'AWS',
    class: 'throttled',
    next: [again],
  },
  {
    pattern: /LimitExceeded|QuotaExceeded|AddressLimit|MaxSpotInstanceCount/,
    code: 'QUOTA',
    class: 'permanent',
    next: [
      'ask AWS to raise the named limit, or use fewer or smaller nodes',
      'platform doctor compares the configuration with the limits',
    ],
  },
  {
    pattern:
      /ExpiredToken|RequestExpired|InvalidClientTokenId|AuthFailure|SignatureDoesNotMatch|No valid credential sources|failed to refresh cached credentials|InvalidAccessKeyId/,
    code: 'CREDENTIALS',
    class: 'permanent',
    next: ['log in again (aws sso login, or new access keys), then run the same command again'],
  },
  {
    pattern: /UnauthorizedOperation|AccessDenied|not authorized to perform/,
    code: 'CREDENTIALS',
    class: 'permanent',
    next: ['let the role do what the message names: templates/iam holds the policies that are needed'],
  },
  {
    pattern: /InsufficientInstanceCapacity|InternalError|ServiceUnavailable|InternalFailure/,
    code: 'AWS',
    class: 'transient',
    next: [again],
  },
  {
    pattern:
      /no such host|connection refused|connection reset|i\/o timeout|TLS handshake timeout|context deadline exceeded|RequestError: send request failed/i,
    code: 'UNREACHABLE',
    class: 'transient',
    next: ['check the network connection', again],
  },
  {
    pattern:
      /Failed to query available provider packages|Failed to install provider|could not connect to registry|Invalid provider registry host/i,
    code: 'UNREACHABLE',
    class: 'transient',
    next: ['check that the provider registry can be reached, or name a mirror in the file of TF_CLI_CONFIG_FILE'],
  },
];

/** A failed Terraform call as an error that a person can act on: the first error, where it stands, and what to do. */
export function explainTerraform(root: TerraformRoot, what: string, exit: Exit): PlatformError {
  const diagnostics = errorsOf(readMessages(exit.tail));
  const first = diagnostics.find(({ summary }) => summary !== 'execution halted') ?? diagnostics[0];
  const interrupted = wasInterrupted(exit);
  const place = first === undefined ? undefined : placeOf(root, first);
  const facts = {
    tool: 'terraform',
    root: root.name,
    ...(exit.log === '' ? {} : { log: exit.log }),
    ...(exit.code === null ? {} : { exitCode: exit.code }),
    ...(first?.address === undefined ? {} : { address: first.address }),
    ...place,
    ...(diagnostics.length > 1 ? { errors: diagnostics.length } : {}),
  };
  if (interrupted) {
    return new PlatformError('INTERRUPTED', {
      message: `terraform ${what} of ${root.name} was interrupted${exit.signal === null ? '' : ` by ${exit.signal}`}`,
      next: ['run the same command again: it settles what was cut (tainted, unrecorded) and goes on'],
      facts,
    });
  }
  if (first === undefined) {
    const lines = exit.tail.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('{'));
    const known = rules.find(({ pattern }) => pattern.test(lines.join(' ')));
    return new PlatformError(known?.code ?? 'TOOL_FAILED', {
      message: `terraform ${what} of ${root.name} ended with ${exit.signal ?? `code ${exit.code ?? 'unknown'}`}: ${lines.slice(-3).join(' ') || 'it said nothing'}`,
      class: known?.class ?? 'permanent',
      next: known?.next ?? [exit.log === '' ? again : `read ${exit.log}`],
      facts: bucketMissing.test(lines.join(' ')) ? { ...facts, reason: 'no-state-bucket' } : facts,
    });
  }
  const text = `${first.summary}: ${first.detail ?? ''}`;
  const rule = rules.find(({ pattern }) => pattern.test(text));
  const where = place === undefined ? '' : ` (${place.file}:${place.line})`;
  return new PlatformError(rule?.code ?? 'TOOL_FAILED', {
    message: `terraform ${what} of ${root.name}: ${describe(first)}${where}`,
    class: rule?.class ?? 'permanent',
    next: rule?.next ?? [
      place === undefined ? again : `correct ${place.file} line ${place.line}`,
      ...(exit.log === '' ? [] : [`the whole log: ${exit.log}`]),
    ],
    facts: bucketMissing.test(text) ? { ...facts, reason: 'no-state-bucket' } : facts,
  });
}

/** Terraform says so itself; otherwise there is no exit code: a signal ended it, or nobody saw its end. Code 1 alone does not tell. */
export function wasInterrupted(exit: Exit): boolean {
  return (
    exit.code === null ||
    readMessages(exit.tail).some((message) => message['@message']?.includes('Interrupt received') ?? false)
  );
}

/** True for the refusal of a plan whose state moved on after planning. */
export function isStalePlan(exit: Exit): boolean {
  return errorsOf(readMessages(exit.tail)).some(({ summary }) => /saved plan is stale/i.test(summary));
}

export function placeOf(root: TerraformRoot, { range }: Diagnostic): { file: string; line: number } | undefined {
  return range === undefined ? undefined : { file: join(root.directory, range.filename), line: range.start.line };
}

/** The summary with the first paragraph of the detail, on one line. */
export function describe({ summary, detail, address }: Diagnostic): string {
  const paragraph = (detail ?? '').split('\n\n')[0]?.replace(/\s+/g, ' ').trim() ?? '';
  return [address, summary, paragraph].filter((part) => part !== undefined && part !== '').join(': ');
}
