import { describe, expect, test } from 'vitest';
import type { Clock, Exit, TerraformRoot } from '../../../../src/tools/ports.ts';
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
    ['api error UnauthorizedOperation: You are not authorized', 'CREDENTIALS', 'permanent'],
    ['api error InsufficientInstanceCapacity: no capacity', 'AWS', 'transient'],
    ['dial tcp: lookup ec2.eu-west-1.amazonaws.com: no such host', 'UNREACHABLE', 'transient'],
    ['api error InvalidParameterValue: bad', 'TOOL_FAILED', 'permanent'],
  ])('%s is %s, %s', (detail, code, kind) => {
    const error = explainTerraform(root, 'apply', exit([diagnostic('creating EC2 Instance', detail)]));
    expect(error).toMatchObject({ code, class: kind, message: expect.stringContaining(detail) });
    expect(error.next.length).toBeGreaterThan(0);
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
    expect(lockIn(exit([diagnostic('Other')]))).toBeUndefined();
  });

  test('tells its holder and age', () => {
    const Created = '2026-11-21T16:11:05.546617965Z';
    const error = lockedError(root, { ID: '5a56', Who: 'root@vm', Operation: 'OperationTypeApply', Created }, clock);
    expect(error.message).toBe(`root@vm holds the Terraform state of cluster (apply) since ${Created}, 12 min ago`);
    expect(error.facts['lockId']).toBe('5a56');
  });
});
