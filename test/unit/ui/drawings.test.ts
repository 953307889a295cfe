import { expect, test } from 'vitest';
import { openGithub } from '../../../src/ui/github.ts';
import { openJson } from '../../../src/ui/json.ts';
import { openPlain } from '../../../src/ui/plain.ts';
import { chooseDrawing, openReporter, type Reporter } from '../../../src/ui/reporter.ts';
import { styleFor } from '../../../src/ui/style.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { golden, Recorder } from './golden.ts';
import { cancelled, failing, play, type Scripted, stamped } from './scripted-run.ts';

const options = { color: false, title: 'up prod' };

/** Files in memory; `broken` refuses every write. */
function memoryFiles(texts: Map<string, string>, broken = false) {
  return {
    read: (path: string) => Promise.resolve(texts.get(path)),
    list: () => Promise.resolve([...texts.keys()]),
    remove: (path: string) => Promise.resolve(void texts.delete(path)),
    write: (path: string, text: string) =>
      broken ? Promise.reject(new Error('disk full')) : Promise.resolve(void texts.set(path, text)),
  };
}

async function drawn(script: readonly Scripted[], open: (clock: SimulatedClock) => Reporter): Promise<void> {
  const clock = new SimulatedClock();
  const reporter = open(clock);
  await play(script, clock, (event) => reporter.emit(event));
  await reporter.close();
  await reporter.close();
}

test.each([
  ['failing', failing],
  ['cancelled', cancelled],
] as const)('plain lines of a %s run: no control character, a heartbeat in a silent minute', async (name, script) => {
  const stderr = new Recorder();
  await drawn(script, (clock) => openPlain({ environment: {}, stderr }, options, clock));
  expect(stderr.text).not.toMatch(/[^\P{Cc}\n]/u);
  expect(stderr.text.includes('still at redis for 1m')).toBe(script === failing);
  await expect(stderr.text).toMatchFileSnapshot(golden(`plain-${name}.txt`));
});

test('a heartbeat while the plan is made names what was asked last', async () => {
  const clock = new SimulatedClock();
  const stderr = new Recorder();
  const reporter = openPlain({ environment: {}, stderr }, options, clock);
  reporter.emit(stamped({ type: 'step.checking', step: 'infrastructure' }));
  await clock.drive(clock.sleep(150_000));
  await reporter.close();
  expect(stderr.text.trimEnd().split('\n')).toEqual([
    '   0.0s  looking at what is there',
    '  1m00s  still looking at what is there: 1 steps asked, last infrastructure',
    '  2m00s  still looking at what is there: 1 steps asked, last infrastructure',
  ]);
});

test('NDJSON: one event a line, type, time and run first, nothing else on the stream', async () => {
  const stdout = new Recorder();
  await drawn(failing, () => openJson(stdout));
  const lines = stdout.text.trimEnd().split('\n');
  expect(lines).toHaveLength(failing.length);
  for (const [index, line] of lines.entries()) {
    expect(line).toMatch(/^\{"type":"[a-z.]+","at":\d+,"run":"r1"[,}]/);
    expect(JSON.parse(line)).toEqual({
      ...failing[index]?.[1],
      at: 1_700_000_000_000 + Number(failing[index]?.[0]) * 1000,
      run: 'r1',
    });
  }
  await expect(stdout.text).toMatchFileSnapshot(golden('events-failing.ndjson'));
});

test('GitHub: group, mask, annotation and job summary', async () => {
  const stderr = new Recorder();
  const texts = new Map([['summary.md', '# of an earlier step\n']]);
  const environment = {
    GITHUB_STEP_SUMMARY: 'summary.md',
    AWS_SECRET_ACCESS_KEY: 'a%secret/value',
    AWS_SESSION_TOKEN: 'short',
  };
  await drawn(failing, (clock) =>
    openGithub({ environment, stderr }, { ...options, files: memoryFiles(texts) }, clock),
  );
  await expect(stderr.text).toMatchFileSnapshot(golden('github-failing.txt'));
  await expect(texts.get('summary.md')).toMatchFileSnapshot(golden('github-failing-summary.md'));
});

const failureOf = (step: string, message: string): Scripted => [
  2,
  {
    type: 'step.failed',
    step,
    attempt: 1,
    failure: { code: 'AWS', message, next: [], class: 'permanent', facts: {} },
    work: 1,
    wait: 0,
  },
];

