import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { planFile } from '../../../src/commands/plan-file.ts';
import type { PlatformConfig } from '../../../src/config/config.ts';
import type { Timing } from '../../../src/engine/critical-path.ts';
import { criticalPathOf } from '../../../src/engine/critical-path.ts';
import type { Plan } from '../../../src/engine/plan-run.ts';
import type { RunResult } from '../../../src/engine/run-options.ts';
import { errorTable, PlatformError } from '../../../src/errors.ts';
import { errorDocument, errorText } from '../../../src/ui/error-view.ts';
import { planSchema } from '../../../src/ui/plan-schema.ts';
import { planText } from '../../../src/ui/plan-view.ts';
import { resultDocument, resultText } from '../../../src/ui/result-view.ts';
import { runsText } from '../../../src/ui/runs-view.ts';
import { statusText } from '../../../src/ui/status-view.ts';
import { widthOf } from '../../../src/ui/text-width.ts';
import { golden, Recorder } from './golden.ts';
import { failing, rows } from './scripted-run.ts';

const style = new Chalk({ level: 0 });
const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));

const plan: Plan = {
  version: 1,
  verb: 'up',
  environment: 'prod',
  digest: 'd1',
  config: 'c1',
  journal: 12,
  rows: [
    ...rows,
    {
      step: 'etcd-backup',
      title: 'Backups of etcd',
      action: 'ask',
      because: 'attempt 2 was interrupted, and only a person can say whether it may run again',
      needs: [],
    },
  ],
  pending: true,
  problems: [
    {
      step: 'dns',
      failure: {
        code: 'AWS',
        message: 'there is no hosted zone',
        next: ['create it'],
        class: 'permanent',
        facts: { zone: 'example.dev' },
      },
    },
  ],
  found: new Map(),
};

const config = {
  name: 'shop',
  environment: 'prod',
  target: 'aws',
  domain: 'example.dev',
  network: { cni: 'calico' },
  nodes: { 'k8s-master': {}, 'k8s-worker-1': {}, 'k8s-storage': {} },
  addons: ['ebs-csi', 'cert-manager', 'alb-controller', 'argocd', 'monitoring', 'rabbitmq', 'redis'],
  versions: { kubernetes: '1.36.3' },
  root: '/home/ada/shop',
  stateFolder: '/home/ada/shop/.platform/prod',
} as unknown as PlatformConfig;

const timings: readonly Timing[] = [
  { step: 'state-backend', needs: [], work: 0, wait: 0 },
  { step: 'foundation', needs: ['state-backend'], work: 3000, wait: 0 },
  { step: 'infrastructure', needs: ['state-backend'], work: 207_000, wait: 0 },
  { step: 'machines/k8s-master', needs: ['infrastructure'], work: 1000, wait: 33_000 },
  { step: 'machines/k8s-worker-1', needs: ['infrastructure'], work: 1000, wait: 25_000 },
  { step: 'control-plane', needs: ['machines/k8s-master'], work: 62_000, wait: 4000 },
  { step: 'redis', needs: ['control-plane'], work: 1000, wait: 60_000 },
];

const result = (ending: RunResult['ending'], extra: Partial<RunResult> = {}): RunResult => ({
  run: '2026-11-21T10-00-00-abcd',
  ending,
  exitCode: ending === 'done' ? 0 : 11,
  failures: [],
  done: timings.slice(1).map(({ step }) => step),
  kept: ['state-backend'],
  skipped: [],
  open: [],
  wall: 400_000,
  timings,
  criticalPath: criticalPathOf(timings, 400_000, 2),
  ...extra,
});

const failures = failing.flatMap(([, event]) =>
  event.type === 'step.failed' ? [{ step: event.step, failure: event.failure }] : [],
);
const endpoints = ['https://argocd.example.dev', 'https://grafana.example.dev'];

test.each([80, 60, 120])('a plan at %i columns', async (columns) => {
  const text = planText(plan, style, columns);
  expect(widest(text)).toBeLessThanOrEqual(columns);
  await expect(text).toMatchFileSnapshot(golden(`plan-${columns}.txt`));
});

