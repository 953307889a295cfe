import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { awsError, isAbsent } from '../../../../src/tools/aws/errors.ts';

const call = { service: 'ec2', action: 'RunInstances', subject: 'k8s-worker-1' };
const thrown = (name: string, message = 'no', more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

describe('awsError', () => {
  test.each([
    ['CredentialsProviderError', 'CREDENTIALS', 'permanent'],
    ['ExpiredToken', 'CREDENTIALS', 'permanent'],
    ['ExpiredTokenException', 'CREDENTIALS', 'permanent'],
    ['InvalidClientTokenId', 'CREDENTIALS', 'permanent'],
    ['UnrecognizedClientException', 'CREDENTIALS', 'permanent'],
    ['AuthFailure', 'CREDENTIALS', 'permanent'],
    ['RequestTimeTooSkewed', 'CREDENTIALS', 'permanent'],
    ['UnauthorizedOperation', 'AWS', 'permanent'],
    ['AccessDenied', 'AWS', 'permanent'],
    ['AccessDeniedException', 'AWS', 'permanent'],
    ['RequestLimitExceeded', 'AWS', 'throttled'],
    ['ThrottlingException', 'AWS', 'throttled'],
    ['Throttling', 'AWS', 'throttled'],
    ['SlowDown', 'AWS', 'throttled'],
    ['VcpuLimitExceeded', 'QUOTA', 'permanent'],
    ['AddressLimitExceeded', 'QUOTA', 'permanent'],
    ['LimitExceededException', 'QUOTA', 'permanent'],
    ['TooManyBuckets', 'QUOTA', 'permanent'],
    ['InvalidInstanceID.NotFound', 'AWS', 'transient'],
    ['InsufficientInstanceCapacity', 'AWS', 'transient'],
    ['InvalidParameterValue', 'AWS', 'permanent'],
    ['NoSuchBucket', 'AWS', 'permanent'],
    ['TimeoutError', 'AWS', 'transient'],
  ] as const)('%s is %s, %s', (name, code, expected) => {
    expect(awsError(thrown(name), call)).toMatchObject({
      code,
      class: expected,
      facts: { service: 'ec2', action: 'RunInstances', name, subject: 'k8s-worker-1' },
    });
  });

  test('a wrong clock is named as such, also where only the signature is complained about', () => {
    const error = awsError(
      thrown('SignatureDoesNotMatch', 'Signature expired: 20261121T000000Z is now earlier than 20261121T010000Z'),
      call,
    );
    expect(error).toMatchObject({ code: 'CREDENTIALS', message: expect.stringContaining('clock') });
    expect(
      awsError(thrown('SignatureDoesNotMatch', 'The request signature we calculated does not match'), call).message,
    ).toContain('not valid');
  });

  test('a 503 without a known name and a refused connection are transient', () => {
    expect(awsError(thrown('Odd', 'x', { $metadata: { httpStatusCode: 503 } }), call)).toMatchObject({
      class: 'transient',
      facts: { status: 503 },
    });
    const refused = new AggregateError([thrown('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED' })]);
    expect(awsError(refused, call)).toMatchObject({
      class: 'transient',
      message: expect.stringContaining('cannot be reached'),
    });
  });

  test('a deadline is named, and says nothing about AWS', () => {
    expect(awsError(thrown('AbortError'), call, 15_000)).toMatchObject({
      class: 'transient',
      message: 'ec2:RunInstances (k8s-worker-1): no answer within 15 s',
      next: [expect.stringContaining('DNS, proxy, VPN')],
    });
  });

  test.each<readonly [string, Error, RegExp]>([
    ['throttled', thrown('RequestLimitExceeded'), /wait a few minutes, then run the same command again/],
    ['a fault of AWS', thrown('InternalError'), /run the same command again in a minute/i],
    ['a fault without a known name', thrown('Odd', 'x', { $metadata: { httpStatusCode: 500 } }), /in a minute/],
    ['a bad gateway', thrown('Odd', 'x', { $metadata: { httpStatusCode: 502 } }), /in a minute/],
    ['not seen yet', thrown('InvalidInstanceID.NotFound'), /in a minute/],
    ['no machine free', thrown('InsufficientInstanceCapacity'), /another type/],
    ['unreachable', thrown('Error', 'x', { code: 'ENOTFOUND' }), /DNS, proxy, VPN/],
    ['slow', thrown('TimeoutError'), /DNS, proxy, VPN/],
    ['refused for good', thrown('InvalidParameterValue'), /what AWS names/],
    ['nothing that is known', thrown('Odd'), /what AWS names/],
  ])('%s: says what to do', (_, error, next) => {
    expect(awsError(error, call).next.join('\n')).toMatch(next);
  });

  const anyError = fc.record({
    name: fc.oneof(
      fc.string(),
      fc.constantFrom('ExpiredToken', 'AuthFailure', 'AccessDenied', 'SlowDown', 'VpcLimitExceeded', 'NoSuchKey'),
    ),
    message: fc.string(),
    code: fc.option(fc.constantFrom('ECONNRESET', 'ODD'), { nil: undefined }),
    $metadata: fc.option(fc.record({ httpStatusCode: fc.integer({ min: 100, max: 599 }) }), { nil: undefined }),
  });
  test('whatever is thrown: there is a next action', () => {
    fc.assert(
      fc.property(anyError, fc.option(fc.nat(), { nil: undefined }), (parts, deadline) => {
        const { next } = awsError(Object.assign(new Error('x'), parts), call, deadline);
        expect(next.length).toBeGreaterThan(0);
        for (const one of next) expect(one.trim()).not.toBe('');
      }),
    );
  });

  test('an error that is ours already is left alone', () => {
    const first = awsError(thrown('SlowDown'), call);
    expect(awsError(first, { service: 's3', action: 'PutObject' })).toBe(first);
  });
});

test('isAbsent reads the name of an SDK error and of ours', () => {
  expect(isAbsent(thrown('NoSuchKey'))).toBe(true);
  expect(isAbsent(awsError(thrown('NoSuchEntity'), call), 'NoSuchEntity')).toBe(true);
  expect(isAbsent(awsError(thrown('AccessDenied'), call))).toBe(false);
});
