import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { permissions, scopeOf } from '../../../src/checks/permissions.ts';
import type { TeardownChoices } from '../../../src/config/config.ts';
import { PlatformError } from '../../../src/errors.ts';
import type { AwsReader, SimulatedScope } from '../../../src/tools/ports.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const policy = readFileSync(new URL('../../../templates/iam/build.json', import.meta.url), 'utf8');
const files = { read: async (path: string) => (path.endsWith('build.json') ? policy : undefined) };
const caller = async () => ({ account: '111122223333', arn: 'arn:aws:iam::111122223333:user/me' });

test('every statement is asked with resources and a context that its conditions fit', async () => {
  const asked: SimulatedScope[] = [];
  const denied: AwsReader['denied'] = async (_actions, scope) => {
    asked.push(scope as SimulatedScope);
    return [];
  };
  expect((await askCheck(permissions, { files, aws: { caller, denied } })).state).toBe('holds');
  expect(asked.length).toBe((JSON.parse(policy) as { Statement: unknown[] }).Statement.length);
  const texts = asked.flatMap(({ resources, context }) => [...resources, ...context.flatMap(({ values }) => values)]);
  expect(texts.filter((text) => text.includes('${') || (text !== '*' && text.includes('*')))).toEqual([]);
  expect(texts).toContain('arn:aws:iam::111122223333:role/demo-example-node');
});

test('denied actions are named with their statement (catalogue B15, B16)', async () => {
  const denied: AwsReader['denied'] = async (actions) => actions.filter((action) => action === 'iam:PassRole');
  expect(said(await askCheck(permissions, { files, aws: { caller, denied } }))).toEqual([
    'error: iam:PassRole would be denied (statement GiveMachinesTheirRole)',
  ]);
});

test('without a domain no rights to certificates and records are asked for', async () => {
  const seen: string[] = [];
  const denied: AwsReader['denied'] = async (actions) => {
    seen.push(...actions);
    return [];
  };
  const { domain: _, ...bare } = awsConfig();
  await askCheck(permissions, { files, aws: { caller, denied } }, bare);
  expect(seen.filter((action) => /^(?:acm|route53):/.test(action))).toEqual([]);
});

test('a role that may not ask is "not checked", never "allowed"', async () => {
  const refusal = new PlatformError('AWS', { message: 'no', facts: { name: 'AccessDenied' } });
  const result = await askCheck(permissions, { files, aws: { caller, denied: async () => Promise.reject(refusal) } });
  expect([result.state, result.because]).toEqual([
    'skipped',
    'not checked: this role may not ask (iam:SimulatePrincipalPolicy)',
  ]);
});

test('a plan asks nothing of it: rights to read are enough', async () => {
  expect((await askCheck(permissions, { files, aws: { caller } }, awsConfig(), 'plan')).state).toBe('skipped');
});

test('a key that takes many values gets them all, any other key the first', () => {
  const { context } = scopeOf({
    Resource: '*',
    Condition: {
      StringEquals: { 'ec2:CreateAction': ['RunInstances', 'CreateVpc'] },
      'ForAllValues:StringLike': { names: ['example.dev', '*.example.dev'] },
    },
  });
  expect(context).toEqual([
    { key: 'ec2:CreateAction', values: ['RunInstances'], list: false },
    { key: 'names', values: ['example.dev', 'example.example.dev'], list: true },
  ]);
});

test('a teardown asks for destroy.json, a rebuild for both, and for data only where it may go', async () => {
  const teardown: TeardownChoices = {
    cleanup: true,
    keepFoundation: false,
    deleteData: false,
    awsOnly: false,
    forceFinalizers: false,
    backup: 'none',
    rebuild: false,
  };
  const asked = async (choices: Partial<TeardownChoices>) => {
    const actions: string[] = [];
    const read = async (path: string) =>
      path.includes('/templates/iam/')
        ? readFileSync(new URL(`../../../templates/iam/${path.split('/').at(-1) ?? ''}`, import.meta.url), 'utf8')
        : undefined;
    const denied: AwsReader['denied'] = async (those) => {
      actions.push(...those);
      return those.filter((action) => action === 'ec2:DeleteVpc');
    };
    const config = { ...awsConfig(), teardown: { ...teardown, ...choices } };
    const result = await askCheck(permissions, { files: { read }, aws: { caller, denied } }, config);
    return { actions, findings: result.findings };
  };
  const destroy = await asked({});
  expect(destroy.actions).toContain('ec2:DeleteVpc');
  expect(destroy.actions).not.toContain('ec2:RunInstances');
  expect(destroy.actions).not.toContain('s3:DeleteObjectVersion');
  expect(destroy.findings).toEqual([
    {
      level: 'error',
      message: 'ec2:DeleteVpc would be denied (statement DeleteOwn)',
      next: ['attach templates/iam/destroy.json beside plan.json to the role; templates/iam/README.md says how'],
    },
  ]);
  expect(destroy.actions).not.toContain('ec2:CreateSnapshot');
  expect((await asked({ deleteData: true })).actions).toContain('s3:DeleteObjectVersion');
  expect((await asked({ backup: 'volumes' })).actions).toEqual(
    expect.arrayContaining(['ec2:CreateSnapshot', 'ec2:CreateTags']),
  );
  expect((await asked({ rebuild: true })).actions).toEqual(
    expect.arrayContaining(['ec2:RunInstances', 'ec2:DeleteVpc']),
  );
});
