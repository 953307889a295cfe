import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Snapshot } from '../steps/day-two/snapshots.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { actingIn } from './acting.ts';
import type { Environment } from './environment.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';
import { type Recorded, recordedFacts } from './recorded.ts';
import { underLock } from './under-lock.ts';
import { learnIdentity } from './verb-run.ts';

interface BackupOptions extends CommonOptions {
  readonly wait: boolean;
}

const wayOut = 'platform status shows how the machines are; then type the same command again';

/** Makes a snapshot of etcd now, in the data bucket: read by etcd's own tool before it is sent, and looked at in S3 afterwards. */
export async function backup(host: Host, options: BackupOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const signal = abortOnSignal(host);
  const environment = await host.open(config);
  try {
    const recorded = await recordedFacts(environment);
    await refuseWithoutEtcd(environment, recorded);
    learnIdentity(environment, recorded.state);
    return await underLock(host, environment, 'backup', () => save(host, environment, recorded, options, signal));
  } finally {
    await environment.close();
  }
}

async function save(
  host: Host,
  environment: Environment,
  { clusterId }: Recorded,
  options: BackupOptions,
  signal: AbortSignal,
): Promise<number> {
  const [{ writeCanary }, { snapshotEntry }, snapshots] = await Promise.all([
    import('../steps/day-two/canary.ts'),
    import('../steps/day-two/snapshots.ts'),
    import('../steps/etcd-snapshot.ts'),
  ]);
  const say = (text: string): void => host.stderr.write(`${text}\n`);
  const ctx = actingIn(environment, signal, say);
  const machines = await snapshots.runningControlPlanes(ctx, clusterId);
  if (machines.length === 0)
    throw new PlatformError('UNHEALTHY', { message: 'no machine of the control plane runs', next: [wayOut] });
  const at = environment.clock.now();
  const word = `${new Date(at).toISOString()}-${Math.floor(ctx.random.next() * 36 ** 8).toString(36)}`;
  const cluster = await ctx.cluster();
  await writeCanary(cluster, { word, cluster: clusterId, at: new Date(at).toISOString() });
  if (!options.wait) {
    await snapshots.beginSnapshot(ctx, machines, wayOut);
    say('a snapshot was begun and is not waited for\nNext: platform backup list shows it once it is stored');
    return 0;
  }
  const stored = await snapshots.takeSnapshot(ctx, machines, wayOut);
  await snapshots.awaitObject(ctx, stored);
  const { uid } = await cluster.identity();
  await ctx.ledger.record([snapshotEntry(stored, { canary: word, uid, at })]);
  await ctx.ledger.mirror();
  const name = stored.key.split('/').at(-1) ?? stored.key;
  const document = { schema: 'platform/backup/v1', name, ...stored, canary: word, uid };
  if (options.json === true) host.stdout.write(`${JSON.stringify(document)}\n`);
  say(
    `${name}: ${stored.bytes} bytes, ${stored.keys ?? '?'} keys at revision ${stored.revision ?? '?'}, in s3://${stored.bucket}/${stored.key}`,
  );
  say(`Next: platform restore ${name} --env ${environment.config.environment} brings it back`);
  return 0;
}

/** Lists the snapshots of etcd in the data bucket, newest first. */
export async function listBackups(host: Host, options: CommonOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const signal = abortOnSignal(host);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const recorded = await recordedFacts(environment);
    await refuseWithoutEtcd(environment, recorded);
    const found = await snapshotsOf(environment, recorded, signal);
    const document = {
      schema: 'platform/backups/v1',
      environment: config.environment,
      clusterId: recorded.clusterId,
      snapshots: found.map(({ at, ...one }) => ({ ...one, at: new Date(at).toISOString() })),
    };
    if (options.json === true) host.stdout.write(`${JSON.stringify(document)}\n`);
    else host.stderr.write(listText(found));
    return 0;
  } finally {
    await environment.close();
  }
}

/** What the data bucket holds for this cluster. */
export async function snapshotsOf(
  { look }: Pick<Environment, 'look'>,
  { clusterId, account }: Pick<Recorded, 'clusterId' | 'account'>,
  signal: AbortSignal,
): Promise<readonly Snapshot[]> {
  const [{ listSnapshots }, { dataBucket }] = await Promise.all([
    import('../steps/day-two/snapshots.ts'),
    import('../steps/names.ts'),
  ]);
  const { aws, ledger } = look(signal);
  return listSnapshots(aws, await ledger.entries(), { bucket: dataBucket(clusterId, account), clusterId });
}

/** NEEDS_NOT_MET where there is no etcd to save, or nowhere to put it. */
export async function refuseWithoutEtcd(
  { config }: Pick<Environment, 'config'>,
  { hasCluster }: Recorded,
): Promise<void> {
  const { notSavedBecause } = await import('../steps/teardown/backups.ts');
  const because = notSavedBecause(config) ?? (hasCluster ? undefined : 'no control plane was built yet');
  if (because === undefined) return;
  throw new PlatformError('NEEDS_NOT_MET', {
    message: `etcd of ${config.environment} has no backups: ${because}`,
    next: ['add etcd-backup to addons in platform.yaml, then: platform up'],
  });
}

function listText(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return 'there is no snapshot yet\nNext: platform backup makes one\n';
  const width = Math.max(...snapshots.map(({ name }) => name.length));
  const rows = snapshots.map(({ name, at, bytes, record }) => {
    const facts =
      record === undefined ? 'by the timer' : `${record.keys} keys at revision ${record.revision}, with a canary`;
    return `${name.padEnd(width)}  ${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}  ${sizeText(bytes).padStart(8)}  ${facts}`;
  });
  return `${rows.join('\n')}\nNext: platform restore NAME brings one back\n`;
}

const sizeText = (bytes: number): string =>
  bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
