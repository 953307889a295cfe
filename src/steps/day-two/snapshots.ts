import { PlatformError } from '../../errors.ts';
import type { AwsReader, LedgerEntry } from '../../tools/ports.ts';
import type { StoredSnapshot } from '../etcd-snapshot.ts';

/** One snapshot of etcd in the data bucket, newest facts first known by S3, the rest by our own record of it. */
export interface Snapshot {
  /** Last part of the key: what a person types. */
  readonly name: string;
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Absent for one that the timer made: its facts are on the machine only. */
  readonly record?: {
    readonly sha256: string;
    readonly revision: number;
    readonly keys: number;
    /** Word of the canary that was written before it. */
    readonly canary: string;
    /** UID of kube-system. */
    readonly uid: string;
  };
}

/** How the ledger calls a snapshot that `platform backup` made. A teardown's own has another kind: that one counts as saved for the teardown. */
const kind = 'etcd-backup';

/** The ledger's entry for a snapshot that was just stored. */
export const snapshotEntry = (
  { bucket, key, bytes, sha256 = '', revision = 0, keys = 0 }: StoredSnapshot,
  { canary, uid, at }: { readonly canary: string; readonly uid: string; readonly at: number },
): LedgerEntry => ({
  kind,
  id: `s3://${bucket}/${key}`,
  unique: {
    at: String(at),
    bytes: String(bytes),
    sha256,
    revision: String(revision),
    keys: String(keys),
    canary,
    uid,
  },
  step: 'backup',
});

/** All snapshots of a cluster, newest first. */
export async function listSnapshots(
  aws: Pick<AwsReader, 'objects'>,
  ledger: readonly LedgerEntry[],
  { bucket, clusterId }: { readonly bucket: string; readonly clusterId: string },
): Promise<readonly Snapshot[]> {
  const objects = await aws.objects(bucket, `${clusterId}/etcd/`);
  return objects
    .filter(({ key }) => key.endsWith('.db'))
    .map(({ key, bytes, changed }): Snapshot => {
      const entry = ledger.findLast((one) => one.kind === kind && one.id === `s3://${bucket}/${key}`);
      const record = entry && recordOf(entry.unique);
      return { name: key.split('/').at(-1) ?? key, bucket, key, bytes, at: changed, ...(record && { record }) };
    })
    .toSorted((one, other) => other.at - one.at || (one.key < other.key ? 1 : -1));
}

const recordOf = (unique: Readonly<Record<string, string>>): NonNullable<Snapshot['record']> => ({
  sha256: unique['sha256'] ?? '',
  revision: Number(unique['revision']),
  keys: Number(unique['keys']),
  canary: unique['canary'] ?? '',
  uid: unique['uid'] ?? '',
});

/** The snapshot that a person names, by its name or its whole address; without a name the newest. */
export function chooseSnapshot(
  snapshots: readonly Snapshot[],
  wanted: string | undefined,
  near: (word: string) => string | undefined,
): Snapshot {
  const [newest] = snapshots;
  if (newest === undefined)
    throw new PlatformError('NEEDS_NOT_MET', {
      message: 'there is no snapshot of etcd in the data bucket',
      next: ['platform backup makes one, while the cluster answers'],
    });
  const found =
    wanted === undefined
      ? newest
      : snapshots.find(({ name, bucket, key }) =>
          [name, name.replace(/\.db$/, ''), `s3://${bucket}/${key}`].includes(wanted),
        );
  if (found !== undefined) return found;
  const suggestion = near(wanted ?? '');
  throw new PlatformError('USAGE', {
    message: `no snapshot is called ${wanted}`,
    next: [
      ...(suggestion === undefined ? [] : [`did you mean ${suggestion}?`]),
      'platform backup list shows all of them',
    ],
  });
}
