import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A public key in the form that SSH sends (RFC 4253 6.6, RFC 8709), with its object where Node can hold it. */
export interface WireKey {
  readonly type: string;
  readonly bytes: Buffer;
  readonly key?: KeyObject;
}

/** The public half of an OpenSSH private key file, which holds it in the clear; undefined when the file is damaged. */
export function publicBlobOf(text: string): { readonly blob: WireKey; readonly encrypted: boolean } | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----/.exec(
    text,
  )?.[1];
  const bytes = Buffer.from(body ?? '', 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.subarray(0, magic.length).toString('latin1') !== magic) return undefined;
  // Format (openssh-portable, PROTOCOL.key): cipher, kdf, kdf options, number of keys, public key, private part.
  const reader = read(bytes.subarray(magic.length));
  const cipher = reader.text();
  reader.bytes();
  reader.bytes();
  reader.number();
  const blob = reader.bytes();
  const secret = reader.bytes();
  if (cipher === undefined || blob === undefined || secret === undefined) return undefined;
  const encrypted = cipher !== 'none';
  // Two equal check numbers start the private part when it is readable.
  if (!encrypted && (secret.length < 8 || secret.readUInt32BE(0) !== secret.readUInt32BE(4))) return undefined;
  const known = fromBlob(blob);
  return known && { blob: known, encrypted };
}

function fromBlob(bytes: Buffer): WireKey | undefined {
  const reader = read(bytes);
  const type = reader.text();
  if (type === undefined) return undefined;
  if (type !== 'ssh-rsa') return { type, bytes };
  const [exponent, modulus] = [reader.bytes(), reader.bytes()];
  if (exponent === undefined || modulus === undefined) return undefined;
  const base64 = (value: Buffer): string => (value[0] === 0 ? value.subarray(1) : value).toString('base64url');
  return {
    type,
    bytes,
    key: createPublicKey({ format: 'jwk', key: { kty: 'RSA', n: base64(modulus), e: base64(exponent) } }),
  };
}

/** An RSA or ED25519 key in SSH's form; undefined for other kinds. */
export function wireKey(key: KeyObject): WireKey | undefined {
  const jwk = key.export({ format: 'jwk' });
  if (jwk.kty === 'RSA' && jwk.n !== undefined && jwk.e !== undefined) {
    const bytes = Buffer.concat([field(Buffer.from('ssh-rsa')), field(positive(jwk.e)), field(positive(jwk.n))]);
    return { type: 'ssh-rsa', bytes, key };
  }
  if (jwk.crv === 'Ed25519' && jwk.x !== undefined) {
    return {
      type: 'ssh-ed25519',
      bytes: Buffer.concat([field(Buffer.from('ssh-ed25519')), field(Buffer.from(jwk.x, 'base64url'))]),
    };
  }
  return undefined;
}

function positive(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64url');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads SSH's length-prefixed fields one after the other; undefined once the bytes do not suffice. */
function read(bytes: Buffer) {
  let at = 0;
  const number = (): number | undefined => {
    if (at + 4 > bytes.length) return undefined;
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const take = (): Buffer | undefined => {
    const length = number();
    if (length === undefined || at + length > bytes.length) return undefined;
    at += length;
    return bytes.subarray(at - length, at);
  };
  return { number, bytes: take, text: (): string | undefined => take()?.toString('latin1') };
}
