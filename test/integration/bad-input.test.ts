import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { encodeRecord } from '../../src/engine/record.ts';
import { sealLine } from '../../src/engine/sealed-lines.ts';
import { systemProcessTable } from '../../src/tools/process-table.ts';
import type { DurableEvent } from '../../src/engine/events.ts';
import { BuiltProgram, type Said } from '../helpers/built-program.ts';
import { freePort } from '../helpers/free-port.ts';

const yaml = `apiVersion: platform/v1
name: shop
region: eu-west-1
kubernetes: "1.36"
access: { sshKey: key, allow: [203.0.113.0/24] }
nodes:
  master: { role: control-plane, type: t3.large, disk: 40 }
  worker: { role: worker, type: t3.large, disk: 40 }
addons: []
environments:
  sandbox: { target: sandbox }
`;

const table = systemProcessTable(process.pid, process.platform);
const state = '.platform/sandbox';

/** A project whose sandbox seems to run (its supervisor is this test) while nothing answers at its addresses. */
async function project(text = yaml): Promise<BuiltProgram> {
  const program = new BuiltProgram();
  program.write('platform.yaml', text);
  const port = await freePort();
  const tool = (name: string, version: string): string =>
    program.write(`tools/${name}`, `#!/bin/sh\necho '${version}'\n`, 0o755);
  const sandbox = {
    version: 1,
    folder: program.path(`${state}/sandbox`),
    supervisor: { pid: process.pid, startTime: await table.startTimeOf(process.pid) },
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    serverId: 'one',
    dns: `127.0.0.1:${port}`,
    connectTo: {},
    mirrors: { charts: `http://127.0.0.1:${port}/charts`, manifests: `http://127.0.0.1:${port}/manifests` },
    controlApi: `http://127.0.0.1:${port}/word`,
    tools: {
      ssh: tool('ssh', 'OpenSSH_9.2p1'),
      'ansible-playbook': tool('ansible-playbook', 'ansible-playbook [core 2.19.0]'),
      helm: tool('helm', 'v4.1.4'),
      kubectl: tool('kubectl', 'v1.36.0'),
      python: tool('python', 'Python 3.12.1'),
    },
    sshKey: program.path('key'),
  };
  program.write(`${state}/sandbox/state.json`, JSON.stringify(sandbox));
  return program;
}

interface ErrorDocument {
  readonly schema: string;
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly next: readonly string[];
}

const documentOf = ({ stdout }: Said): ErrorDocument =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ErrorDocument;

/** The refusal as a person sees it (golden) and as a machine does; both runs leave every file as it was. */
async function refused(
  program: BuiltProgram,
  args: readonly string[],
  name: string,
  code: string,
  exitCode: number,
  plain = (text: string): string => text,
): Promise<void> {
  const before = program.files();
  const said = await program.run(args);
  expect(program.files()).toEqual(before);
  await expect(
    `$ platform ${args.join(' ')}\n${plain(program.plain(said.stderr))}exit ${said.code}\n`,
  ).toMatchFileSnapshot(`../golden/bad-input/${name}.txt`);
  expect(said.code).toBe(exitCode);
  expect(said.stdout).toBe('');
  const document = documentOf(await program.run([...args, '--json']));
  expect(document).toMatchObject({ schema: 'platform/error/v1', code, exitCode });
  expect(document.message).not.toBe('');
  expect(document.next).not.toEqual([]);
  expect(program.files()).toEqual(before);
}

describe('the command line', () => {
  test.each([
    ['an unknown command', ['upp'], 'unknown-command', 'USAGE'],
    ['an unknown option', ['plan', '--exitcode'], 'unknown-option', 'USAGE'],
    ['a value that is none', ['up', '--parallel', '0'], 'bad-value', 'USAGE'],
    ['a word that is missing', ['completion'], 'missing-word', 'USAGE'],
    ['an unknown step', ['plan', '--env', 'sandbox', '--only', 'nosuch'], 'unknown-step', 'UNKNOWN_STEP'],
    ['a plan file that is none', ['up', '--env', 'sandbox', '--plan', 'platform.yaml'], 'no-plan', 'USAGE'],
    ['a plan file that does not exist', ['up', '--env', 'sandbox', '--plan', 'nosuch.json'], 'no-plan-file', 'USAGE'],
  ] as const)('%s is refused with what to type', async (_, args, name, code) => {
    await refused(await project(), args, name, code, 2);
  });
});

describe('the configuration', () => {
  test('no platform.yaml', async () => {
    await refused(new BuiltProgram(), ['plan', '--config-only'], 'no-configuration', 'CONFIG_NOT_FOUND', 3);
  });

  test('every problem of a broken file is told at once, with its place and a suggestion', async () => {
    const broken = yaml
      .replace('access:', 'acess:')
      .replace('"1.36"', '1.36')
      .replace('role: worker', 'role: wroker')
      .replace('disk: 40 }\n  worker', 'disk: 4, ipe: true }\n  worker')
      .replace('addons: []', 'addons: []\naddons: [redsi]');
    await refused(await project(broken), ['plan', '--config-only'], 'broken-configuration', 'CONFIG_INVALID', 3);
  });

  test('an unknown environment', async () => {
    const args = ['plan', '--config-only', '--env', 'sandbx'];
    await refused(await project(), args, 'unknown-environment', 'CONFIG_INVALID', 3);
  });
});

