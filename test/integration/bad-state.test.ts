import { spawn } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { sealLine } from '../../src/engine/sealed-lines.ts';
import type { BuiltProgram } from '../helpers/built-program.ts';
import { journalFile, journalOf, project, refused, run, settled, state } from '../helpers/refusals.ts';
import { table } from '../helpers/small-platform.ts';

describe('journal and ledger', () => {
  test('damage in the middle of a journal stops everything until it is mended, and a copy is kept', async () => {
    const program = await project();
    const lines = journalOf(settled).split('\n');
    const damaged = [lines[0], lines[1]?.replace('node-base', 'node-case'), lines[2], ''].join('\n');
    program.write(journalFile, damaged);
    for (const args of [['plan'], ['up'], ['runs'], ['settle']])
      await refused(program, [...args, '--env', 'sandbox'], `damaged-journal-${args[0]}`, 'JOURNAL_CORRUPT', 12);

    const mended = await program.run(['settle', '--env', 'sandbox', '--repair-journal']);
    expect(mended.code).toBe(0);
    await expect(program.plain(mended.stderr)).toMatchFileSnapshot('../golden/bad-input/damaged-journal-mended.txt');
    expect(program.read(`${journalFile}.copy-1`)).toBe(damaged);
    expect(program.read(journalFile)).toBe([lines[0], lines[2], ''].join('\n'));
    expect((await program.run(['runs', '--env', 'sandbox'])).code).toBe(0);
  });

  test('half a record at the end of a journal is cut off, which is said, and the run goes on', async () => {
    const program = await project();
    program.write(journalFile, `${journalOf()}{"v":1,"seq":3,"ts":0,"run":"${run}","ty`);
    const said = await program.run(['up', '--env', 'sandbox', '--until', 'doctor']);
    expect(said.stderr).toContain(`going on with run ${run}, which ended in the middle`);
    expect(said.stderr).toContain('bytes of a half-written record off the journal');
    expect(program.read(journalFile)).toBe(journalOf());
    expect(Object.keys(program.files())).not.toContain(`${state}/lock`);
  });

  test('a damaged ledger stops what would need it before anything begins, and is mended with a copy', async () => {
    const program = await project();
    const entry = (id: string): string => sealLine({ kind: 'instance', id, facts: {} });
    const damaged = `${entry('i-1')}${entry('i-2').replace('i-2', 'i-3')}${entry('i-4')}`;
    program.write(`${state}/ledger.ndjson`, damaged);
    for (const verb of ['plan', 'up'])
      await refused(program, [verb, '--env', 'sandbox'], `damaged-ledger-${verb}`, 'JOURNAL_CORRUPT', 12);
    const mended = await program.run(['settle', '--env', 'sandbox', '--repair-journal']);
    expect(mended.code).toBe(0);
    await expect(program.plain(mended.stderr)).toMatchFileSnapshot('../golden/bad-input/damaged-ledger-mended.txt');
    expect(program.read(`${state}/ledger.ndjson.copy-1`)).toBe(damaged);
    expect(program.read(`${state}/ledger.ndjson`)).toBe(`${entry('i-1')}${entry('i-4')}`);
  });
});

