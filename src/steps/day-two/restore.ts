import type { DayTwoChoices, PlatformConfig } from '../../config/config.ts';
import { isPlatformError, PlatformError } from '../../errors.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, type StepContext, stepForEach } from '../kit.ts';
import { apiServerReady } from '../probes/api-server.ts';
import { readCanary } from './canary.ts';
import { ownPlay } from './own-play.ts';

type Restore = NonNullable<DayTwoChoices['restore']>;

/** One snapshot at a time; its name is the key, so that the records tell what is half restored. */
const keys = ({ dayTwo }: PlatformConfig): readonly string[] => (dayTwo?.restore ? [dayTwo.restore.name] : []);

function chosen({ dayTwo }: PlatformConfig): Restore {
  if (dayTwo?.restore === undefined) throw new TypeError('a restore was planned without a snapshot');
  return dayTwo.restore;
}

const inputs = (config: PlatformConfig) => ({ snapshot: chosen(config).key, node: chosen(config).node });

const variables = (ctx: StepContext, phase: 'fetch' | 'replace') => {
  const { node, clusterId, bucket, key, sha256 } = chosen(ctx.config);
  return {
    etcd_restore_machine: node,
    etcd_restore_cluster: clusterId,
    etcd_restore_phase: phase,
    // A run that goes on has the same name, so that the machine knows its own half of the work again.
    etcd_restore_run: ctx.run,
    etcd_restore_bucket: bucket,
    etcd_restore_key: key,
    etcd_restore_sha256: sha256,
  };
};

/** The snapshot on the machine, read and proven whole, before anything is stopped. */
export const restoreFetch = stepForEach({
  id: 'restore-fetch',
  title: 'Fetch the snapshot',
  needs: {},
  forEach: keys,
  repeat: 'safe',
  onCancel: 'interrupt',
  timeout: minutes(30),
  retry: { attempts: 2, firstDelay: 5000, maxDelay: 5000 },
  inputs,
  check: async ({ config }) => ({
    state: 'needed',
    because: `${chosen(config).node} does not have it yet`,
    preview: [`s3://${chosen(config).bucket}/${chosen(config).key} to ${chosen(config).node}, checked there`],
  }),
  apply: async (ctx) => {
    await ownPlay(ctx, 'etcd-restore', chosen(ctx.config).node, variables(ctx, 'fetch'));
    return { run: ctx.run };
  },
});

/** The data replaced: every control plane stopped, the old data taken aside on the one machine, the new in its place, and that machine started. */
export const restoreData = stepForEach({
  id: 'restore-data',
  title: 'Replace the data of etcd',
  needs: { fetched: restoreFetch },
  forEach: keys,
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(40),
  noProgressFor: minutes(15),
  retry: { attempts: 2, firstDelay: 5000, maxDelay: 5000 },
  locks: (config) => chosen(config).controlPlanes.map((name) => `node/${name}`),
  inputs,
  check: async (ctx) => {
    const { node, controlPlanes } = chosen(ctx.config);
    if (await isReplaced(ctx))
      return { state: 'satisfied', output: { kept: keptName(ctx.run) }, because: `${node} has the data of this run` };
    const others = controlPlanes.filter((name) => name !== node);
    return {
      state: 'needed',
      because: 'etcd has other data',
      preview: [
        `stop the control plane on ${controlPlanes.join(', ')}`,
        `on ${node}: keep the old data beside the new, as member-before-RUN; new membership with ${node} alone`,
        ...(others.length === 0 ? [] : [`${others.join(', ')} stay stopped until they are reset and join anew`]),
      ],
    };
  },
  apply: async (ctx) => {
    const { controlPlanes, node, name } = chosen(ctx.config);
    await ctx.audit({
      action: 'replace',
      target: `data of etcd on ${node}`,
      because: `${name} is brought back; the data as it was stays in ${keptName(ctx.run)}`,
    });
    await ownPlay(ctx, 'etcd-restore', controlPlanes.join(','), variables(ctx, 'replace'));
    return { kept: keptName(ctx.run) };
  },
  ready: [apiServerReady],
});

const keptName = (run: string): string => `member-before-${run}`;

/** Whether this run's data is in its place and etcd may run on it, as the machine's own files say (ansible/roles/etcd_restore). */
async function isReplaced(ctx: ReadContext): Promise<boolean> {
  const { node: name, address } = chosen(ctx.config);
  const { sshUser: user, sshKey: key } = ctx.config.access;
  const made = `/var/lib/etcd/restored-${ctx.run}`;
  const facts = ['-e', `${made}/complete`, '-a', '!', '-e', `${made}/member`];
  const words = ['sudo', '-n', 'test', ...facts, '-a', '-e', '/etc/kubernetes/manifests/etcd.yaml'];
  const { code } = await ctx.ssh.run({ name, address, user, key }, words, ctx.signal);
  return code === 0;
}

/** The proof: the cluster is the one of the snapshot, and holds the word that was written into it before the snapshot was made. */
export const restoreVerify = stepForEach({
  id: 'restore-verify',
  title: 'Verify what was restored',
  needs: { data: restoreData },
  forEach: keys,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(2),
  retry: { attempts: 5, firstDelay: 2000, maxDelay: 10_000 },
  inputs,
  check: async () => ({ state: 'needed', because: 'nobody has looked yet' }),
  apply: async (ctx) => {
    const { uid, canary, clusterId } = chosen(ctx.config);
    const cluster = await ctx.cluster();
    const identity = await cluster.identity();
    const found = await readCanary(cluster);
    if (canary !== '' && found?.word !== canary)
      throw lost(ctx, `its canary says ${found?.word ?? 'nothing'} where ${canary} was written before the snapshot`);
    // Of an earlier life of this platform: its canary still names our cluster id.
    if (identity.uid !== uid && found?.cluster !== clusterId)
      throw lost(ctx, `its kube-system has the UID ${identity.uid}, not ${uid}, and no canary of ours is in it`);
    await refuseUnreadable(ctx);
    ctx.note(
      canary === '' ? 'the identity is proven; no canary was written before this snapshot' : 'the canary is there',
    );
    return { uid: identity.uid, canary: found?.word ?? null };
  },
});

/** Secrets are encrypted at rest by a key that no snapshot holds. */
async function refuseUnreadable(ctx: StepContext): Promise<void> {
  try {
    await (await ctx.cluster()).list({ apiVersion: 'v1', kind: 'Secret', namespace: 'kube-system' });
  } catch (error) {
    if (!isPlatformError(error) || error.code !== 'KUBERNETES') throw error;
    throw lost(
      ctx,
      `its Secrets cannot be read: ${error.message}; the key in /etc/kubernetes/encryption is not the one they were written with`,
    );
  }
}

function lost(ctx: StepContext, because: string): PlatformError {
  const { node, name } = chosen(ctx.config);
  return new PlatformError('UNHEALTHY', {
    message: `${name} was restored, and is not what it should be: ${because}`,
    next: [
      'look at the other snapshots: platform backup list; then platform restore NAME --fresh',
      `the data as it was is on ${node}: /var/lib/etcd/member-before-${ctx.run}; docs/day-two.md tells how to go back`,
    ],
  });
}
