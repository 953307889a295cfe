import type { ClusterWriter } from '../ports-cluster.ts';
import { refusal } from './errors.ts';
import type { Requests } from './requests.ts';

type Evict = ClusterWriter['evict'];

/**
 * Asks the API server to end a pod in the way that respects disruption budgets. 429 is the answer of a budget that allows nobody more to leave
 * (kubernetes pkg/registry/core/pod/storage/eviction.go); a pod that is gone, or another of the same name, counts as left. The server
 * tries for ten seconds before it says that the uid is another's (1.36.3, seen), so that this may as well end as UNREACHABLE.
 */
export async function evictPod(requests: Requests, { namespace, name, uid }: Parameters<Evict>[0]): ReturnType<Evict> {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/eviction`;
  const call = {
    method: 'POST',
    path,
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      deleteOptions: { preconditions: { uid } },
    },
  } as const;
  const answer = await requests.send(call);
  if (answer.status === 404 || answer.status === 409) return { is: 'leaving' };
  if (answer.status === 429)
    return { is: 'blocked', because: refusal({ ...call, server: '' }, 429, answer.body).message };
  requests.accept(call, answer);
  return { is: 'leaving' };
}
