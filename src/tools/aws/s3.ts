import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import type { Json } from '../../engine/types.ts';
import type { AwsReader, BucketState } from '../ports-aws.ts';
import { isAbsent } from './errors.ts';
import { collect, foreign, tagRecord } from './session.ts';
import type { Session } from './session.ts';

export interface S3 {
  bucket(name: string): Promise<BucketState>;
  /** Names of our buckets that begin so. */
  bucketsWith(prefix: string): Promise<readonly string[]>;
  object(bucket: string, key: string): Promise<string | undefined>;
  objectSize(bucket: string, key: string): Promise<number | undefined>;
  objects: AwsReader['objects'];
  lifecycle(bucket: string): Promise<Json | undefined>;
  makeBucket(name: string, tags: Readonly<Record<string, string>>): Promise<void>;
  putObject(bucket: string, key: string, body: string, when?: 'absent'): Promise<void>;
  removeObject(bucket: string, key: string): Promise<void>;
  putLifecycle(bucket: string, rules: Json): Promise<void>;
}

const nothing = { exists: false, versioned: false, encrypted: false, blocked: false, tags: {} } as const;

export async function openS3(session: Session): Promise<S3> {
  const sdk = await import('@aws-sdk/client-s3');
  // Bucket names as host names do not resolve below a local address.
  const client = new sdk.S3Client({ ...session.settings, forcePathStyle: session.sandbox });
  const send = session.service('s3');
  /** undefined where the bucket has no such setting. */
  const ask = async <Output>(
    action: string,
    bucket: string,
    work: Parameters<typeof send<Output>>[1],
  ): Promise<Output | undefined> => {
    try {
      return await send(action, work, bucket);
    } catch (error) {
      if (isAbsent(error) || isAbsent(error, 'ServerSideEncryptionConfigurationNotFoundError')) return undefined;
      throw error;
    }
  };

  return {
    async bucket(name) {
      const head = await send(
        'HeadBucket',
        (options) => client.send(new sdk.HeadBucketCommand({ Bucket: name }), options),
        name,
      ).catch(headFailure);
      if ('status' in head) return head.status === 404 ? nothing : { ...nothing, exists: true, foreign: head.because };
      if (head.BucketRegion !== undefined && head.BucketRegion !== session.region) {
        return { ...nothing, exists: true, foreign: `it is in the region ${head.BucketRegion}` };
      }
      const Bucket = name;
      const [versioning, encryption, block, tagging] = await Promise.all([
        ask('GetBucketVersioning', name, (options) =>
          client.send(new sdk.GetBucketVersioningCommand({ Bucket }), options),
        ),
        ask('GetBucketEncryption', name, (options) =>
          client.send(new sdk.GetBucketEncryptionCommand({ Bucket }), options),
        ),
        ask('GetPublicAccessBlock', name, (options) =>
          client.send(new sdk.GetPublicAccessBlockCommand({ Bucket }), options),
        ),
        ask('GetBucketTagging', name, (options) => client.send(new sdk.GetBucketTaggingCommand({ Bucket }), options)),
      ]);
      const blocks = block?.PublicAccessBlockConfiguration;
      return {
        exists: true,
        versioned: versioning?.Status === 'Enabled',
        encrypted: (encryption?.ServerSideEncryptionConfiguration?.Rules ?? []).length > 0,
        blocked: [
          blocks?.BlockPublicAcls,
          blocks?.BlockPublicPolicy,
          blocks?.IgnorePublicAcls,
          blocks?.RestrictPublicBuckets,
        ].every((part) => part === true),
        tags: tagRecord(tagging?.TagSet),
      };
    },

    bucketsWith: async (prefix) => {
      const buckets = await collect(async (token) => {
        const page = await send('ListBuckets', (options) =>
          client.send(new sdk.ListBucketsCommand({ Prefix: prefix, ContinuationToken: token }), options),
        );
        return { items: page.Buckets, next: page.ContinuationToken };
      });
      // Not every S3-like server filters.
      return buckets.map((bucket) => bucket.Name ?? '').filter((name) => name.startsWith(prefix));
    },

    async object(bucket, key) {
      return ask('GetObject', `${bucket}/${key}`, async (options) => {
        const found = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }), options);
        return (await found.Body?.transformToString()) ?? '';
      });
    },

    async objectSize(bucket, key) {
      const found = await ask('HeadObject', `${bucket}/${key}`, (options) =>
        client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key }), options),
      );
      return found?.ContentLength;
    },

    async objects(bucket, prefix) {
      const found = await collect(async (token) => {
        const page = await send(
          'ListObjectsV2',
          (options) =>
            client.send(
              new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
              options,
            ),
          bucket,
        );
        return { items: page.Contents, next: page.NextContinuationToken };
      });
      return found.map(({ Key = '', Size = 0, LastModified }) => ({
        key: Key,
        bytes: Size,
        changed: LastModified?.getTime() ?? 0,
      }));
    },

    async lifecycle(bucket) {
      const found = await ask('GetBucketLifecycleConfiguration', bucket, (options) =>
        client.send(new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: bucket }), options),
      );
      return found?.Rules === undefined ? undefined : (JSON.parse(JSON.stringify(found.Rules)) as Json);
    },

    async makeBucket(name, tags) {
      const Bucket = name;
      // us-east-1 is the one region that must not be named (S3 API, CreateBucket).
      const place =
        session.region === 'us-east-1'
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: session.region as BucketLocationConstraint } };
      await send(
        'CreateBucket',
        (options) => client.send(new sdk.CreateBucketCommand({ Bucket, ...place }), options),
        name,
      ).catch((error: unknown) => {
        if (isAbsent(error, 'BucketAlreadyExists'))
          throw foreign(`the bucket ${name} belongs to another account`, { bucket: name });
        if (!isAbsent(error, 'BucketAlreadyOwnedByYou')) throw error;
      });
      const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await send(
        'PutBucketTagging',
        (options) => client.send(new sdk.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }), options),
        name,
      );
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      };
      await send(
        'PutPublicAccessBlock',
        (options) =>
          client.send(new sdk.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }), options),
        name,
      );
      const ServerSideEncryptionConfiguration = {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const }, BucketKeyEnabled: true }],
      };
      await send(
        'PutBucketEncryption',
        (options) =>
          client.send(new sdk.PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }), options),
        name,
      );
      await send(
        'PutBucketVersioning',
        (options) =>
          client.send(
            new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
            options,
          ),
        name,
      );
    },

    async putObject(bucket, key, body, when) {
      const input = { Bucket: bucket, Key: key, Body: body, ...(when === 'absent' && { IfNoneMatch: '*' }) };
      await send('PutObject', (options) => client.send(new sdk.PutObjectCommand(input), options), `${bucket}/${key}`);
    },

    async removeObject(bucket, key) {
      const input = { Bucket: bucket, Key: key };
      await send(
        'DeleteObject',
        (options) => client.send(new sdk.DeleteObjectCommand(input), options),
        `${bucket}/${key}`,
      );
    },

    async putLifecycle(bucket, rules) {
      const LifecycleConfiguration = { Rules: JSON.parse(JSON.stringify(rules)) as [] };
      const input = { Bucket: bucket, LifecycleConfiguration };
      await send(
        'PutBucketLifecycleConfiguration',
        (options) => client.send(new sdk.PutBucketLifecycleConfigurationCommand(input), options),
        bucket,
      );
    },
  };
}

/** HeadBucket has no body: its status is all that says why. */
function headFailure(error: unknown): { readonly status: number; readonly because: string } {
  const status =
    error instanceof Error && 'facts' in error
      ? Number((error.facts as Record<string, unknown>)['status'])
      : Number.NaN;
  if (status === 404) return { status, because: 'it does not exist' };
  if (status === 403) return { status, because: 'it belongs to another account, or this principal may not see it' };
  if (status === 301) return { status, because: 'it is in another region' };
  throw error;
}
