import { X509Certificate } from 'node:crypto';

/** When a certificate (PEM) ends, ISO 8601 in whole seconds. */
export const expiryOf = (pem: string): string =>
  new Date(new X509Certificate(pem).validTo).toISOString().replace('.000Z', 'Z');
