import { describe, expect, test } from 'vitest';
import type { Clock, Exit, TerraformRoot } from '../../../../src/tools/ports.ts';
import { isBucketMissing } from '../../../../src/tools/terraform/destroy.ts';
import { explainTerraform, isStalePlan } from '../../../../src/tools/terraform/failures.ts';
import { lockedError, lockIn } from '../../../../src/tools/terraform/lock.ts';

const root: TerraformRoot = { name: 'cluster', directory: '/p/terraform/cluster', variables: {} };
const exit = (tail: readonly string[], more: Partial<Exit> = {}): Exit => ({
  code: 1,
  signal: null,
  tail,
  stdout: '',
  log: '/l',
  ...more,
});
const diagnostic = (summary: string, detail = '', more: object = {}): string =>
  JSON.stringify({
    type: 'diagnostic',
    '@message': summary,
    diagnostic: { severity: 'error', summary, detail, ...more },
  });
const clock = { now: () => Date.parse('2026-11-21T16:23:05Z') } as Clock;

describe('explainTerraform', () => {
  test.each([
    ['api error RequestLimitExceeded: Request limit exceeded.', 'AWS', 'throttled'],
    ['api error VcpuLimitExceeded: You have requested more vCPU', 'QUOTA', 'permanent'],
    ['api error AddressLimitExceeded: too many addresses', 'QUOTA', 'permanent'],
    ['api error ExpiredToken: The security token is expired', 'CREDENTIALS', 'permanent'],
    ['api error RequestExpired: Request has expired.', 'CREDENTIALS', 'permanent'],
    ['api error UnauthorizedOperation: You are not authorized', 'CREDENTIALS', 'permanent'],
    ['api error InsufficientInstanceCapacity: no capacity', 'AWS', 'transient'],
    ['dial tcp: lookup ec2.eu-west-1.amazonaws.com: no such host', 'UNREACHABLE', 'transient'],
    ['api error InvalidParameterValue: bad', 'TOOL_FAILED', 'permanent'],
  ])('%s is %s, %s', (detail, code, kind) => {
    const error = explainTerraform(root, 'apply', exit([diagnostic('creating EC2 Instance', detail)]));
    expect(error).toMatchObject({ code, class: kind, message: expect.stringContaining(detail) });
    expect(error.next.length).toBeGreaterThan(0);
  });

  test('a resource that its owner protects is refused for safety', () => {
    const detail =
      'Resource aws_db_instance.theirs has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed.';
    const error = explainTerraform(root, 'plan', exit([diagnostic('Instance cannot be destroyed', detail)]));
    expect(error).toMatchObject({ code: 'FOREIGN', message: expect.stringContaining('aws_db_instance.theirs') });
  });

  // As init, state pull and plan of 1.11.4 say it.
  test.each([
    [
      diagnostic(
        'Failed to get existing workspaces: S3 bucket "states" does not exist.\n\nThe referenced S3 bucket must',
      ),
    ],
    [diagnostic('error loading state: S3 bucket "states" does not exist.\n\nThe referenced S3 bucket must')],
    ['Error loading the state: S3 bucket "states" does not exist.'],
  ])('a missing bucket of the state is told apart: %s', (line) => {
    expect(isBucketMissing(explainTerraform(root, 'state pull', exit([line])))).toBe(true);
  });

  test('a missing bucket that is a resource is not', () => {
    const detail =
      'operation error S3: DeleteBucket, https response error StatusCode: 404, NoSuchBucket: the bucket does not exist';
    expect(isBucketMissing(explainTerraform(root, 'apply', exit([diagnostic('deleting S3 Bucket (b)', detail)])))).toBe(
      false,
    );
  });

  test('what is said without JSON is judged as well', () => {
    const error = explainTerraform(
      root,
      'state pull',
      exit(['Error: operation error S3: GetObject, ExpiredToken: The provided token has expired.']),
    );
    expect(error).toMatchObject({ code: 'CREDENTIALS', message: expect.stringContaining('ExpiredToken') });
  });

  test('names address, file and line of the first error, and counts the others', () => {
    const place = {
      address: 'aws_instance.node["a"]',
      range: { filename: 'machines.tf', start: { line: 7, column: 3 } },
    };
    const error = explainTerraform(
      root,
      'plan',
      exit([diagnostic('execution halted'), diagnostic('Bad', 'One.\n\nTwo.', place), diagnostic('Worse')]),
    );
    expect(error.message).toBe(
      'terraform plan of cluster: aws_instance.node["a"]: Bad: One. (/p/terraform/cluster/machines.tf:7)',
    );
    expect(error.facts).toMatchObject({
      address: place.address,
      file: '/p/terraform/cluster/machines.tf',
      line: 7,
      errors: 3,
      exitCode: 1,
    });
  });

  test.each([
    [
      'its own words',
      exit([
        JSON.stringify({ type: 'log', '@message': '\nInterrupt received.\nPlease wait' }),
        diagnostic('operation canceled'),
      ]),
    ],
    ['a signal', exit([], { code: null, signal: 'SIGKILL' })],
    ['an end that nobody saw', exit([], { code: null })],
  ])('is INTERRUPTED by %s', (_by, ended) => {
    expect(explainTerraform(root, 'apply', ended).code).toBe('INTERRUPTED');
  });

  test('repeats the last words where there is no diagnostic', () => {
    expect(explainTerraform(root, 'output', exit(['', 'Error: no state'])).message).toContain('Error: no state');
  });

  test('knows a plan that was overtaken', () => {
    expect(isStalePlan(exit([diagnostic('Saved plan is stale')]))).toBe(true);
    expect(isStalePlan(exit([diagnostic('Something else')]))).toBe(false);
  });
});

describe('a lock', () => {
  const detail =
    'Error message: resource temporarily unavailable\nLock Info:\n  ID:        5a56\n  Path:      /s\n  Operation: OperationTypeApply\n' +
    '  Who:       root@vm\n  Version:   1.11.4\n  Created:   2026-11-21 16:11:05.546617965 +0000 UTC\n  Info:      \n\n\nTerraform acquires';

  test('is read from the refusal', () => {
    const lock = lockIn(exit([diagnostic('Error acquiring the state lock', detail)]));
    expect(lock).toEqual({
      ID: '5a56',
      Who: 'root@vm',
      Operation: 'OperationTypeApply',
      Path: '/s',
      Version: '1.11.4',
      Created: '2026-11-21T16:11:05.546617965Z',
    });
    expect(lockIn(exit([`Error acquiring the state lock: held`, ...detail.split('\n')]))).toEqual(lock);
    expect(lockIn(exit([diagnostic('Other')]))).toBeUndefined();
  });

  test('tells its holder and age', () => {
    const Created = '2026-11-21T16:11:05.546617965Z';
    const error = lockedError(root, { ID: '5a56', Who: 'root@vm', Operation: 'OperationTypeApply', Created }, clock);
    expect(error.message).toBe(`root@vm holds the Terraform state of cluster (apply) since ${Created}, 12 min ago`);
    expect(error.facts['lockId']).toBe('5a56');
  });
});
