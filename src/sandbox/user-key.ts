import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** An ED25519 key as OpenSSH writes it: the private file, and `ssh-ed25519 BASE64` without a comment. */
export interface SshKeyFiles {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A new key without a passphrase (openssh-portable, PROTOCOL.key). */
export function makeSshKey(comment: string): SshKeyFiles {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const point = part(publicKey, 'x');
  const blob = Buffer.concat([field('ssh-ed25519'), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([
    check,
    check,
    field('ssh-ed25519'),
    field(point),
    field(Buffer.concat([part(privateKey, 'd'), point])),
    field(comment),
  ]);
  // Padding 1, 2, 3 ... up to the block size of the cipher "none", which is 8.
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    number(1),
    field(blob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
    publicKey: `ssh-ed25519 ${blob.toString('base64')}`,
  };
}

function part(key: KeyObject, name: 'x' | 'd'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[name] ?? '', 'base64url');
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([number(bytes.length), bytes]);
}
