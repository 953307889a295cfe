import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { BuiltProgram } from '../helpers/built-program.ts';
import { freePort } from '../helpers/free-port.ts';
import { journalFile, journalOf, project, refused, settled, state, yaml } from '../helpers/refusals.ts';

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
  expect([people.code, machines.code], machines.stderr).toEqual([4, 4]);
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
