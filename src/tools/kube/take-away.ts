import { PlatformError } from '../../errors.ts';
import type { Json } from '../../engine/types.ts';
import type { ClusterWriter, KubernetesObject } from '../ports-cluster.ts';
import { fieldManager } from './requests.ts';
import type { Requests } from './requests.ts';
import type { Call } from './transport.ts';

type RemoveOptions = NonNullable<Parameters<ClusterWriter['remove']>[1]>;

const policies = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const;
/** A controller may take its own finalizer off between our look and our patch: then it is looked at again, this often in all. */
const attempts = 5;

/** Deletes the object at a path; fine when it is not there, or when it is another one than asked for. */
export async function removeObject(requests: Requests, path: string, options: RemoveOptions): Promise<void> {
  const call: Call = {
    method: 'DELETE',
    path,
    body: {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: policies[options.propagation ?? 'background'],
      ...(options.uid !== undefined && { preconditions: { uid: options.uid } }),
    },
  };
  const answer = await requests.send(call);
  if (answer.status === 404) return;
  if (answer.status === 409 && options.uid !== undefined && (await isGone(requests, path, options.uid))) return;
  requests.accept(call, answer);
}

/** Looked at, because the server has two wordings for a precondition that does not hold (measured, 1.36.3), and other conflicts beside. */
async function isGone(requests: Requests, path: string, uid: string): Promise<boolean> {
  const look: Call = { method: 'GET', path };
  const seen = await requests.send(look);
  return seen.status === 404 || (requests.accept(look, seen) as KubernetesObject).metadata.uid !== uid;
}

/** A JSON merge patch; undefined when the object is not there. */
export async function mergeObject(
  requests: Requests,
  path: string,
  patch: Json,
): Promise<KubernetesObject | undefined> {
  const call = mergeCall(path, patch);
  const answer = await requests.send(call);
  return answer.status === 404 ? undefined : (requests.accept(call, answer) as KubernetesObject);
}

/** Takes finalizers off one object, and never off one that was made or changed between the look and the patch. */
export async function releaseFinalizers(
  requests: Requests,
  path: string,
  uid: string,
  finalizers: readonly string[],
): Promise<void> {
  const look: Call = { method: 'GET', path };
  for (let left = attempts; left > 0; left -= 1) {
    const seen = await requests.send(look);
    if (seen.status === 404) return;
    const { metadata } = requests.accept(look, seen) as KubernetesObject;
    const rest = (metadata.finalizers ?? []).filter((one) => !finalizers.includes(one));
    if (metadata.uid !== uid || rest.length === (metadata.finalizers ?? []).length) return;
    const call = mergeCall(path, { metadata: { resourceVersion: metadata.resourceVersion ?? '', finalizers: rest } });
    const answer = await requests.send(call);
    if (answer.status === 404) return;
    if (answer.status !== 409) return void requests.accept(call, answer);
  }
  throw new PlatformError('KUBERNETES', {
    message: `PATCH ${path}: the object changed between every look and every patch`,
    class: 'transient',
    next: ['Run again: something else writes to this object all the time.'],
    facts: { status: 409, reason: 'Conflict', method: 'PATCH', path },
  });
}

const mergeCall = (path: string, patch: Json): Call => ({
  method: 'PATCH',
  path,
  type: 'application/merge-patch+json',
  query: { fieldManager },
  body: patch,
});
