import { PlatformError } from '../../errors.ts';
import type { Clock } from '../ports.ts';
import type { ClusterWriter, KubernetesObject } from '../ports-cluster.ts';
import type { Requests } from './requests.ts';
import { fieldManager } from './requests.ts';

type SignRequest = Parameters<ClusterWriter['signClient']>[0];

const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
/** Signing takes the controller well under a second; a cluster without one is told apart from a slow one. */
const within = 30_000;

interface SigningRequest extends KubernetesObject {
  readonly status?: {
    readonly certificate?: string;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string; readonly message?: string }[];
  };
}

/**
 * Asks for a certificate, approves it, and waits for it. Requests are left to the cluster's own cleaner, which removes them an hour after they were
 * signed (kube-controller-manager pkg/controller/certificates/cleaner): until then anybody can see who was let in.
 */
export async function signClient(
  api: Requests,
  clock: Clock,
  { name, request, lifetime }: SignRequest,
  signal: AbortSignal,
): Promise<string> {
  await api.expect({
    method: 'POST',
    path: requests,
    query: { fieldManager, fieldValidation: 'Strict' },
    body: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        expirationSeconds: Math.round(lifetime / 1000),
        usages: ['digital signature', 'client auth'],
      },
    },
  });
  const condition = {
    type: 'Approved',
    status: 'True',
    reason: 'AskedForByPlatform',
    message: 'made and approved by platform kubeconfig',
  };
  await api.expect({
    method: 'PATCH',
    path: `${requests}/${name}/approval`,
    type: 'application/merge-patch+json',
    query: { fieldManager },
    body: { status: { conditions: [condition] } },
  });
  return awaitCertificate(api, clock, name, signal);
}

async function awaitCertificate(api: Requests, clock: Clock, name: string, signal: AbortSignal): Promise<string> {
  const deadline = clock.monotonic() + within;
  for (let pause = 50; ; pause = Math.min(pause * 1.6, 2000)) {
    signal.throwIfAborted();
    const { status } = (await api.expect({ method: 'GET', path: `${requests}/${name}` })) as SigningRequest;
    if (status?.certificate !== undefined) return Buffer.from(status.certificate, 'base64').toString('utf8');
    const failed = status?.conditions?.find(({ type }) => type === 'Failed' || type === 'Denied');
    if (failed !== undefined || clock.monotonic() >= deadline)
      throw new PlatformError('KUBERNETES', {
        message:
          failed === undefined
            ? `the certificate request ${name} was approved, but nobody signed it within ${within / 1000} s`
            : `the certificate request ${name} was refused: ${failed.message ?? failed.reason ?? failed.type}`,
        next: [
          'look at the controller manager, which signs: kubectl -n kube-system get pods -l component=kube-controller-manager',
          `look at the request: kubectl describe csr ${name}`,
        ],
        class: failed === undefined ? 'transient' : 'permanent',
        facts: { request: name },
      });
    await clock.sleep(pause, signal);
  }
}
