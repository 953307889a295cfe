import { PlatformError } from '../../errors.ts';
import type { ClusterIdentity } from '../ports-cluster.ts';

/**
 * Throws IDENTITY_MISMATCH unless both are the same cluster. The certificate authority and the UID of kube-system prove
 * it; the address does not count, because a tunnel or a new Elastic IP changes it and nothing else.
 */
export function assertSameCluster(expected: ClusterIdentity, found: ClusterIdentity): void {
  const differs = [
    ...(expected.authority === found.authority ? [] : ['certificate authority']),
    ...(expected.uid === found.uid ? [] : ['UID of kube-system']),
  ];
  if (differs.length === 0) return;
  throw new PlatformError('IDENTITY_MISMATCH', {
    message: `the cluster at ${found.server} is not the one at ${expected.server} that was built here: its ${differs.join(' and its ')} differs; nothing was written`,
    next: [
      'Move the kubeconfig in the state folder away and run platform up: it fetches the one of this cluster anew.',
      'To take this environment apart without asking any cluster: platform destroy --cleanup --aws-only',
    ],
    facts: { server: found.server, expectedServer: expected.server, uid: found.uid, expectedUid: expected.uid },
  });
}
