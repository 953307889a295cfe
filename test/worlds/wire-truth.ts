import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { credentials, type Resource, wireRegion } from './wire-aws.ts';

/**
 * Whose something is, decided when it was made. `doubtful`: ours, but the proof was lost; both is right. `kept`: ours, and asked to stay. `contested`:
 * ours, but somebody marked it as another cluster's; it stays.
 */
export type Truth = 'ours' | 'data' | 'kept' | 'doubtful' | 'contested' | 'foreign';

export type Truths = ReadonlyMap<string, Truth>;

export const keyOf = ({ kind, id }: Pick<Resource, 'kind' | 'id'>): string => `${kind} ${id}`;

/** Holds states and records of every environment of the account. */
export const stateBucket = 'platform-state-123456789012-ap-northeast-2-world';

/** Must be afterwards what it was. */
export const isProtected = (truth: Truth | undefined): boolean =>
  truth === 'foreign' || truth === 'kept' || truth === 'contested';

export const titleOf = ({ kind, id, name }: Resource): string => `${kind} ${name === '' ? '' : `${name} `}(${id})`;

/** An object of ours in the state bucket; '' where there is none. */
export async function ownObject(endpoint: string, key: string): Promise<string> {
  const store = new S3Client({ endpoint, region: wireRegion, credentials, forcePathStyle: true });
  const command = new GetObjectCommand({ Bucket: stateBucket, Key: `sandbox/${key}` });
  const found = await store.send(command).catch(() => undefined);
  return (await found?.Body?.transformToString()) ?? '';
}

/** Both Terraform states, as text. */
export const statesIn = async (endpoint: string): Promise<string> =>
  `${await ownObject(endpoint, 'cluster.tfstate')}${await ownObject(endpoint, 'foundation.tfstate')}`;
