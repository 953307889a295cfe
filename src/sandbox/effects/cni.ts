import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { textFiles } from '../../tools/files.ts';
import type { KubernetesObject } from '../../tools/ports.ts';
import { templatesIn } from '../../tools/templates.ts';
import type { RunningCluster } from '../cluster/far-cluster.ts';
import { EffectRefused } from './effect.ts';
import type { Effect, EffectWorld, HostFacts } from './effect.ts';

const installation = '/apis/operator.tigera.io/v1/installations/default';

/** Fetches the pinned manifests, checks them, and applies what differs; with Calico also its Installation. */
export const cni: Effect = async (world, _machine, facts) => {
  const running = world.cluster.current();
  if (running === undefined) throw new EffectRefused('no control plane runs');
  let changed = false;
  for (const pin of facts.variables.manifests) {
    for (const object of objectsIn(await fetchPinned(pin, world.signal))) {
      const path = await applyIfNew(running, object);
      changed ||= path;
    }
  }
  if (facts.variables.cni === 'calico') changed = (await installCalico(world, running, facts)) || changed;
  return { changed, because: changed ? `${facts.variables.cni} applied` : `${facts.variables.cni} is as it should be` };
};

async function fetchPinned(pin: { url: string; sha256: string }, signal: AbortSignal): Promise<string> {
  const response = await fetch(pin.url, { signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]) });
  if (!response.ok) throw new EffectRefused(`${pin.url} answers ${response.status}`);
  const text = await response.text();
  const found = createHash('sha256').update(text).digest('hex');
  if (found !== pin.sha256) throw new EffectRefused(`${pin.url} has the checksum ${found}, not ${pin.sha256}`);
  return text;
}

const objectsIn = (text: string): readonly KubernetesObject[] =>
  parseAllDocuments(text, { merge: true })
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);

/** A server-side apply that changes nothing leaves the resource version alone. */
async function applyIfNew(cluster: RunningCluster, object: KubernetesObject): Promise<boolean> {
  const before = await cluster.find(object);
  const after = await cluster.apply(object, 'kubectl');
  return before?.metadata.resourceVersion !== after.metadata.resourceVersion;
}

async function installCalico(
  { settings, clock, signal }: EffectWorld,
  cluster: RunningCluster,
  facts: HostFacts,
): Promise<boolean> {
  const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/installations.operator.tigera.io';
  for (let left = 100; !established(await cluster.get(definition)); left -= 1) {
    if (left === 0 || signal.aborted) throw new EffectRefused('the cluster does not know the kind Installation');
    await clock.sleep(100, signal);
  }
  const templates = templatesIn(join(settings.program, 'sandbox', 'manifests', 'effects'), textFiles);
  const before = await cluster.get(installation);
  for (const object of await templates.objects('calico-installation.yaml', {
    pod_cidr: facts.variables.pods || settings.network.pods,
  }))
    await cluster.apply(object, 'kubectl');
  const after = await cluster.get(installation);
  return before?.metadata.generation !== after?.metadata.generation;
}

function established(definition: KubernetesObject | undefined): boolean {
  const status = definition?.['status'] as
    | { readonly conditions?: readonly { type: string; status: string }[] }
    | undefined;
  return status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True') ?? false;
}
