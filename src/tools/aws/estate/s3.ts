import { PlatformError } from '../../../errors.ts';
import type { CloudResource, EstateScope, RemoveOptions } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import type { Session } from '../session.ts';
import { known, recordedIds } from './family.ts';
import type { Family } from './family.ts';
import { isGone, orNothing, unlessGone } from './gone.ts';

/** Buckets whose names begin with the cluster's id, and the recorded ones. */
export async function s3(session: Session): Promise<Family<'bucket'>> {
  const sdk = await import('@aws-sdk/client-s3');
  const send = session.service('s3');
  type Client = InstanceType<typeof sdk.S3Client>;
  const clients = new Map<string, Client>();
  /** A bucket answers only in its own region: elsewhere 301. */
  const clientOf = (region = session.region): Client => {
    const client =
      clients.get(region) ??
      // Bucket names as host names do not resolve below a local address.
      new sdk.S3Client({ ...session.settings, region, forcePathStyle: session.sandbox });
    clients.set(region, client);
    return client;
  };

  const withPrefix = async (prefix: string): Promise<ReadonlyMap<string, Listed>> => {
    const found = new Map<string, Listed>();
    let ContinuationToken: string | undefined;
    do {
      const input = { Prefix: prefix, ...(ContinuationToken !== undefined && { ContinuationToken }) };
      const page = await send('ListBuckets', (options) => clientOf().send(new sdk.ListBucketsCommand(input), options));
      // Not every S3-like server filters.
      for (const one of page.Buckets ?? [])
        if (one.Name?.startsWith(prefix) === true)
          found.set(one.Name, { region: one.BucketRegion, created: one.CreationDate?.toISOString() });
      ContinuationToken = page.ContinuationToken;
    } while (ContinuationToken !== undefined);
    return found;
  };

  /** Region of a recorded bucket; undefined: there is none of that name. One that may not be seen is an error. */
  const regionOf = async (Bucket: string): Promise<Listed | undefined> => {
    try {
      const head = await send(
        'HeadBucket',
        (options) => clientOf().send(new sdk.HeadBucketCommand({ Bucket }), options),
        Bucket,
      );
      return { region: head.BucketRegion };
    } catch (error) {
      const status = error instanceof PlatformError ? error.facts['status'] : undefined;
      if (status === 404) return undefined;
      if (status !== 301) throw error;
      const found = await send(
        'GetBucketLocation',
        (options) => clientOf().send(new sdk.GetBucketLocationCommand({ Bucket }), options),
        Bucket,
      );
      // The oldest region has no name here (S3 API, GetBucketLocation).
      return { region: found.LocationConstraint ?? 'us-east-1' };
    }
  };

  const read = async (Bucket: string, { region, created }: Listed): Promise<readonly CloudResource[]> => {
    const client = clientOf(region);
    const tagging = orNothing(
      send('GetBucketTagging', (options) => client.send(new sdk.GetBucketTaggingCommand({ Bucket }), options), Bucket),
    );
    const versions = orNothing(
      send(
        'ListObjectVersions',
        (options) => client.send(new sdk.ListObjectVersionsCommand({ Bucket, MaxKeys: 1 }), options),
        Bucket,
      ),
    );
    const [tags, page] = await Promise.all([tagging, versions]);
    // Without tags is an error of its own; without the bucket itself there are no versions to list.
    if (page === undefined) return [];
    return [
      {
        kind: 'bucket',
        id: Bucket,
        name: Bucket,
        tags: tagRecord(tags?.TagSet),
        state: '',
        phase: 'live',
        unique: known({ region: region ?? session.region, created }),
        holds: [],
        empty: (page.Versions ?? []).length === 0 && (page.DeleteMarkers ?? []).length === 0,
      },
    ];
  };

  const abortUploads = async (client: Client, Bucket: string): Promise<void> => {
    let more = true;
    while (more) {
      const page = await send(
        'ListMultipartUploads',
        (options) => client.send(new sdk.ListMultipartUploadsCommand({ Bucket }), options),
        Bucket,
      );
      for (const { Key, UploadId } of page.Uploads ?? [])
        await unlessGone(
          send(
            'AbortMultipartUpload',
            (options) => client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options),
            Bucket,
          ),
        );
      more = page.IsTruncated === true && (page.Uploads ?? []).length > 0;
    }
  };

  /** Each page is listed from the start: what the page before named is gone by then. */
  const empty = async (client: Client, Bucket: string, options: RemoveOptions): Promise<void> => {
    let removed = 0;
    for (;;) {
      const page = await send(
        'ListObjectVersions',
        (sending) => client.send(new sdk.ListObjectVersionsCommand({ Bucket, MaxKeys: 1000 }), sending),
        Bucket,
      );
      const Objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
        Key,
        VersionId,
      }));
      if (Objects.length === 0) return;
      const answer = await send(
        'DeleteObjects',
        (sending) => client.send(new sdk.DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }), sending),
        Bucket,
      );
      const [refused] = answer.Errors ?? [];
      // The call succeeds although single objects were refused (S3 API, DeleteObjects).
      if (refused !== undefined) throw refusal(Bucket, refused);
      removed += Objects.length;
      options.note?.(`${Bucket}: ${removed} versions and markers deleted`);
    }
  };

  return {
    bucket: {
      list: async (scope: EstateScope) => {
        const found = new Map(await withPrefix(`${scope.cluster}-`));
        // Of the names that begin so all were listed.
        const others = recordedIds(scope, 'bucket').filter(
          (name) => !found.has(name) && !name.startsWith(`${scope.cluster}-`),
        );
        await Promise.all(
          others.map(async (name) => {
            const listed = await regionOf(name);
            if (listed !== undefined) found.set(name, listed);
          }),
        );
        return (await Promise.all([...found].map(([name, listed]) => read(name, listed)))).flat();
      },
      remove: async ({ id: Bucket, unique }, options) => {
        const client = clientOf(unique['region']);
        try {
          if (options.withData === true) {
            await empty(client, Bucket, options);
            await abortUploads(client, Bucket);
          }
          await send(
            'DeleteBucket',
            (sending) => client.send(new sdk.DeleteBucketCommand({ Bucket }), sending),
            Bucket,
          );
        } catch (error) {
          if (!isGone(error)) throw error;
        }
      },
    },
  };
}

interface Listed {
  readonly region?: string | undefined;
  readonly created?: string | undefined;
}

function refusal(
  bucket: string,
  refused: {
    readonly Key?: string | undefined;
    readonly Code?: string | undefined;
    readonly Message?: string | undefined;
  },
): PlatformError {
  return new PlatformError('AWS', {
    message: `s3:DeleteObjects (${bucket}/${refused.Key ?? ''}): ${refused.Message ?? refused.Code ?? 'refused'}`,
    class: refused.Code === 'InternalError' || refused.Code === 'SlowDown' ? 'transient' : 'permanent',
    next: [
      'run the same command again: it goes on',
      `if it lasts, see what protects the object: object lock, or a policy of ${bucket}`,
    ],
    facts: { service: 's3', action: 'DeleteObjects', name: refused.Code ?? '', subject: bucket },
  });
}
