import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { issue, makeAuthority } from '../../../../src/sandbox/control-plane/certificates.ts';

const from = Date.UTC(2026, 0, 1);
const validity = { from, until: Date.UTC(2060, 5, 30, 12, 34, 56) };
const authority = { ...makeAuthority('test authority', validity), commonName: 'test authority' };

test('an authority signs itself and may sign others', () => {
  const certificate = new X509Certificate(authority.certificate);
  expect(certificate.ca).toBe(true);
  expect(certificate.subject).toBe('CN=test authority');
  expect(certificate.checkIssued(certificate)).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
});

test('a client certificate carries its groups and exact dates, also after 2049', () => {
  const { certificate: pem } = issue(
    authority,
    { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    validity,
  );
  const certificate = new X509Certificate(pem);
  expect(certificate.ca).toBe(false);
  expect(certificate.subject).toBe('O=system:masters\nCN=kubernetes-admin');
  expect(certificate.validFromDate.getTime()).toBe(validity.from);
  expect(certificate.validToDate.getTime()).toBe(validity.until);
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(certificate.keyUsage).toStrictEqual(['1.3.6.1.5.5.7.3.2']);
});

test('a server certificate names its hosts, and addresses as addresses', () => {
  const { certificate: pem } = issue(
    authority,
    { commonName: 'server', names: ['api.example.test', '127.0.0.1'] },
    validity,
  );
  expect(new X509Certificate(pem).subjectAltName).toBe('DNS:api.example.test, IP Address:127.0.0.1');
});

test('both sides of a TLS connection accept each other', async () => {
  const server = issue(authority, { commonName: 'server', names: ['127.0.0.1'] }, validity);
  const client = issue(authority, { commonName: 'client' }, validity);
  const ca = authority.certificate;
  const listener = createServer(
    { key: server.key, cert: server.certificate, ca, requestCert: true, rejectUnauthorized: true },
    (socket) => {
      socket.end(`hello ${String(socket.getPeerCertificate().subject.CN)}`);
    },
  );
  onTestFinished(() => void listener.close());
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca, key: client.key, cert: client.certificate });
  let said = '';
  for await (const part of socket) said += String(part);
  expect(said).toBe('hello client');
});

test('an IPv6 name is refused rather than written wrongly', () => {
  expect(() => issue(authority, { commonName: 'server', names: ['::1'] }, validity)).toThrow('only IPv4');
});
