import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { PlatformError } from '../errors.ts';
import { publicBlobOf, wireKey } from './ssh-wire.ts';

/** What a private key says about itself. */
export interface SshKey {
  /** `TYPE BASE64`, as authorized_keys and EC2 take it. */
  readonly publicKey: string;
  readonly type: string;
  /**
   * The fingerprints that EC2 may show for it (EC2 user guide, "Verify the fingerprint"). An ED25519 key has one,
   * without the padding that EC2 adds; an RSA key has one when it was imported and another when EC2 made it.
   */
  readonly fingerprints: { readonly imported: string; readonly made?: string };
}

/**
 * Proves that a private key can be used without a question: it exists, only its owner can read it, it is not empty,
 * has no passphrase, and fits the `.pub` beside it if there is one. KEY_UNREADABLE otherwise (catalogue A11-A13).
 */
export async function readKey(path: string): Promise<SshKey> {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined)
    throw unusable(path, 'does not exist', [
      `make one: ssh-keygen -t ed25519 -N '' -f ${path}`,
      'name another in platform.yaml: access.sshKey',
    ]);
  if (!status.isFile()) throw unusable(path, 'is not a file');
  if ((status.mode & 0o077) !== 0)
    throw unusable(path, `may be read by others (mode ${(status.mode & 0o777).toString(8)})`, [`chmod 600 ${path}`]);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.trim() === '') throw unusable(path, 'is empty or cannot be read');
  const key = parse(path, text);

  const beside = await readFile(`${path}.pub`, 'utf8').catch(() => undefined);
  if (beside !== undefined && beside.trim().split(/\s+/).slice(0, 2).join(' ') !== key.publicKey) {
    throw unusable(path, `does not belong to the public key ${path}.pub`, [
      `write the public key anew: ssh-keygen -y -f ${path} > ${path}.pub`,
    ]);
  }
  return key;
}

function parse(path: string, text: string): SshKey {
  if (text.includes('BEGIN OPENSSH PRIVATE KEY')) {
    const found = publicBlobOf(text);
    if (found === undefined) throw unusable(path, 'is damaged: no OpenSSH private key can be read from it');
    if (found.encrypted)
      throw unusable(path, 'has a passphrase, which nobody can type in an unattended run', [
        `use a key of its own for this platform: ssh-keygen -t ed25519 -N '' -f ${path}-platform`,
      ]);
    return describe(found.blob);
  }
  const key = readPem(path, text);
  const blob = wireKey(createPublicKey(key));
  if (blob === undefined)
    throw unusable(path, `is a ${key.asymmetricKeyType ?? 'strange'} key, which EC2 does not take: RSA or ED25519`);
  return describe(blob, key);
}

function readPem(path: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const because = /ENCRYPTED/.test(text)
      ? 'has a passphrase, which nobody can type in an unattended run'
      : 'is no private key, or damaged';
    throw unusable(
      path,
      because,
      ['name an existing private key without a passphrase in platform.yaml: access.sshKey'],
      cause,
    );
  }
}

function describe(
  blob: { readonly type: string; readonly bytes: Buffer; readonly key?: KeyObject },
  privateKey?: KeyObject,
): SshKey {
  const publicKey = `${blob.type} ${blob.bytes.toString('base64')}`;
  if (blob.type !== 'ssh-rsa' || blob.key === undefined) {
    return {
      publicKey,
      type: blob.type,
      fingerprints: { imported: createHash('sha256').update(blob.bytes).digest('base64').replace(/=+$/, '') },
    };
  }
  const imported = colons(
    createHash('md5')
      .update(blob.key.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
  );
  const made =
    privateKey === undefined
      ? undefined
      : colons(
          createHash('sha1')
            .update(privateKey.export({ type: 'pkcs8', format: 'der' }))
            .digest('hex'),
        );
  return { publicKey, type: blob.type, fingerprints: { imported, ...(made !== undefined && { made }) } };
}

function colons(hex: string): string {
  return hex.match(/../g)?.join(':') ?? '';
}

function unusable(
  path: string,
  because: string,
  next: readonly string[] = ['name an existing private key in platform.yaml: access.sshKey'],
  cause?: unknown,
): PlatformError {
  return new PlatformError('KEY_UNREADABLE', {
    message: `the private key ${path} ${because}`,
    next,
    facts: { file: path },
    cause,
  });
}
