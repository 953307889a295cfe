import type { PlatformConfig, TeardownChoices } from '../../config/config.ts';
import { PlatformError } from '../../errors.ts';
import type { CloudResource, LedgerEntry } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import type { Evidence, Finding, Inventory } from './inventory-types.ts';
import { isFromDriver } from './ownership-marks.ts';

/** How the ledger calls a snapshot of etcd; one of a volume is of the kind that AWS knows. */
export const etcdSnapshot = 'etcd-snapshot';

/** What is saved when nothing stands in the way; a teardown that goes on after a day finds data that is newer than its snapshots. */
const stillGood = minutes(24 * 60);

/** Whether a backup was made for the teardown that is going on: not on an earlier day, and not for one that was abandoned. */
function isOfThisTeardown(at: number, ledger: readonly LedgerEntry[], now: number): boolean {
  const abandoned = ledger.map(({ unique }) => Number(unique['abandoned'] ?? 0));
  return at > Math.max(now - stillGood, ...abandoned);
}

/** Noted when a teardown is abandoned: people work with the cluster again, so that its backups no longer are of the last moment. */
export const abandonment = (run: string, now: number): LedgerEntry => ({
  kind: 'teardown',
  id: run,
  unique: { abandoned: String(now) },
  step: 'settle',
});

/** The snapshot of etcd that this teardown has made already. */
export const madeOfEtcd = (ledger: readonly LedgerEntry[], now: number): LedgerEntry | undefined =>
  ledger.find(({ kind, unique }) => kind === etcdSnapshot && isOfThisTeardown(Number(unique['at']), ledger, now));

/** Why etcd cannot be saved; undefined: it can. */
export function notSavedBecause(config: PlatformConfig): string | undefined {
  if (config.target === 'sandbox' && config.sandbox.machines === 'simulated') return 'simulated machines run no etcd';
  if (config.addons.includes('etcd-backup') && config.terraform.dir === undefined) return undefined;
  return 'this environment has no data bucket (addons: etcd-backup)';
}

/** A backup that the same command would delete is none: USAGE before anything is looked at. */
export function refuseLostBackup({ backup, deleteData, keepFoundation }: TeardownChoices): void {
  if (!deleteData || backup === 'none' || (backup === 'etcd' && keepFoundation)) return;
  const [what, next] =
    backup === 'etcd'
      ? [
          'puts a snapshot into the data bucket, and --delete-data removes that bucket with everything in it',
          'keep the bucket: --keep foundation',
        ]
      : [
          'makes snapshots of volumes, and --delete-data removes snapshots too',
          'delete the rest later: the same command with --delete-data removes what was kept, once nobody needs it',
        ];
  throw new PlatformError('USAGE', {
    message: `--backup ${backup} ${what}`,
    next: ['leave one of the two out', next],
  });
}

/** Volumes of ours that hold what pods stored: those behind PersistentVolumes, and whatever else the volume driver made. */
export function volumesToSave(findings: readonly Finding[], { volumes }: Evidence): readonly Finding[] {
  return findings.filter(
    ({ resource, class: ownership }) =>
      resource.kind === 'volume' &&
      resource.phase === 'live' &&
      resource.diesWith === undefined &&
      (ownership === 'owned' || ownership === 'data') &&
      (volumes.has(resource.id) || isFromDriver(resource)),
  );
}

/** What a step saves. */
export interface Saving {
  readonly step: string;
  readonly makes: readonly { readonly kind: string; readonly count: number }[];
}

/** What a teardown will save, by step, in order; what is saved already is left out. For a look before it: each step looks again. */
export function backupsOf({ findings, evidence }: Inventory, config: PlatformConfig, now: number): readonly Saving[] {
  const backup = config.teardown?.backup ?? 'none';
  if (evidence === undefined || backup === 'none') return [];
  const isUp = findings.some(({ resource, class: ownership }) => resource.kind === 'instance' && ownership === 'owned');
  const isSaved = madeOfEtcd(evidence.ledger, now) !== undefined;
  const etcd = isUp && !isSaved && notSavedBecause(config) === undefined ? 1 : 0;
  const saved = new Set(backupsIn(findings, evidence, now).map(({ volume }) => volume));
  const volumes = volumesToSave(findings, evidence).filter(({ resource }) => !saved.has(resource.id)).length;
  return [
    { step: 'destroy-backup', makes: [{ kind: etcdSnapshot, count: etcd }] },
    { step: 'destroy-snapshots', makes: [{ kind: 'snapshot', count: backup === 'volumes' ? volumes : 0 }] },
  ].filter(({ makes }) => makes.some(({ count }) => count > 0));
}

/** The ledger's word for who made a snapshot; a later teardown proves by it that it is ours. */
export const snapshotMaker = 'destroy-snapshots';

/** Snapshots of volumes that this teardown has begun, by their records and by their tags: a run may be killed between the two. */
export function backupsIn(
  findings: readonly Finding[],
  { ledger }: Pick<Evidence, 'ledger'>,
  now: number,
): readonly { readonly id: string; readonly volume: string; readonly at: number }[] {
  const recorded = ledger.flatMap(({ kind, id, unique, step }) =>
    kind === 'snapshot' && step === snapshotMaker
      ? [{ id, volume: unique['volume'] ?? '', at: Number(unique['at']) }]
      : [],
  );
  const tagged = findings.flatMap(({ resource, class: ownership }) =>
    ownership === 'data' && isBackup(resource) && resource.state !== 'error'
      ? [{ id: resource.id, volume: resource.unique['volume'] ?? '', at: Date.parse(resource.unique['started'] ?? '') }]
      : [],
  );
  return [...recorded, ...tagged].filter(({ at }) => isOfThisTeardown(at, ledger, now));
}

const purpose = { key: 'platform/purpose', value: 'backup' };
const claimTags = ['kubernetes.io/created-for/pvc/namespace', 'kubernetes.io/created-for/pvc/name'] as const;

/** Whether a teardown made this snapshot as a backup. */
export const isBackup = ({ kind, tags }: Pick<CloudResource, 'kind' | 'tags'>): boolean =>
  kind === 'snapshot' && tags[purpose.key] === purpose.value;

/** What a volume holds, as a person knows it: 'shop/db' for a claim, else the volume itself. */
export function labelOf({ resource, origin }: Finding): string {
  const claim = claimOf({ resource, ...(origin === undefined ? {} : { origin }) });
  return claim === undefined ? resource.id : `${claim.namespace}/${claim.name}`;
}

/** The tags of a volume's snapshot: ours, found again by them, and told what it is a copy of. */
export function backupTags(
  volume: Finding,
  { clusterId, environment }: Pick<Evidence, 'clusterId' | 'environment'>,
): Readonly<Record<string, string>> {
  const claim = claimOf(volume);
  return {
    Name: labelOf(volume),
    'platform/cluster': clusterId,
    'platform/environment': environment,
    [`kubernetes.io/cluster/${clusterId}`]: 'owned',
    [purpose.key]: purpose.value,
    ...(claim === undefined ? {} : { [claimTags[0]]: claim.namespace, [claimTags[1]]: claim.name }),
  };
}

function claimOf({ resource, origin = '' }: Pick<Finding, 'resource' | 'origin'>) {
  const [namespace, name] = claimTags.map((tag) => resource.tags[tag]);
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  const [, ofOrigin, named] = /^PersistentVolumeClaim ([^/]+)\/(.+)$/.exec(origin) ?? [];
  return ofOrigin === undefined || named === undefined ? undefined : { namespace: ofOrigin, name: named };
}
