import type { PlatformConfig } from '../../config/config.ts';
import type { CheckResult, Json } from '../../engine/types.ts';
import { isPlatformError, PlatformError } from '../../errors.ts';
import type { ClusterReader, ClusterWriter, EstateScope, KubernetesObject } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import type { ReadContext, StepContext } from '../kit.ts';
import { isWithoutControlPlane, proveCluster } from './cluster-findings.ts';
import type { DestroyInventory } from './destroy-inventory.ts';
import { knownRecords } from './known-evidence.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/** So long without a single answer, and the API is taken for dead: a fail-over of a control plane takes less. */
const silenceAllowed = minutes(2);

/** Why this cluster is not taken apart through Kubernetes; undefined when it is. */
export function passedOver(config: PlatformConfig, { kubernetes, because }: DestroyInventory): string | undefined {
  if (config.teardown?.awsOnly === true) return 'left out by --aws-only: AWS is swept by tags';
  if (kubernetes === 'unreachable') return `the API does not answer, AWS is swept by tags: ${because}`;
  if (kubernetes === 'left-out') return `there is no Kubernetes API to ask, AWS is swept by tags: ${because}`;
  return undefined;
}

/**
 * A look at the cluster that knows the three ways in which there is none: left out, dead, and gone with its machines. An API that only
 * happens not to answer is work: the step waits for it.
 */
export async function checkDrained<Out extends Json>(
  ctx: ReadContext,
  inventory: DestroyInventory,
  none: Out,
  look: (cluster: ClusterReader) => Promise<CheckResult<Out>>,
): Promise<CheckResult<Out>> {
  const because = passedOver(ctx.config, inventory);
  if (because !== undefined) return { state: 'satisfied', output: none, because };
  try {
    return await look(await ctx.cluster());
  } catch (error) {
    if (!isSilence(error)) throw error;
    if (await isWithoutControlPlane(ctx, inventory, await knownRecords(ctx, inventory)))
      return {
        state: 'satisfied',
        output: none,
        because: 'no machine of the control plane is left: AWS is swept by tags',
      };
    return { state: 'needed', because: `the API does not answer right now: ${error.message}` };
  }
}

/**
 * The cluster, proven to be the recorded one before anything is written, every call of which is asked again while it may still be answered. After
 * two minutes without any answer it is UNREACHABLE, with the way on.
 */
export async function openPatiently(ctx: StepContext, inventory: DestroyInventory): Promise<ClusterWriter> {
  const records = await knownRecords(ctx, inventory);
  const cluster = await patiently(ctx, async () => {
    const opened = await ctx.cluster();
    await proveCluster(opened, records);
    return opened;
  });
  const again = <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) => {
    return (...args: Args): Promise<Answer> => patiently(ctx, () => call(...args));
  };
  return {
    identity: again(() => cluster.identity()),
    raw: again((path) => cluster.raw(path)),
    get: again((reference) => cluster.get(reference)),
    list: again((reference) => cluster.list(reference)),
    kinds: again(() => cluster.kinds()),
    dryRunCreate: again((object) => cluster.dryRunCreate(object)),
    dryRunApply: again((object, manager) => cluster.dryRunApply(object, manager)),
    apply: again((object) => cluster.apply(object)),
    remove: again((reference, options) => cluster.remove(reference, options)),
    merge: again((reference, patch) => cluster.merge(reference, patch)),
    releaseFinalizers: again((reference, uid, finalizers) => cluster.releaseFinalizers(reference, uid, finalizers)),
    evict: again((pod) => cluster.evict(pod)),
    signClient: again((request, signal) => cluster.signClient(request, signal)),
  };
}

/** Asks again what failed for now. Every call of the drain may be repeated. */
export async function patiently<Answer>(
  ctx: Pick<StepContext, 'clock' | 'signal' | 'note'>,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const since = ctx.clock.monotonic();
  for (;;) {
    stopIfAborted(ctx.signal);
    try {
      return await ask();
    } catch (error) {
      stopIfAborted(ctx.signal);
      const silent = ctx.clock.monotonic() - since;
      if (!isPlatformError(error) || (error.class === 'permanent' && error.code !== 'UNREACHABLE')) throw error;
      if (error.class === 'permanent' || silent >= silenceAllowed) throw withWayOn(error, silent);
      ctx.note(`waiting for the API: ${error.message}${silent < 1000 ? '' : ` (for ${shortSpell(silent)})`}`);
      await ctx.clock.sleep(pauseAfter(silent), ctx.signal);
    }
  }
}

function withWayOn(error: PlatformError, silent: number): PlatformError {
  return new PlatformError(error.code, {
    message: `the cluster cannot be drained${silent === 0 ? '' : `, after ${shortSpell(silent)} of asking`}: ${error.message}`,
    class: 'permanent',
    next: [
      'platform destroy --cleanup --aws-only: goes on without Kubernetes, by tags',
      'platform destroy --cleanup: asks the API once more',
    ],
    facts: error.facts,
    cause: error,
  });
}

function isSilence(error: unknown): error is PlatformError {
  return isPlatformError(error) && error.code === 'UNREACHABLE';
}

/** Where AWS is asked what became of the cluster's objects. */
export const scopeOf = (
  { clusterId, vpcs }: DestroyInventory,
  recorded: EstateScope['recorded'] = {},
): EstateScope => ({
  cluster: clusterId,
  vpcs,
  recorded,
});

/** `Ingress web/shop`. */
export const nameOf = ({ kind, metadata }: Pick<KubernetesObject, 'kind' | 'metadata'>): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

export const referenceTo = ({ apiVersion, kind, metadata: { name, namespace } }: KubernetesObject) => ({
  apiVersion,
  kind,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

/** Deletes one object, said and audited first; one that is going already is left alone, and so is a namesake. */
export async function removeObject(
  ctx: Pick<StepContext, 'audit' | 'note'>,
  cluster: ClusterWriter,
  object: KubernetesObject,
  because: string,
): Promise<void> {
  if (object.metadata.deletionTimestamp !== undefined) return;
  await ctx.audit({ action: 'delete', target: nameOf(object), because });
  ctx.note(`deleting ${nameOf(object)}`);
  const { uid } = object.metadata;
  await cluster.remove(referenceTo(object), uid === undefined ? {} : { uid });
}
