import { createHash, X509Certificate } from 'node:crypto';
import { openTransport } from '../../tools/kube/transport.ts';
import type { Transport } from '../../tools/kube/transport.ts';
import type { Clock } from '../../tools/ports.ts';

/** How to reach the API server as one client. PEM texts. */
export interface ApiAccess {
  /** https://127.0.0.1:PORT */
  readonly server: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Longest time of one request, in milliseconds. */
const deadline = 10_000;

/** Raw requests under a user agent of the sandbox's own, by which the audit log tells them from the product's. */
export function connectApi(access: ApiAccess, userAgent: string, clock: Clock): Transport {
  const authority = createHash('sha256').update(new X509Certificate(access.authority).raw).digest('hex');
  return openTransport({
    connection: {
      server: new URL(access.server),
      authority,
      tls: { ca: access.authority, cert: access.certificate, key: access.key, rejectUnauthorized: true },
      headers: async () => ({}),
    },
    clock,
    userAgent,
    deadline,
  });
}