describe('this machine', () => {
  test('a sandbox that does not run', async () => {
    const program = new BuiltProgram();
    program.write('platform.yaml', yaml);
    await refused(program, ['plan', '--env', 'sandbox'], 'no-sandbox', 'SANDBOX_NOT_RUNNING', 4);
  });

  test('a missing tool, a tool that is too old, and one that cannot be started: all are told in one go', async () => {
    const program = await project(
      `${yaml}tools: { terraform: /nonexistent/terraform, helm: tools/old-helm, python: tools/broken }\n`,
    );
    program.write('tools/old-helm', "#!/bin/sh\necho 'v3.11.2+gabc'\n", 0o755);
    program.write('tools/broken', 'no program\n', 0o644);
    await checked(program, 'tools', 'tools');
  });

  test.each([
    ['is not there', undefined, 0o600],
    ['is empty', '', 0o600],
    ['is no key', 'not a key\n', 0o600],
    ['may be read by others', 'not a key\n', 0o644],
  ])('an SSH key that %s', async (why, text, mode) => {
    const program = await project();
    if (text !== undefined) program.write('key', text, mode);
    await checked(program, 'ssh-key', `key-${why.replaceAll(' ', '-')}`);
  });

  const isRoot = userInfo().uid === 0;
  test.skipIf(isRoot)(
    `an SSH key that may not be read${isRoot ? ' (SKIPPED: root may read everything)' : ''}`,
    async () => {
      const program = await project();
      program.write('key', 'not a key\n', 0o000);
      const said = await program.run(['doctor', '--env', 'sandbox']);
      expect(said.code).toBe(4);
      expect(program.plain(said.stderr)).toContain('the private key PROJECT/key is empty or cannot be read');
    },
  );

  test('an SSH key that is a folder', async () => {
    const program = await project();
    mkdirSync(program.path('key'));
    await checked(program, 'ssh-key', 'key-is-a-folder');
  });
});

/** Asks the doctor, and shows what one of its checks says; what the other checks find here is not of interest. */
async function checked(program: BuiltProgram, check: string, name: string): Promise<void> {
  const before = program.files();
  const people = await program.run(['doctor', '--env', 'sandbox']);
  const machines = await program.run(['doctor', '--env', 'sandbox', '--json']);
  expect([people.code, machines.code]).toEqual([4, 4]);
  expect(program.files()).toEqual(before);
  const document = JSON.parse(machines.stdout) as {
    readonly schema: string;
    readonly checks: readonly { readonly id: string; readonly title: string; readonly state: string }[];
  };
  const asked = document.checks.find(({ id }) => id === check);
  expect(document.schema).toBe('platform/doctor/v1');
  expect(asked?.state).toBe('error');
  const lines = people.stderr.split('\n');
  const start = lines.findIndex((line) => line.endsWith(asked?.title ?? 'no such check'));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('     '));
  await expect(`${program.plain(lines.slice(start, end).join('\n'))}\n`).toMatchFileSnapshot(
    `../golden/bad-input/${name}.txt`,
  );
}

const run = '2026-01-01T00-00-00-test';
const journalFile = `${state}/journal/${run}.ndjson`;

/** The journal of a run that a crash cut off inside a step. */
function journalOf(...more: readonly DurableEvent[]): string {
  const events: readonly DurableEvent[] = [
    { type: 'run.created', verb: 'up', environment: 'sandbox', version: '0.1.0', config: 'c', steps: [] },
    { type: 'step.intent', step: 'node-base', attempt: 1, inputs: 'i', because: 'not done yet' },
    ...more,
  ];
  return events.map((event, index) => encodeRecord({ v: 1, seq: index + 1, ts: 0, run, event })).join('');
}

const settled: DurableEvent = { type: 'step.settled', step: 'node-base', attempt: 1, because: 'looked at' };

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
      .replaceAll(hostname(), 'HOST')
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

describe('nobody to answer', () => {
  test('a question that no terminal can be asked names the flags that answer it', async () => {
    const program = new BuiltProgram();
    await refused(program, ['init'], 'init-unanswered', 'NEEDS_YES', 6);
    await refused(program, ['init', '--name', 'shop', '--region', 'eu-west-1'], 'init-half', 'NEEDS_YES', 6);
  });
});

describe('an API that cannot be reached', () => {
  test('status says so of each part and goes on', async () => {
    const program = await project();
    const port = await freePort();
    program.write(
      `${state}/kubeconfig`,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: `https://127.0.0.1:${port}` } }],
        users: [{ name: 'u', user: { token: 'word' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
      0o600,
    );
    const output = { clusterId: 'shop-sandbox-abcde' };
    program.write(
      journalFile,
      journalOf(settled, {
        type: 'step.done',
        step: 'state-backend',
        attempt: 1,
        output,
        inputs: 'i',
        kept: false,
        because: '',
        work: 1,
        wait: 0,
      }),
    );
    const before = program.files();
    const said = await program.run(['status', '--env', 'sandbox']);
    expect(said.code).toBe(11);
    await expect(program.plain(said.stderr)).toMatchFileSnapshot('../golden/bad-input/unreachable-status.txt');
    await refused(program, ['plan', '--env', 'sandbox'], 'unreachable-plan', 'NOT_READY', 4);
    expect(program.files()).toEqual(before);
  });
});

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
