import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ssh } from '../../src/commands/ssh.ts';
import type { Host } from '../../src/host.ts';
import { loginCommand, shellLine } from '../../src/tools/ssh-login.ts';
import { runInForeground } from '../../src/tools/foreground.ts';
import { exampleText, versionsText } from '../helpers/configuration.ts';
import { environment } from '../helpers/environment.ts';
import { journalOf } from '../helpers/recorded-platform.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const PATH = environment['PATH'] ?? '';
const machine = { name: 'k8s-worker-1', address: '203.0.113.5', user: 'ubuntu', key: '/keys/my key' };
const silence = async function* (): AsyncIterable<never> {};

test('the command line keeps the policy, and a shell reads back exactly its words', () => {
  const argv = loginCommand('ssh', machine, '/state/known_hosts', { words: ['uptime', "it's"], terminal: true });
  expect(argv.slice(0, 4)).toEqual(['ssh', '-t', '-F', 'none']);
  expect(argv).toContain('StrictHostKeyChecking=yes');
  expect(argv).not.toContain('-T');
  expect(argv.slice(-4)).toEqual(['203.0.113.5', '--', 'uptime', "it's"]);
  const read = spawnSync('sh', ['-c', `printf '%s\\n' ${shellLine(argv)}`], { encoding: 'utf8' });
  expect(read.stdout.trimEnd().split('\n')).toEqual(argv);
  const shell = loginCommand('ssh', machine, '/state/known_hosts', { words: [], terminal: false });
  expect(shell.at(-1)).toBe('203.0.113.5');
});

test('OpenSSH accepts the command line as it is', () => {
  const argv = loginCommand('ssh', machine, '/state/known_hosts', { words: ['true'], terminal: false });
  const read = spawnSync('ssh', ['-G', ...argv.slice(1)], { encoding: 'utf8' });
  expect(read.status, read.stderr).toBe(0);
  expect(read.stdout).toMatch(/^stricthostkeychecking true$/m);
  expect(read.stdout).toMatch(/^hostkeyalias 203\.0\.113\.5$/m);
});

test('the exit code is the program’s, or 128 and its signal', async () => {
  const env = { PATH };
  expect(await runInForeground(['sh', '-c', 'exit 7'], env, silence())).toBe(7);
  expect(await runInForeground(['sh', '-c', 'kill -9 $$'], env, silence())).toBe(137);
  await expect(runInForeground(['no-such-program'], env, silence())).rejects.toMatchObject({ code: 'TOOL_MISSING' });
});

/** `platform ssh` in a project of its own, for which nothing but the journal is real. */
async function command(args: readonly string[], options: object, world: object = {}) {
  const folder = temporaryFolder();
  const said = { stdout: '', stderr: '' };
  writeFileSync(join(folder, 'platform.yaml'), exampleText);
  writeFileSync(join(folder, 'versions.yaml'), versionsText);
  const host = {
    folder,
    program: folder,
    home: folder,
    environment: { PATH },
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
    signals: silence,
    open: async (config: object) => ({
      config,
      journals: await journalOf(),
      programs: { ssh: 'ssh' },
      look: () => world,
      close: async () => undefined,
    }),
  } as unknown as Host;
  const common = { env: 'sandbox', logLevel: 'info', color: false } as const;
  const [node = '', ...words] = args;
  const code = await ssh(host, { ...common, ...options }, node, ...words);
  return { code, ...said };
}

test('--print prints the line and runs nothing', async () => {
  const { code, stdout } = await command(['i-0bb', 'uptime'], { print: true });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ssh -F none .* -l ubuntu 203\.0\.113\.5 -- uptime\n$/);
  const json = JSON.parse((await command(['k8s-worker-1'], { print: true, json: true })).stdout) as object;
  expect(json).toMatchObject({ schema: 'platform/ssh/v1', node: 'k8s-worker-1', instance: 'i-0bb' });
});

const ssh22 = (open: boolean) => ({
  pinned: async () => ['ssh-ed25519 AAAA'],
  reach: async () => ({ open, because: 'port 22 of 203.0.113.5 does not answer' }),
});

test('a machine without a pinned key is not spoken to', async () => {
  const world = { ssh: { ...ssh22(true), pinned: async () => [] } };
  await expect(command(['k8s-worker-1'], {}, world)).rejects.toMatchObject({ code: 'IDENTITY_MISMATCH' });
});

test.each([
  [[{ id: 'i-0bb', state: 'stopped', publicAddress: '', privateAddress: '10.0.1.11' }], 'EC2 calls it stopped'],
  [[], 'EC2 no longer has that machine'],
  [
    [{ id: 'i-0bb', state: 'running', publicAddress: '203.0.113.9', privateAddress: '10.0.1.11' }],
    'it moved from 203.0.113.5 to 203.0.113.9',
  ],
  [[{ id: 'i-0bb', state: 'running', publicAddress: '203.0.113.5', privateAddress: '10.0.1.11' }], 'does not answer'],
])('what does not answer is told by what EC2 says of it', async (instances, text) => {
  const world = { ssh: ssh22(false), aws: { instances: async () => instances } };
  await expect(command(['k8s-worker-1'], {}, world)).rejects.toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining(text),
  });
});

test('without credentials the reason of the connection is told', async () => {
  const world = { ssh: ssh22(false), aws: { instances: async () => Promise.reject(new Error('no credentials')) } };
  await expect(command(['k8s-worker-1'], {}, world)).rejects.toMatchObject({
    message: expect.stringContaining('port 22 of 203.0.113.5 does not answer'),
  });
});
