import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKey } from '../../src/tools/ssh-key.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const keygen = '/usr/bin/ssh-keygen';

function makeKey(...flags: readonly string[]): string {
  const path = join(temporaryFolder(), 'key');
  expect(spawnSync(keygen, ['-q', '-f', path, ...flags], { encoding: 'utf8' }).stderr).toBe('');
  return path;
}

const publicPart = (path: string): string =>
  readFileSync(`${path}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
const fingerprint = (path: string, hash: string): string =>
  spawnSync(keygen, ['-l', '-E', hash, '-f', path], { encoding: 'utf8' })
    .stdout.split(' ')[1]
    ?.replace(/^(SHA256|MD5):/, '') ?? '';

const reason = existsSync(keygen) ? '' : 'skipped: there is no ssh-keygen';

describe.skipIf(reason !== '')(`keys of ssh-keygen ${reason}`, () => {
  test('ed25519: the public key and its SHA-256', async () => {
    const path = makeKey('-t', 'ed25519', '-N', '');
    const key = await readKey(path);
    expect(key).toMatchObject({ type: 'ssh-ed25519', publicKey: publicPart(path) });
    expect(key.fingerprints.imported).toBe(fingerprint(path, 'sha256'));
  });

  test('RSA reads the same from both file formats', async () => {
    const path = makeKey('-t', 'rsa', '-b', '2048', '-N', '');
    const modern = await readKey(path);
    expect(modern).toMatchObject({ type: 'ssh-rsa', publicKey: publicPart(path) });
    spawnSync(keygen, ['-q', '-p', '-N', '', '-m', 'PEM', '-f', path]);
    const pem = await readKey(path);
    expect(pem).toMatchObject({
      publicKey: modern.publicKey,
      fingerprints: { imported: modern.fingerprints.imported },
    });
    expect(pem.fingerprints.imported).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    expect(pem.fingerprints.made).toMatch(/^([0-9a-f]{2}:){19}[0-9a-f]{2}$/);
  });

  test('a passphrase is refused', async () => {
    await expect(readKey(makeKey('-t', 'ed25519', '-N', 'secret'))).rejects.toMatchObject({
      code: 'KEY_UNREADABLE',
      message: expect.stringContaining('passphrase'),
    });
    await expect(readKey(makeKey('-t', 'rsa', '-N', 'secret', '-m', 'PEM'))).rejects.toMatchObject({
      message: expect.stringContaining('passphrase'),
    });
  });

  test('catalogue A11: a public key of another private key is refused', async () => {
    const path = makeKey('-t', 'ed25519', '-N', '');
    writeFileSync(`${path}.pub`, readFileSync(`${makeKey('-t', 'ed25519', '-N', '')}.pub`));
    await expect(readKey(path)).rejects.toMatchObject({
      message: expect.stringContaining('does not belong to the public key'),
    });
  });

  test('an ECDSA key in PEM form is refused, for EC2 does not take it', async () => {
    const path = join(temporaryFolder(), 'key');
    writeFileSync(
      path,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      { mode: 0o600 },
    );
    await expect(readKey(path)).rejects.toMatchObject({ message: expect.stringContaining('EC2 does not take') });
  });

  test('half a key file is damaged', async () => {
    const path = makeKey('-t', 'ed25519', '-N', '');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, [lines[0], lines[1], lines.at(-2), ''].join('\n'));
    await expect(readKey(path)).rejects.toMatchObject({
      code: 'KEY_UNREADABLE',
      message: expect.stringContaining('damaged'),
    });
  });
});

describe('catalogue A13: a key that cannot work is named before anything starts', () => {
  test('missing, empty, not a key, readable by others', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'id');
    await expect(readKey(path)).rejects.toMatchObject({ message: `the private key ${path} does not exist` });
    await expect(readKey(folder)).rejects.toMatchObject({ message: expect.stringContaining('not a file') });
    writeFileSync(path, '\n', { mode: 0o600 });
    await expect(readKey(path)).rejects.toMatchObject({ message: expect.stringContaining('empty') });
    writeFileSync(path, 'ssh-ed25519 AAAA');
    await expect(readKey(path)).rejects.toMatchObject({ message: expect.stringContaining('no private key') });
    chmodSync(path, 0o640);
    await expect(readKey(path)).rejects.toMatchObject({
      message: expect.stringContaining('mode 640'),
      next: [`chmod 600 ${path}`],
    });
  });
});