test.each([
  [9, 9, false],
  [10, 10, false],
  [25, 10, true],
])('GitHub: %i failures make %i annotations', async (failures, annotations, summed) => {
  const stderr = new Recorder();
  const script = Array.from({ length: failures }, (_, index) => failureOf(`s${index}`, 'no'));
  await drawn(script, (clock) =>
    openGithub({ environment: {}, stderr }, { ...options, files: memoryFiles(new Map()) }, clock),
  );
  expect(stderr.text.match(/^::error /gm)).toHaveLength(annotations);
  expect(stderr.text.includes('more steps failed')).toBe(summed);
});

test('GitHub: text of others makes no workflow command, no annotation of its own, no Markdown', async () => {
  const stderr = new Recorder();
  const texts = new Map<string, string>();
  const evil = 'first\n::set-env name=PATH::x\r100% ```\n<img src=x>';
  const script: Scripted[] = [
    ...failing.slice(0, 6),
    [1.5, { type: 'step.note', step: 'redis', text: evil }],
    failureOf('a:b,c|d', evil),
  ];
  await drawn(script, (clock) =>
    openGithub({ environment: { GITHUB_STEP_SUMMARY: 's' }, stderr }, { ...options, files: memoryFiles(texts) }, clock),
  );
  expect(stderr.text).not.toMatch(/^::set-env/m);
  expect(stderr.text).toContain(
    '::error title=a%3Ab%2Cc|d%3A AWS::first%0A::set-env name=PATH::x%0D100%25 ```%0A<img src=x>\n',
  );
  expect(texts.get('s')).toContain(String.raw`### a:b,c\|d: AWS`);
  expect(texts.get('s')).toContain('````\nfirst');
});

test('GitHub: a summary stays below 1 MiB, and one that cannot be written is only a warning', async () => {
  const texts = new Map<string, string>();
  const script: Scripted[] = [
    ...failing.slice(0, 6),
    ...Array.from({ length: 40 }, (_, index) => failureOf(`s${index}`, 'x'.repeat(50_000))),
  ];
  const stderr = new Recorder();
  const environment = { GITHUB_STEP_SUMMARY: 's' };
  await drawn(script, (clock) => openGithub({ environment, stderr }, { ...options, files: memoryFiles(texts) }, clock));
  expect(Buffer.byteLength(texts.get('s') ?? '')).toBeLessThan(1024 * 1024);
  expect(texts.get('s')).toContain('Cut here');
  await drawn(script, (clock) =>
    openGithub({ environment, stderr }, { ...options, files: memoryFiles(texts, true) }, clock),
  );
  expect(stderr.text).toContain('::warning title=Job summary::disk full');
});

test.each([
  [{ json: true }, { GITHUB_ACTIONS: 'true' }, true, 'json'],
  [{}, { GITHUB_ACTIONS: 'true', CI: 'true' }, true, 'github'],
  [{}, {}, true, 'tty'],
  [{}, { TERM: 'dumb' }, true, 'plain'],
  [{}, { CI: '1' }, true, 'plain'],
  [{}, {}, false, 'plain'],
] as const)('%j with %j on a terminal %j is drawn as %s', async (flags, environment, isTTY, drawing) => {
  const stderr = new Recorder({ isTTY });
  const stdout = new Recorder();
  expect(chooseDrawing({ environment, stderr }, flags)).toBe(drawing);
  const clock = new SimulatedClock();
  const reporter = await openReporter(
    { environment, stderr, stdout },
    { ...flags, ...options, files: memoryFiles(new Map()) },
    clock,
  );
  await play(failing, clock, (event) => reporter.emit(event));
  await reporter.close();
  const texts = { json: stdout.text, tty: stderr.text, github: stderr.text, plain: stderr.text };
  expect(texts[drawing]).not.toBe('');
  expect(stdout.text === '').toBe(drawing !== 'json');
  expect(stderr.text.includes('\u001b[K')).toBe(drawing === 'tty');
  expect(stderr.text.includes('::group::')).toBe(drawing === 'github');
});

test.each([
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, true, 0],
  [{ NO_COLOR: '' }, true, true, 2],
  [{ FORCE_COLOR: '1', TERM: 'dumb' }, false, true, 2],
  [{ FORCE_COLOR: '0' }, true, true, 0],
  [{ TERM: 'dumb' }, true, true, 0],
  [{}, true, true, 2],
  [{}, false, true, 0],
  [{ FORCE_COLOR: '3' }, true, false, 0],
] as const)('colours: %j, terminal %j, flag %j is level %i', (environment, isTTY, flag, level) => {
  expect(styleFor({ environment }, { isTTY }, flag).level).toBe(level);
});
