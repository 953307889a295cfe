import { isPlatformError, PlatformError } from '../../errors.ts';
import type { SnapshotState } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { ReadContext, StepContext } from '../kit.ts';
import { backupsIn, backupTags, labelOf, snapshotMaker, volumesToSave } from './backups.ts';
import { gatherEvidence, readIdentity } from './evidence.ts';
import { takePartialInventory } from './inventory.ts';
import type { Evidence, Finding } from './inventory-types.ts';
import { patient } from './sweep-patience.ts';
import { pauseAfter, shortSpell, stopIfAborted } from './wait.ts';

/** What AWS has just made may not be listed yet; what is not listed for longer was deleted. */
const unseen = minutes(2);
/** AWS copies in strides, and tells the same percentage for a long time. */
const patience = minutes(60);

/** What is to be saved, and what is saved already. */
interface VolumeLook {
  readonly evidence: Evidence;
  readonly volumes: readonly Finding[];
  /** Snapshot by volume: of this teardown, not failed. */
  readonly made: ReadonlyMap<string, string>;
  /** By id of the snapshot. */
  readonly states: ReadonlyMap<string, SnapshotState>;
}

/** Volumes and their snapshots, fresh from AWS; a snapshot that a killed run left is found by its record, or by its tags. Undefined: nothing was ever built. */
export async function lookAtVolumes(ctx: ReadContext): Promise<VolumeLook | undefined> {
  const asked = patient(ctx);
  const identity = await readIdentity(asked);
  if (identity === undefined) return undefined;
  // The inventory has written down what the API said about volumes.
  const evidence = await gatherEvidence(asked, identity, { is: 'left-out', because: 'the inventory has asked it' });
  const findings = await takePartialInventory(ctx, evidence, ['volume', 'snapshot']);
  const volumes = volumesToSave(findings, evidence);
  const now = ctx.clock.now();
  const known = backupsIn(findings, evidence, now);
  const states = await statesOf(asked, [...new Set(known.map(({ id }) => id))]);
  const made = new Map<string, string>();
  for (const { id, volume, at } of known) {
    const state = states.get(id)?.state;
    if (state !== 'error' && (state !== undefined || now - at < unseen)) made.set(volume, id);
  }
  return { evidence, volumes, made, states };
}

/** Makes what is missing and waits until AWS calls every one completed. Snapshot by volume; volumes that are gone meanwhile have none. */
export async function saveVolumes(
  ctx: StepContext,
  { evidence, volumes, made: before }: VolumeLook,
): Promise<ReadonlyMap<string, string>> {
  const made = new Map(before);
  let missing: readonly Finding[] = volumes.filter(({ resource }) => !made.has(resource.id));
  let changed = ctx.clock.monotonic();
  let told = '';
  for (;;) {
    const { left, refused } = await beginAll(ctx, evidence, missing, made);
    missing = left;
    const waiting = await unfinished(ctx, volumes, made);
    if (missing.length === 0 && waiting.length === 0) return made;
    const text = [
      ...waiting.map(({ text: one }) => one),
      ...(refused === undefined ? [] : [`${missing.length} not begun: ${refused}`]),
    ].join(', ');
    if (text !== told) changed = ctx.clock.monotonic();
    told = text;
    const spell = ctx.clock.monotonic() - changed;
    if (spell >= (waiting.some(({ isSeen }) => !isSeen) ? unseen : patience)) throw late(text, spell);
    ctx.note(`waiting for ${waiting.length + missing.length} of ${volumes.length} snapshots: ${text}`);
    await ctx.clock.sleep(Math.max(seconds(1), pauseAfter(spell)), ctx.signal);
    stopIfAborted(ctx.signal);
  }
}

/** AWS takes only so many at a time, and of one volume one in 15 s (EC2 API, error codes): the next round asks again. */
const laterNames = new Set(['ConcurrentSnapshotLimitExceeded', 'SnapshotCreationPerVolumeRateExceeded']);

async function beginAll(
  ctx: StepContext,
  evidence: Evidence,
  volumes: readonly Finding[],
  made: Map<string, string>,
): Promise<{ readonly left: readonly Finding[]; readonly refused?: string }> {
  for (const [index, volume] of volumes.entries()) {
    stopIfAborted(ctx.signal);
    try {
      made.set(volume.resource.id, await begin(ctx, evidence, volume));
    } catch (error) {
      if (!isPlatformError(error)) throw error;
      const name = String(error.facts['name']);
      if (error.class === 'throttled' || laterNames.has(name)) return { left: volumes.slice(index), refused: name };
      if (name !== 'InvalidVolume.NotFound') throw error;
      ctx.note(`${volume.resource.id} of ${labelOf(volume)} is gone: there is nothing to save`);
    }
  }
  return { left: [] };
}

/** Recorded in the same breath: there is no token that would keep AWS from making a second one. */
async function begin(ctx: StepContext, evidence: Evidence, volume: Finding): Promise<string> {
  const { id: of, gigabytes } = volume.resource;
  const label = labelOf(volume);
  await ctx.audit({
    action: 'create',
    target: `snapshot of volume ${of}`,
    because: `--backup volumes: ${label} as it is before the teardown`,
  });
  ctx.note(`snapshot of volume ${of} (${label})`);
  const description = `${label} of ${evidence.clusterId}, before its teardown`;
  const id = await ctx.aws.makeSnapshot(of, backupTags(volume, evidence), description);
  const unique = { volume: of, at: String(ctx.clock.now()), gigabytes: String(gigabytes ?? 0) };
  await ctx.ledger.record([{ kind: 'snapshot', id, name: label, unique, step: snapshotMaker }]);
  return id;
}

async function unfinished(ctx: StepContext, volumes: readonly Finding[], made: ReadonlyMap<string, string>) {
  const states = await statesOf(patient(ctx), [...made.values()]);
  return volumes.flatMap((volume) => {
    const id = made.get(volume.resource.id);
    const found = states.get(id ?? '');
    if (id === undefined || found?.state === 'completed') return [];
    if (found?.state === 'error') throw failed(id, labelOf(volume));
    const stand = found === undefined ? 'not shown yet' : `${found.state}${found.progress && `, ${found.progress}`}`;
    return [{ text: `${id} of ${labelOf(volume)} (${stand})`, isSeen: found !== undefined }];
  });
}

async function statesOf({ aws }: ReadContext, ids: readonly string[]): Promise<ReadonlyMap<string, SnapshotState>> {
  return new Map((await aws.snapshots(ids)).map((state) => [state.id, state]));
}

const failed = (id: string, label: string): PlatformError =>
  new PlatformError('STEP_FAILED', {
    message: `AWS could not make the snapshot ${id} of ${label}`,
    next: ['run the same command again: it makes another one', 'run without volumes: --backup etcd'],
    class: 'transient',
  });

const late = (text: string, spell: number): PlatformError =>
  new PlatformError('NOT_READY_IN_TIME', {
    message: `nothing has moved for ${shortSpell(spell)}: ${text}`,
    next: ['run the same command again: it goes on waiting', 'run without volumes: --backup etcd'],
  });
