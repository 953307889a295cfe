import { createHash, X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import type { Connection } from '../../../tools/kube/kubeconfig.ts';
import { textOf } from './fields.ts';

/**
 * The connection that a kubeconfig of the sandbox describes: one cluster, one user, everything inside. Not the product's reader,
 * because that one loads a package of 60 MB for credential plugins that a sandbox never has.
 */
export function connectionOf(kubeconfig: string): Connection {
  const config: unknown = parse(kubeconfig);
  const inline = (...path: readonly (string | number)[]): string =>
    Buffer.from(textOf(config, ...path) ?? '', 'base64').toString('utf8');
  const ca = inline('clusters', 0, 'cluster', 'certificate-authority-data');
  return {
    server: new URL(textOf(config, 'clusters', 0, 'cluster', 'server') ?? ''),
    authority: createHash('sha256').update(new X509Certificate(ca).raw).digest('hex'),
    tls: {
      ca,
      cert: inline('users', 0, 'user', 'client-certificate-data'),
      key: inline('users', 0, 'user', 'client-key-data'),
      rejectUnauthorized: true,
    },
    headers: () => Promise.resolve({}),
  };
}
