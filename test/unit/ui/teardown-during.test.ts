import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { openGithub } from '../../../src/ui/github.ts';
import { openJson } from '../../../src/ui/json.ts';
import { openPlain } from '../../../src/ui/plain.ts';
import type { Reporter } from '../../../src/ui/reporter.ts';
import { openTty } from '../../../src/ui/tty.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { golden, Recorder } from './golden.ts';
import { play, type Scripted } from './scripted-run.ts';
import { leaving, removing } from './scripted-teardown.ts';
import { Terminal } from './terminal.ts';

const options = { color: false, title: 'destroy prod' };
const style = new Chalk({ level: 0 });

async function drawn(script: readonly Scripted[], open: (clock: SimulatedClock) => Reporter): Promise<void> {
  const clock = new SimulatedClock();
  const reporter = open(clock);
  await play(script, clock, (event) => reporter.emit(event));
  await reporter.close();
}

test.each([
  ['removing', removing],
  ['leaving', leaving],
] as const)(
  'plain log, %s: a line for each deletion with its justification, each wait told once',
  async (name, script) => {
    const stderr = new Recorder();
    await drawn(script, (clock) => openPlain({ environment: {}, stderr }, options, clock));
    const audits = script.filter(([, { type }]) => type === 'step.audit');
    expect(stderr.text.match(/^ *\S+ {2}audit /gm)).toHaveLength(audits.length);
    expect(stderr.text.match(/note {2}destroy-entrances: waiting for load balancer/g)).toHaveLength(1);
    expect(stderr.text).not.toMatch(/[^\P{Cc}\n]/u);
    await expect(stderr.text).toMatchFileSnapshot(golden(`teardown/plain-${name}.txt`));
  },
);

test('a heartbeat says what is awaited and since when', async () => {
  const stderr = new Recorder();
  await drawn(removing, (clock) => openPlain({ environment: {}, stderr }, options, clock));
  expect(stderr.text).toContain(
    'still at destroy-leftovers for 1m02s (waiting for security-group sg-0e1b <- network-interface eni-9f2, for 1m00s)',
  );
});

test.each([
  ['removing', removing, [7.05, 30.05, 66.5, 120.05]],
  ['leaving', leaving, [120.05]],
] as const)(
  'the tree on a terminal of 80 columns, %s: deletions are counted, a wait has its age',
  async (name, script, looks) => {
    const clock = new SimulatedClock();
    const terminal = new Terminal({ isTTY: true });
    const reporter = openTty(terminal, clock, { style, title: 'destroy prod' });
    let frames = '';
    const look = (second: number) => () => void (frames += `--- ${second} s\n${terminal.screen()}`);
    await play(
      script,
      clock,
      (event) => reporter.emit(event),
      Object.fromEntries(looks.map((one) => [one, look(one)])),
    );
    await reporter.close();
    await expect(`${frames}--- closed\n${terminal.screen()}`).toMatchFileSnapshot(golden(`teardown/tty-${name}.txt`));
  },
);

test('GitHub: deletions are folded away, what is awaited is not', async () => {
  const stderr = new Recorder();
  const texts = new Map<string, string>();
  const files = {
    read: (path: string) => Promise.resolve(texts.get(path)),
    write: (path: string, text: string) => Promise.resolve(void texts.set(path, text)),
  };
  await drawn(leaving, (clock) =>
    openGithub({ environment: { GITHUB_STEP_SUMMARY: 's' }, stderr }, { ...options, files }, clock),
  );
  let open = 0;
  for (const line of stderr.text.split('\n')) {
    if (line.startsWith('::group::')) open += 1;
    if (line === '::endgroup::') open -= 1;
    expect([0, 1]).toContain(open);
    if (/ {2}(?:audit) /.test(line)) expect(open).toBe(1);
    if (/ {2}(?:start|done|fail|still) /.test(line)) expect(open).toBe(0);
  }
  expect(open).toBe(0);
  await expect(stderr.text).toMatchFileSnapshot(golden('teardown/github-leaving.txt'));
  await expect(texts.get('s')).toMatchFileSnapshot(golden('teardown/github-leaving-summary.md'));
});

test('--json passes every record through as it is', async () => {
  const stdout = new Recorder();
  await drawn(removing, () => openJson(stdout));
  const told = stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string });
  expect(told.filter(({ type }) => type === 'step.audit')[0]).toEqual({
    type: 'step.audit',
    at: 1_700_000_003_500,
    run: 'r1',
    step: 'destroy-suspend',
    attempt: 1,
    action: 'suspend',
    target: 'Application argocd/shop',
    because: 'it would recreate what is deleted',
  });
});
