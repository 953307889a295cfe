import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Secret } from './ports.ts';

/** Who a certificate is for: Kubernetes reads the common name as the user and each organization as a group. */
export interface Subject {
  readonly user: string;
  readonly groups: readonly string[];
}

/** A new private key, which stays here, and the request (PKCS #10, RFC 2986) that others see. Both PEM. */
export function makeRequest(subject: Subject): { readonly key: Secret; readonly request: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    key: new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    request: pem(signed(informationOf(subject, publicKey), privateKey)),
  };
}

/** Object identifiers, encoded whole. */
const commonName = Buffer.from('0603550403', 'hex');
const organization = Buffer.from('060355040a', 'hex');
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');

function informationOf({ user, groups }: Subject, publicKey: KeyObject): Buffer {
  const name = sequence(...groups.map((group) => attribute(organization, group)), attribute(commonName, user));
  const noAttributes = element(0xa0);
  return sequence(
    element(0x02, Buffer.from([0])),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    noAttributes,
  );
}

const attribute = (type: Buffer, text: string): Buffer =>
  element(0x31, sequence(type, element(0x0c, Buffer.from(text, 'utf8'))));

function signed(information: Buffer, key: KeyObject): Buffer {
  const signature = sign('sha256', information, key);
  return sequence(information, sequence(ecdsaWithSha256), element(0x03, Buffer.from([0]), signature));
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => element(0x30, ...parts);

/** One element of DER (ITU-T X.690). */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length =
    content.length < 0x80
      ? [content.length]
      : content.length < 0x100
        ? [0x81, content.length]
        : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const pem = (bytes: Buffer): string =>
  [
    '-----BEGIN CERTIFICATE REQUEST-----',
    ...(bytes.toString('base64').match(/.{1,64}/g) ?? []),
    '-----END CERTIFICATE REQUEST-----',
    '',
  ].join('\n');
