import { listenerCount } from 'node:events';
import process from 'node:process';
import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { openTaskList } from '../../../src/ui/open-task-list.ts';
import { openLiveList } from '../../../src/ui/task-list.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { golden, Recorder } from './golden.ts';
import { Terminal } from './terminal.ts';

const style = new Chalk({ level: 0 });
const tasks = [
  { id: 'tools', title: 'Tools and their versions' },
  { id: 'key', title: 'SSH key' },
  { id: 'quotas', title: 'Quotas' },
  { id: 'charts', title: 'Charts' },
];

function opened(size: { readonly columns?: number; readonly rows?: number } = {}) {
  const clock = new SimulatedClock();
  const terminal = new Terminal({ isTTY: true, columns: 60, ...size });
  const list = openLiveList(terminal, clock, { style, tasks });
  let frames = '';
  return {
    clock,
    terminal,
    list,
    frames: () => frames,
    /** Lets a quarter of a second pass, and keeps what is seen then. */
    look: async (title: string): Promise<void> => {
      await clock.drive(clock.sleep(250));
      frames += `--- ${title}\n${terminal.screen()}`;
    },
  };
}

test('frames: what waits, works and ended, with findings below; what never ended is marked', async () => {
  const { list, look, frames, clock } = opened();
  await look('opened');
  list.began('tools');
  list.began('key');
  await look('two work');
  list.ended('tools', 'ok Tools and their versions');
  list.said('key', 'reading it');
  await look('one ended, one says what it does');
  list.ended(
    'key',
    '!! SSH key\n     the private key ~/.ssh/shop may be read by others, which OpenSSH refuses\n     Next: chmod 600 ~/.ssh/shop',
  );
  list.began('quotas');
  await look('a finding');
  await clock.drive(list.close());
  await look('closed');
  await expect(frames()).toMatchFileSnapshot(golden('task-list.txt'));
});

test('what begins and ends before the first frame is drawn as it is; without a text the last thing said stays', async () => {
  const { list, look, frames, clock } = opened();
  list.began('tools');
  list.said('tools', 'downloading helm');
  list.ended('tools');
  list.said('key', 'reading it');
  await look('');
  expect(frames()).toContain('ok Tools and their versions  downloading helm\n');
  expect(frames()).toMatch(/ \S SSH key\n.*reading it\n/);
  await clock.drive(list.close());
});

test('no signal is listened to, and the cursor is back at the end', async () => {
  const listeners = (): number[] => ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((name) => listenerCount(process, name));
  const before = listeners();
  const { list, look, clock, terminal } = opened();
  await look('');
  expect(terminal.cursor).toBe(false);
  expect(listeners()).toEqual(before);
  await clock.drive(list.close());
  await clock.drive(list.close());
  expect(terminal.cursor).toBe(true);
});

test('a terminal that does not know its size is drawn for 80 columns; a low one never loses its first line at the end', async () => {
  const { list, look, clock, terminal } = opened({ rows: 3 });
  for (const { id, title } of tasks) list.ended(id, `ok ${title}`);
  await look('');
  await clock.drive(list.close());
  expect(terminal.screen()).toBe(tasks.map(({ title }) => `ok ${title}\n`).join(''));

  const unknown = new Terminal({ isTTY: true });
  const output = { isTTY: true, columns: 0, rows: 0, write: (text: string) => unknown.write(text) };
  const other = openLiveList(output, clock, { style, tasks });
  other.ended('tools', `ok ${'word '.repeat(30)}`);
  await clock.drive(other.close());
  expect(
    Math.max(
      ...unknown
        .screen()
        .split('\n')
        .map((line) => line.length),
    ),
  ).toBeGreaterThan(60);
});

test.each([
  [
    'where nothing can be drawn over, each thing is a line when it comes',
    {},
    {},
    'downloading helm\n!! SSH key\n     Next: make one\n',
  ],
  ['nothing is written where a document is asked for', {}, { json: true }, ''],
  ['a dumb terminal gets lines', { TERM: 'dumb' }, {}, 'downloading helm\n!! SSH key\n     Next: make one\n'],
])('%s', async (_, environment, options, expected) => {
  const stderr = new Recorder({ isTTY: 'TERM' in environment });
  const list = await openTaskList({ environment, stderr }, new SimulatedClock(), { color: false, ...options }, tasks);
  list.began('tools');
  list.said('tools', 'downloading helm');
  list.ended('tools');
  list.ended('key', '!! SSH key\n     Next: make one');
  await list.close();
  expect(stderr.text).toBe(expected);
});
