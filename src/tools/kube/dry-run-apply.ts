import type { ClusterReader, KubernetesObject } from '../ports-cluster.ts';
import { differences, summarize } from './compare.ts';
import { conflictsOf } from './errors.ts';
import type { Requests } from './requests.ts';
import { applyCall } from './requests.ts';
import type { Call } from './transport.ts';

type Comparison = Awaited<ReturnType<ClusterReader['dryRunApply']>>;

/** A controller may write between the two questions: then they are asked again, this often in all. */
const attempts = 4;

/** Compares an object with what an apply would make of it, by the server's own dry-run. */
export async function dryRunApply(requests: Requests, object: KubernetesObject, manager: string): Promise<Comparison> {
  const path = await requests.pathOf({ ...object, ...object.metadata });
  if (path === undefined) return { result: 'absent', because: `the kind ${object.kind} is not installed` };
  const call = applyCall(path, object, manager, { dryRun: 'All' });
  for (let left = attempts; ; left -= 1) {
    const { comparison, isOneState } = await compareOnce(requests, object, path, call);
    if (comparison.result !== 'differs' || isOneState || left === 1) return comparison;
  }
}

async function compareOnce(
  requests: Requests,
  object: KubernetesObject,
  path: string,
  call: Call,
): Promise<{ readonly comparison: Comparison; readonly isOneState: boolean }> {
  const name = `${object.kind} ${object.metadata.name}`;
  const look: Call = { method: 'GET', path };
  const [live, dry] = await Promise.all([requests.send(look), requests.send(call)]);
  const settled = (result: Comparison['result'], because: string) => ({
    comparison: { result, because },
    isOneState: true,
  });

  const conflicts = dry.status === 409 ? conflictsOf(dry.body) : [];
  if (conflicts.length > 0) return settled('differs', summarize(conflicts));
  // A manifest in a namespace that is still to be made.
  if (live.status === 404 && dry.status === 404)
    return settled('absent', `the namespace ${object.metadata.namespace ?? 'default'} does not exist`);
  const wanted = requests.accept(call, dry) as KubernetesObject;
  if (live.status === 404) return settled('absent', `${name} does not exist`);
  const found = requests.accept(look, live) as KubernetesObject;
  const paths = differences(found, wanted);
  if (paths.length === 0) return settled('same', `${name} is as wanted`);
  // A dry-run answers with the version that it started from.
  return {
    comparison: { result: 'differs', because: `${name}: ${summarize(paths)}` },
    isOneState: found.metadata.resourceVersion === wanted.metadata.resourceVersion,
  };
}
