import { isPlatformError } from '../../errors.ts';
import type { ClusterWriter } from '../../tools/ports.ts';
import type { StepContext } from '../kit.ts';
import { lockKinds, lockName } from './admission-lock.ts';
import { isWithoutControlPlane, proveCluster } from './cluster-findings.ts';
import { nameOf, referenceTo } from './drain-world.ts';
import { readIdentity, readRecords } from './evidence.ts';
import { memory, restorationOf, suspendablesIn } from './suspendables.ts';

/**
 * Makes a cluster usable again whose teardown is given up: the lock goes, and what was suspended is put back as it was. What was deleted stays deleted.
 * Safe to repeat; fine where no control plane is left. Says what it did, one line each. UNREACHABLE while the API does not answer.
 */
export async function unlockCluster(ctx: StepContext): Promise<readonly string[]> {
  const identity = await readIdentity(ctx);
  if (identity === undefined) return [];
  const records = await readRecords(ctx, identity);
  try {
    const cluster = await ctx.cluster();
    await proveCluster(cluster, records);
    return [...(await unlock(ctx, cluster)), ...(await restore(ctx, cluster))];
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'UNREACHABLE') throw error;
    if (await isWithoutControlPlane(ctx, identity, records)) return [];
    throw error;
  }
}

async function unlock(ctx: StepContext, cluster: ClusterWriter): Promise<readonly string[]> {
  const done: string[] = [];
  for (const kind of [lockKinds.binding, lockKinds.policy]) {
    const reference = { apiVersion: lockKinds.apiVersion, kind, name: lockName };
    if ((await cluster.get(reference)) === undefined) continue;
    await ctx.audit({ action: 'delete', target: `${kind} ${lockName}`, because: 'the teardown is given up' });
    await cluster.remove(reference);
    done.push(`removed ${kind} ${lockName}`);
    ctx.note(`removed ${kind} ${lockName}`);
  }
  return done;
}

/** In the reverse of the order of suspension: an Application before the ApplicationSet that would write to it. */
async function restore(ctx: StepContext, cluster: ClusterWriter): Promise<readonly string[]> {
  const done: string[] = [];
  for (const { object } of (await suspendablesIn(cluster)).toReversed()) {
    if (object.metadata.annotations?.[memory] === undefined) continue;
    const name = nameOf(object);
    const patch = restorationOf(object);
    if (patch !== undefined) {
      await ctx.audit({ action: 'restore', target: name, because: 'the teardown is given up' });
      await cluster.merge(referenceTo(object), patch);
    }
    const text =
      patch === undefined ? `left ${name} suspended: its annotation ${memory} cannot be read` : `restored ${name}`;
    done.push(text);
    ctx.note(text);
  }
  return done;
}