test('the published schema of a plan is the one that plans keep', async () => {
  await expect(`${JSON.stringify(planSchema, null, 2)}\n`).toMatchFileSnapshot('../../../docs/plan.schema.json');
  const schema = z.fromJSONSchema(planSchema as never);
  const document = JSON.parse(planFile(plan)) as { rows: { action: string }[] };
  expect(schema.safeParse(document).error).toBeUndefined();
  const known = new Set(Object.keys(planSchema.properties));
  expect(Object.keys(document).filter((key) => !known.has(key))).toEqual([]);
  const wrong = { ...document, rows: [{ ...document.rows[0], action: 'guess' }] };
  expect(schema.safeParse(wrong).success).toBe(false);
});

test('closing lines of a run that is done name what stands, how long each part took, and the critical path', async () => {
  const text = resultText({ plan, config, endpoints, result: result('done') }, style, 80);
  expect(widest(text)).toBeLessThanOrEqual(80);
  await expect(text).toMatchFileSnapshot(golden('result-done.txt'));
});

test('closing lines of a run that failed tell the first failures in full, the logs, and what to type', async () => {
  const many = Array.from({ length: 5 }, (_, index) =>
    failures.map((one) => ({ ...one, step: `${one.step}-${index}` })),
  ).flat();
  const text = resultText(
    { plan, config, endpoints: [], result: result('failed', { failures: many, skipped: ['smoke'], open: ['dns'] }) },
    style,
    80,
  );
  expect(widest(text)).toBeLessThanOrEqual(80);
  await expect(text).toMatchFileSnapshot(golden('result-failed.txt'));
});

test('closing lines of an interrupted run say how to go on', async () => {
  const text = resultText(
    { plan, config, endpoints: [], result: result('interrupted', { open: ['redis', 'smoke'] }) },
    style,
    80,
  );
  await expect(text).toMatchFileSnapshot(golden('result-interrupted.txt'));
});

test('of a cluster whose making was left out nothing is said to stand', () => {
  const rows = plan.rows.map((row) => (row.step === 'control-plane' ? { ...row, action: 'skip' as const } : row));
  const whole = resultText({ plan, config, endpoints, result: result('done') }, style, 80);
  const part = resultText({ plan: { ...plan, rows }, config, endpoints, result: result('done') }, style, 80);
  expect([whole, part].map((text) => text.includes('What stands there'))).toEqual([true, false]);
});

test('nothing to be done: each step says why it is kept', async () => {
  const kept = rows.map((row) => ({
    ...row,
    action: 'keep' as const,
    because: `${row.title} is as the configuration wants it, looked at just now`,
  }));
  const outcome = {
    plan: { ...plan, rows: kept, pending: false },
    config: { ...config, target: 'sandbox' as const },
    endpoints,
  };
  const text = resultText(outcome, style, 80);
  expect(widest(text)).toBeLessThanOrEqual(80);
  await expect(text).toMatchFileSnapshot(golden('result-nothing.txt'));
  expect(resultDocument(outcome)).toMatchObject({
    type: 'run.result',
    ending: 'done',
    exitCode: 0,
    run: null,
    kept: rows.map(({ step }) => step),
    endpoints,
  });
});

const host = (words: readonly string[] = []) => ({
  environment: {},
  stderr: new Recorder(),
  arguments: words,
  version: '0.1.0',
});

test('errors: code, cause, facts that are not told yet, next actions', async () => {
  const known = new PlatformError('CONFIG_INVALID', {
    message:
      'platform.yaml has 2 problems:\n  platform.yaml:3:9 nodes.k8s-master.disk: expected a whole number of GiB between 8 and 16384, not "80GB"\n  platform.yaml:9:1 adons: unknown key; did you mean addons?',
    next: [
      'correct the file; platform config schema prints the schema for your editor, which then shows such things while you type',
      'platform plan --config-only judges it again',
    ],
    facts: { file: 'platform.yaml', problems: 2, host: 'k8s-master.example.dev', retried: false },
  });
  const texts = [
    known,
    new PlatformError('DECLINED', { message: 'nothing was changed' }),
    new TypeError('cannot read\u001b[2J properties of undefined'),
    'a thrown string',
  ].map((error) => errorText(error, host()));
  expect(Math.max(...texts.map(widest))).toBeLessThanOrEqual(80);
  await expect(texts.join('\n')).toMatchFileSnapshot(golden('errors.txt'));
});

