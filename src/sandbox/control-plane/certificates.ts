import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';
import * as der from './der.ts';

/** A private key with the certificate of its public half, both as PEM. */
export interface Credential {
  readonly key: string;
  readonly certificate: string;
}

/** What a certificate shall say. */
export interface Subject {
  readonly commonName: string;
  /** Kubernetes reads them as groups. */
  readonly organizations?: readonly string[];
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[];
}

/** From when until when, in milliseconds since 1970. */
export interface Validity {
  readonly from: number;
  readonly until: number;
}

const ecdsaWithSha256 = der.sequence(der.identifier('1.2.840.10045.4.3.2'));

/** A new ECDSA P-256 private key as PEM (PKCS #8). */
export function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The public half of a private key, as PEM. */
export function publicHalf(key: string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** A self-signed certificate authority that may sign leaf certificates and nothing else. */
export function makeAuthority(commonName: string, validity: Validity): Credential {
  const key = makeKey();
  const extensions = [
    extension('2.5.29.19', true, der.sequence(der.boolean(true))),
    // digitalSignature, keyCertSign, cRLSign
    extension('2.5.29.15', true, der.bits(Buffer.from([0b1000_0110]), 1)),
  ];
  return {
    key,
    certificate: certify({
      subject: { commonName },
      key,
      issuer: { commonName },
      issuerKey: key,
      validity,
      extensions,
    }),
  };
}

/** A certificate that the authority signs, for a server (when it has names) and a client. */
export function issue(
  authority: Credential & { readonly commonName: string },
  subject: Subject,
  validity: Validity,
): Credential {
  const key = makeKey();
  const names = subject.names ?? [];
  const usages = [
    der.identifier('1.3.6.1.5.5.7.3.2'),
    ...(names.length > 0 ? [der.identifier('1.3.6.1.5.5.7.3.1')] : []),
  ];
  const extensions = [
    extension('2.5.29.19', true, der.sequence()),
    // digitalSignature
    extension('2.5.29.15', true, der.bits(Buffer.from([0b1000_0000]), 7)),
    extension('2.5.29.37', false, der.sequence(...usages)),
    ...(names.length > 0 ? [extension('2.5.29.17', false, der.sequence(...names.map(alternativeName)))] : []),
  ];
  const issuer = { commonName: authority.commonName };
  return { key, certificate: certify({ subject, key, issuer, issuerKey: authority.key, validity, extensions }) };
}

interface CertificateParts {
  readonly subject: Subject;
  readonly key: string;
  readonly issuer: Subject;
  readonly issuerKey: string;
  readonly validity: Validity;
  readonly extensions: readonly Buffer[];
}

function certify(parts: CertificateParts): string {
  const publicKey = createPublicKey(parts.key);
  const issuerKey = createPrivateKey(parts.issuerKey);
  const serial = randomBytes(16);
  const content = der.sequence(
    der.tagged(0, true, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ecdsaWithSha256,
    distinguishedName(parts.issuer),
    der.sequence(der.moment(parts.validity.from), der.moment(parts.validity.until)),
    distinguishedName(parts.subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(
      3,
      true,
      der.sequence(
        ...parts.extensions,
        extension('2.5.29.14', false, der.octets(keyFingerprint(publicKey))),
        extension(
          '2.5.29.35',
          false,
          der.sequence(der.tagged(0, false, keyFingerprint(createPublicKey(parts.issuerKey)))),
        ),
      ),
    ),
  );
  const certificate = der.sequence(content, ecdsaWithSha256, der.bits(sign('sha256', content, issuerKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function distinguishedName(subject: Subject): Buffer {
  const part = (type: string, value: string): Buffer => der.setOf(der.sequence(der.identifier(type), der.text(value)));
  return der.sequence(
    ...(subject.organizations ?? []).map((organization) => part('2.5.4.10', organization)),
    part('2.5.4.3', subject.commonName),
  );
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return der.sequence(der.identifier(type), ...(critical ? [der.boolean(true)] : []), der.octets(value));
}

function alternativeName(name: string): Buffer {
  if (isIPv4(name)) return der.tagged(7, false, Buffer.from(name.split('.').map(Number)));
  if (isIPv6(name)) throw new RangeError(`${name}: only IPv4 addresses are supported in certificates`);
  return der.tagged(2, false, Buffer.from(name, 'ascii'));
}

function keyFingerprint(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}
