import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { openTty } from '../../../src/ui/tty.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { golden } from './golden.ts';
import { cancelled, failing, play, type Scripted, stamped } from './scripted-run.ts';
import { Terminal } from './terminal.ts';

const style = new Chalk({ level: 0 });

async function draw(
  script: readonly Scripted[],
  looks: readonly number[],
  size: { columns?: number; rows?: number } = {},
): Promise<{ terminal: Terminal; frames: string }> {
  const clock = new SimulatedClock();
  const terminal = new Terminal({ isTTY: true, ...size });
  const reporter = openTty(terminal, clock, { style, title: 'up prod' });
  let frames = '';
  const look = (second: number): void => {
    frames += `--- ${second} s\n${terminal.screen()}`;
  };
  await play(
    script,
    clock,
    (event) => reporter.emit(event),
    Object.fromEntries(looks.map((second) => [second, () => look(second)])),
  );
  await reporter.close();
  return { terminal, frames: `${frames}--- closed\n${terminal.screen()}` };
}

test('frames of a run in which a step fails', async () => {
  const { frames } = await draw(failing, [0.9, 3.05, 11.05, 16.05, 37.05, 90.05]);
  await expect(frames).toMatchFileSnapshot(golden('tty-failing.txt'));
});

test('frames of a cancelled run say what is awaited, for how long, and what the next Ctrl-C does', async () => {
  const { frames } = await draw(cancelled, [15.05, 20.05, 36.05]);
  await expect(frames).toMatchFileSnapshot(golden('tty-cancelled.txt'));
});

test('a low and narrow terminal folds what waits and what is done, and never wraps', async () => {
  const { frames } = await draw(failing, [9.05, 37.05], { columns: 50, rows: 9 });
  await expect(frames).toMatchFileSnapshot(golden('tty-small.txt'));
});

test('a terminal that does not know its size is drawn for 80 columns', async () => {
  const clock = new SimulatedClock();
  const terminal = new Terminal({ isTTY: true, columns: 0, rows: 0 });
  const reporter = openTty({ isTTY: true, columns: 0, rows: 0, write: (text) => (terminal.text += text) }, clock, {
    style,
    title: 'up prod',
  });
  await play(failing, clock, (event) => reporter.emit(event));
  await reporter.close();
  expect(Math.max(...terminal.text.split('\n').map((line) => line.length))).toBeGreaterThan(60);
});

test('ten thousand notes in a second cost at most ten redraws', async () => {
  const clock = new SimulatedClock();
  const terminal = new Terminal({ isTTY: true });
  const reporter = openTty(terminal, clock, { style, title: 'up prod' });
  const begin = failing.slice(1, 10);
  for (const [, event] of begin) reporter.emit(stamped(event));
  const notes = async (): Promise<void> => {
    for (let sent = 0; sent < 10_000; sent += 1) {
      reporter.emit(stamped({ type: 'step.note', step: 'infrastructure', text: `line ${sent}` }));
      if (sent % 100 === 0) await clock.sleep(10);
    }
  };
  await clock.drive(notes());
  expect(terminal.writes).toBeGreaterThan(4);
  expect(terminal.writes).toBeLessThanOrEqual(10);
  await reporter.close();
});

test('a pause clears the screen for a question, the next event brings the drawing back, closing twice is harmless', async () => {
  const clock = new SimulatedClock();
  const terminal = new Terminal({ isTTY: true });
  const reporter = openTty(terminal, clock, { style, title: 'up prod' });
  const [, first, second] = failing.map(([, event]) => stamped(event));
  reporter.emit(first as never);
  await clock.drive(clock.sleep(200));
  expect(terminal.screen()).toContain('Looking at what is there: 1 steps asked, last state-backend');
  reporter.pause();
  expect(terminal.screen()).toBe('\n');
  await clock.drive(clock.sleep(1000));
  expect(terminal.screen()).toBe('\n');
  reporter.emit(second as never);
  await clock.drive(clock.sleep(200));
  expect(terminal.screen()).toContain('2 steps asked');
  await reporter.close();
  await reporter.close();
  expect(terminal.screen()).toBe('\n');
});