test('a line of a tool cannot command the runner of GitHub', () => {
  const error = new PlatformError('TOOL_FAILED', {
    message: `failed:\n  ::stop-commands::x\n${'a'.repeat(70)} ::add-mask::y`,
  });
  expect(errorText(error, host())).not.toMatch(/^\s*::/m);
});

test('a stack is shown with --log-level debug only, with its causes', () => {
  const error = new TypeError('outer', { cause: new RangeError('inner') });
  expect(errorText(error, host(['up']))).not.toContain('    at ');
  const debug = errorText(error, host(['up', '--log-level', 'debug']));
  expect(debug).toMatch(/TypeError: outer\n {4}at /);
  expect(debug).toMatch(/caused by RangeError: inner\n {4}at /);
  expect(errorText(error, host(['up', '--log-level=debug']))).toContain('    at ');
});

test('every code has a text and a document with its exit code', () => {
  for (const { code, exitCode, title } of errorTable()) {
    const error = new PlatformError(code, { message: 'm', next: ['n'] });
    expect(errorText(error, host())).toBe(`error ${code}: ${title}\n  m\nNext: n\n`);
    expect(errorDocument(error)).toEqual({
      schema: 'platform/error/v1',
      code,
      title,
      exitCode,
      message: 'm',
      next: ['n'],
      facts: {},
    });
  }
  expect(errorDocument(new Error('x'))).toMatchObject({ code: 'BUG', exitCode: 1 });
});

test('runs as a table', async () => {
  const run = {
    run: '2026-11-21T10-00-00-abcd',
    verb: 'up',
    environment: 'prod',
    version: '1',
    config: 'c',
    started: 0,
    latest: 95_000,
    resumed: 0,
    plan: 'p',
    done: ['a', 'b'],
    kept: [],
    failed: [],
    skipped: [],
    durations: new Map(),
  };
  const ended = (wall: number) => ({ ended: { ending: 'done' as const, exitCode: 0, wall } });
  const text = runsText(
    [
      run,
      { ...run, ...ended(700_000), resumed: 1 },
      { ...run, ...ended(800_000) },
      { ...run, ...ended(1000), done: [], kept: ['a', 'b'] },
      {
        ...run,
        ended: { ending: 'failed', exitCode: 10, wall: 61_000 },
        failed: ['infrastructure', 'machines/k8s-worker-1', 'redis'],
      },
    ],
    style,
    80,
  );
  expect(widest(text)).toBeLessThanOrEqual(80);
  await expect(`${text}\n${runsText([], style, 80)}`).toMatchFileSnapshot(golden('runs.txt'));
});

test('status, section by section', async () => {
  const part = (name: string, state: 'ok' | 'problem' | 'unknown', detail: string) => ({ name, state, detail });
  const status = {
    environment: 'prod',
    target: 'aws',
    clusterId: 'shop-prod-x7k2m',
    machines: [
      part('k8s-master', 'ok', 'running  i-0123456789abcdef0  t3.large  203.0.113.10'),
      part('k8s-worker-1', 'problem', 'does not exist'),
    ],
    nodes: [
      part('nodes', 'unknown', 'the API server at https://203.0.113.10:6443 cannot be reached: connect ECONNREFUSED'),
    ],
    addons: [part('argocd', 'ok', 'argocd-server 1 of 1, argocd-application-controller 1 of 1')],
    endpoints: [
      part('load balancer', 'ok', 'k8s-shop-0123456789-987654321.ap-northeast-2.elb.amazonaws.com'),
      part(`https://${'a-very-long-name-of-a-host.'.repeat(2)}example.dev`, 'problem', 'answers 503'),
    ],
    lastRun: { run: '2026-11-21T10-00-00-abcd', verb: 'up', ending: 'done', wall: 700_000 },
  };
  const text = statusText(status, { environment: {}, stderr: new Recorder() }, { color: false });
  expect(widest(text)).toBeLessThanOrEqual(80);
  const never = statusText(
    {
      ...status,
      clusterId: null,
      machines: [],
      nodes: [],
      addons: [],
      endpoints: [],
      lastRun: null,
      target: 'sandbox',
    },
    { environment: {}, stderr: new Recorder() },
    { color: false },
  );
  await expect(`${text}\n${never}`).toMatchFileSnapshot(golden('status.txt'));
});