describe('the lock', () => {
  async function lockOf(program: BuiltProgram, changes: object = {}): Promise<void> {
    const holder = {
      ...(await table.facts()),
      host: hostname(),
      user: userInfo().username,
      environment: 'sandbox',
      run,
      verb: 'up',
      created: 1_767_225_600_000,
      ...changes,
    };
    program.write(`${state}/lock`, `${JSON.stringify(holder)}\n`);
  }
  /** Who holds it differs from machine to machine. */
  const anyone = (text: string): string =>
    text
      .replaceAll(`${userInfo().username}@${hostname()}`, 'USER@HOST')
      .replaceAll(`${userInfo().username} on ${hostname()}`, 'USER on HOST')
      .replaceAll(`run on ${hostname()}`, 'run on HOST')
      .replaceAll(/(pid|process) \d+/g, '$1 PID');

  test.each([['up'], ['settle']])(
    'held by a living process: %s says who, where, since when and how to break it',
    async (verb) => {
      const program = await project();
      await lockOf(program);
      await refused(program, [verb, '--env', 'sandbox'], `locked-${verb}`, 'LOCKED', 5, anyone);
    },
  );

  test('held on another machine', async () => {
    const program = await project();
    await lockOf(program, { host: 'elsewhere', bootId: 'another', user: 'ann' });
    await refused(program, ['settle', '--env', 'sandbox'], 'locked-elsewhere', 'LOCKED', 5, anyone);
  });

  test('unlock names the holder and asks for its run; a living one needs --yes as well', async () => {
    const program = await project();
    await lockOf(program);
    await refused(program, ['unlock', '--env', 'sandbox'], 'unlock-unnamed', 'NEEDS_YES', 6, anyone);
    await refused(program, ['unlock', '--env', 'sandbox', '--run', run], 'unlock-alive', 'LOCKED', 5, anyone);
    await refused(
      program,
      ['unlock', '--env', 'sandbox', '--run', 'other', '--yes'],
      'unlock-other',
      'LOCKED',
      5,
      anyone,
    );
    expect((await program.run(['unlock', '--env', 'sandbox', '--run', run, '--yes'])).code).toBe(0);
    expect(Object.keys(program.files())).not.toContain(`${state}/lock`);
  });

  test('left by a dead process: taken over, and said', async () => {
    const program = await project();
    await lockOf(program, { pid: await deadPid() });
    const said = await program.run(['settle', '--env', 'sandbox']);
    expect(said.code).toBe(0);
    expect(anyone(said.stderr)).toContain(`took over the lock of run ${run}: its process PID is dead`);
    expect(Object.keys(program.files())).toEqual(Object.keys((await project()).files()));
  });
});

/** The id of a process that has ended. */
function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  return new Promise((resolve) => child.once('exit', () => resolve(child.pid ?? 0)));
}

/** Only root may mount, and a disk is filled where nobody else sees it: in a mount namespace that ends with the command. */
const mayMount = process.platform === 'linux' && userInfo().uid === 0;

describe(`a full disk${mayMount ? '' : ' (SKIPPED: only root on Linux may mount a small one)'}`, () => {
  test.skipIf(!mayMount).each([
    ['the lock', 0],
    ['the journal', 1],
  ])('%s cannot be written: DISK_FULL, nothing is lost, and it goes on once there is room', async (_, pages) => {
    const program = await project();
    program.write(journalFile, journalOf(settled));
    // The sandbox forgot everything: the first thing that `up` does is a record in the journal.
    program.write(`${state}/far-side`, 'another');
    const script = `
      set -e
      cp -r .platform home/kept && mount -t tmpfs -o size=256k tmpfs .platform && cp -r home/kept/. .platform
      dd if=/dev/zero of=.platform/fill bs=4096 2>/dev/null || true
      truncate -s -${pages * 4096} .platform/fill
      code=0; "$@" >full.out 2>full.err || code=$?; echo "$code" >full.code
      rm .platform/fill && cp -r .platform after-full
      code=0; "$@" >freed.out 2>freed.err || code=$?
      cp -r .platform after-freed`;
    const args = ['up', '--env', 'sandbox', '--until', 'doctor'];
    const ended = await program.run(args, { through: ['unshare', '-m', 'sh', '-c', script, 'sh'] });
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });

    expect(program.read('full.code')).toBe('4\n');
    await expect(`$ platform ${args.join(' ')}\n${program.plain(program.read('full.err'))}`).toMatchFileSnapshot(
      `../golden/bad-input/full-disk-${pages}.txt`,
    );
    const files = program.files();
    for (const when of ['after-full', 'after-freed']) {
      expect(files[`${when}/sandbox/journal/${run}.ndjson`]).toBe(journalOf(settled));
      expect(files[`${when}/sandbox/lock`]).toBeUndefined();
      expect(Object.keys(files).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }
    expect(program.read('freed.err')).toContain('the sandbox was started anew and remembers nothing');
    expect(files['after-freed/sandbox/far-side']).toBe('one');
  });
});
