import { join } from 'node:path';
import type { WritableTextFiles } from '../../tools/ports.ts';
import { issue, makeAuthority, makeKey, publicHalf } from './certificates.ts';
import type { Credential, Subject } from './certificates.ts';

const authorityName = 'platform sandbox';
const requestAuthorityName = 'platform sandbox front proxy';
const day = 86_400_000;

/** Who the clients are; the names are those that kubeadm gives, because RBAC's default bindings and audit readers expect them. */
const clients = {
  admin: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
  'controller-manager': { commonName: 'system:kube-controller-manager' },
  scheduler: { commonName: 'system:kube-scheduler' },
  kwok: { commonName: 'sandbox:kwok', organizations: ['system:masters'] },
  'etcd-client': { commonName: 'kube-apiserver-etcd-client' },
} as const satisfies Record<string, Subject>;

export type Client = keyof typeof clients;

/** Names of the files below the identity folder. Each Credential `x` is `x.crt` and `x.key`. */
export interface IdentityFolder {
  readonly folder: string;
  path(file: string): string;
}

/** What `ensureIdentity` needs: `names` are DNS names and IPv4 addresses under which the API server is reached. */
export interface IdentityRequest {
  readonly folder: string;
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Makes sure that the folder holds a certificate authority and everything that it signs. The authority and the
 * service-account key are kept from start to start, so that kubeconfig files and tokens stay valid over a restart; the
 * certificates are issued anew, because the names may have changed. Files are 0600.
 */
export async function ensureIdentity(files: WritableTextFiles, request: IdentityRequest): Promise<IdentityFolder> {
  const path = (file: string): string => join(request.folder, file);
  const validity = { from: request.now - day, until: request.now + 3650 * day };
  const write = (file: string, content: string): Promise<void> => files.write(path(file), content, 0o600);
  const save = async (name: string, credential: Credential): Promise<void> => {
    await write(`${name}.key`, credential.key);
    await write(`${name}.crt`, credential.certificate);
  };
  const keep = async (name: string, make: () => Credential): Promise<Credential> => {
    const key = await files.read(path(`${name}.key`));
    const certificate = await files.read(path(`${name}.crt`));
    if (key !== undefined && certificate !== undefined) return { key, certificate };
    const made = make();
    await save(name, made);
    return made;
  };

  const authority = { ...(await keep('ca', () => makeAuthority(authorityName, validity))), commonName: authorityName };
  const requestAuthority = {
    ...(await keep('front-proxy-ca', () => makeAuthority(requestAuthorityName, validity))),
    commonName: requestAuthorityName,
  };
  await save('front-proxy-client', issue(requestAuthority, { commonName: 'front-proxy-client' }, validity));
  await save('apiserver', issue(authority, { commonName: 'kube-apiserver', names: request.names }, validity));
  await save('etcd', issue(authority, { commonName: 'etcd', names: ['localhost', '127.0.0.1'] }, validity));
  for (const [name, subject] of Object.entries(clients)) await save(name, issue(authority, subject, validity));

  const tokenKey = (await files.read(path('service-account.key'))) ?? makeKey();
  await write('service-account.key', tokenKey);
  await write('service-account.pub', publicHalf(tokenKey));
  return { folder: request.folder, path };
}

/** A kubeconfig with everything inside, for one of the clients. */
export async function kubeconfig(
  files: WritableTextFiles,
  identity: IdentityFolder,
  client: Client,
  server: string,
): Promise<string> {
  const inline = async (file: string): Promise<string> =>
    Buffer.from((await files.read(identity.path(file))) ?? '', 'utf8').toString('base64');
  const user = clients[client].commonName;
  // JSON is YAML, and needs no quoting rules.
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'sandbox',
      clusters: [{ name: 'sandbox', cluster: { server, 'certificate-authority-data': await inline('ca.crt') } }],
      users: [
        {
          name: user,
          user: {
            'client-certificate-data': await inline(`${client}.crt`),
            'client-key-data': await inline(`${client}.key`),
          },
        },
      ],
      contexts: [{ name: 'sandbox', context: { cluster: 'sandbox', user } }],
    },
    undefined,
    2,
  )}\n`;
}
