import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSsh, sshArguments } from '../../src/tools/ssh.ts';
import type { SshOptions } from '../../src/tools/ssh.ts';
import { plainProcesses } from '../helpers/plain-processes.ts';
import { realFiles } from '../helpers/real-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const fixture = fileURLToPath(new URL('../fixtures/ssh', import.meta.url));
const PATH = env['PATH'] ?? '';
const machine = { name: 'k8s-worker-1', address: '10.0.0.5', user: 'ubuntu', key: '/keys/my key' };
const { signal } = new AbortController();

function ssh(folder: string, options: Partial<SshOptions> = {}) {
  return createSsh({
    read: plainProcesses,
    files: realFiles,
    knownHosts: join(folder, 'known_hosts'),
    program: fixture,
    environment: { PATH },
    ...options,
  });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

describe('what ssh says becomes an error with a class', () => {
  test.each([
    ['changed', 'IDENTITY_MISMATCH', 'permanent', 'another host key'],
    ['unpinned', 'IDENTITY_MISMATCH', 'permanent', 'no host key is pinned'],
    ['denied', 'KEY_UNREADABLE', 'permanent', 'does not let ubuntu in'],
    ['mode', 'KEY_UNREADABLE', 'permanent', 'may be read by others'],
    ['load', 'KEY_UNREADABLE', 'permanent', 'cannot be loaded'],
    ['timeout', 'UNREACHABLE', 'transient', 'timed out'],
    ['silent', 'UNREACHABLE', 'transient', 'without a word'],
  ])('%s', async (scenario, code, expected, text) => {
    const running = ssh(temporaryFolder(), { environment: { PATH, FAKE_SSH: scenario } }).run(
      machine,
      ['true'],
      signal,
    );
    await expect(running).rejects.toMatchObject({
      code,
      class: expected,
      message: expect.stringContaining(text),
      facts: { machine: 'k8s-worker-1' },
    });
  });
});

test('a command keeps its words whatever they are, and its exit code is a value', async () => {
  const folder = temporaryFolder();
  const argv = join(folder, 'argv');
  const port = ssh(folder, { environment: { PATH, FAKE_SSH_ARGV: argv } });
  const said = await port.run(machine, ['printf', '%s|', 'a b', "it's", '$HOME', '*', ''], signal);
  expect(said).toMatchObject({ code: 0, stdout: "a b|it's|$HOME|*||\n" });
  expect(await port.run(machine, ['false'], signal)).toMatchObject({ code: 1 });
  const words = readFileSync(argv, 'utf8').split('\n');
  expect(words.join(' ')).toContain(
    '-F none -T -o IdentitiesOnly=yes -o IdentityFile="/keys/my key" -o StrictHostKeyChecking=yes',
  );
});

test('a secret file comes back whole and prints as dots', async () => {
  const folder = temporaryFolder();
  const text = `-----BEGIN RSA PRIVATE KEY-----\n${'ü'.repeat(5000)}\n`;
  writeFileSync(join(folder, 'admin.conf'), text);
  const secret = await ssh(folder).readSecretFile(machine, join(folder, 'admin.conf'), signal);
  expect(secret.reveal()).toBe(text);
  expect(String(secret)).not.toContain('BEGIN');
  await expect(ssh(folder).readSecretFile(machine, join(folder, 'none'), signal)).rejects.toMatchObject({
    code: 'TOOL_FAILED',
    facts: { exit: 1 },
  });
});

test('pinning replaces the keys of one address and leaves the others', async () => {
  const folder = temporaryFolder();
  const port = ssh(folder);
  await port.pin('10.0.0.5', ['ssh-ed25519 AAAAold root@ip-10-0-0-5', 'ssh-rsa AAAArsa']);
  await port.pin('10.0.0.50', ['ssh-ed25519 AAAAother']);
  await port.pin('10.0.0.5', ['ssh-ed25519 AAAAnew']);
  expect(await port.pinned('10.0.0.5')).toEqual(['ssh-ed25519 AAAAnew']);
  expect(await port.pinned('10.0.0.50')).toEqual(['ssh-ed25519 AAAAother']);
  await expect(port.pin('10.0.0.5', ['not a key'])).rejects.toThrow('no host key');
});

describe('reach', () => {
  test('an open and a closed port', async () => {
    const port = await listening(createServer((socket) => socket.destroy()));
    expect(await ssh('/').reach('127.0.0.1', port, signal)).toEqual({
      open: true,
      because: `port ${port} of 127.0.0.1 is open`,
    });
    expect(await ssh('/').reach('127.0.0.1', 1, signal)).toEqual({
      open: false,
      because: 'port 1 of 127.0.0.1 refuses connections',
    });
    const mapped = ssh('/', { connectTo: () => ({ host: '127.0.0.1', port }) });
    expect(await mapped.reach('10.0.0.5', 22, signal)).toMatchObject({ open: true });
  });

  test('an abort ends it', async () => {
    await expect(ssh('/').reach('127.0.0.1', 1, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow(
      'cancelled',
    );
  });
});

const realSsh = '/usr/bin/ssh';
const reason = existsSync(realSsh) ? '' : 'skipped: there is no /usr/bin/ssh';

describe.skipIf(reason !== '')(`the real client ${reason}`, () => {
  test('takes every option of ours', () => {
    const words = sshArguments(machine, '/state/known hosts', { host: '127.0.0.1', port: 2222 });
    const effective = spawnSync(realSsh, ['-G', ...words], { encoding: 'utf8' });
    expect(effective.stderr).toBe('');
    expect(effective.stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'port 2222',
        'user ubuntu',
        'hostname 127.0.0.1',
        'stricthostkeychecking true',
        'identitiesonly yes',
        'batchmode yes',
        'identityfile /keys/my key',
        'userknownhostsfile /state/known hosts',
        'hostkeyalias 10.0.0.5',
      ]),
    );
  });

  test('a closed port and a server that hangs up are transient', async () => {
    const refused = ssh(temporaryFolder(), { program: realSsh, connectTo: () => ({ host: '127.0.0.1', port: 1 }) });
    await expect(refused.run(machine, ['true'], signal)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('connection refused'),
    });
    const port = await listening(createServer((socket) => socket.resetAndDestroy()));
    const closed = ssh(temporaryFolder(), { program: realSsh, connectTo: () => ({ host: '127.0.0.1', port }) });
    await expect(closed.run(machine, ['true'], signal)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('was closed'),
    });
  });
});
