import type { Snapshot, Volume } from '@aws-sdk/client-ec2';
import type { CloudResource } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import { pages, unionOf } from './ec2-union.ts';
import type { Ec2 } from './ec2-union.ts';
import { known } from './family.ts';
import type { Family } from './family.ts';
import { unlessGone } from './gone.ts';

/** Volumes and snapshots. Neither stands in a VPC: only marks and records lead to them. */
export function volumes(ec2: Ec2): Family<'volume' | 'snapshot'> {
  const { sdk, client, send } = ec2;
  return {
    volume: {
      list: async (scope) => {
        const found = await unionOf<Volume>(ec2, scope, {
          kind: 'volume',
          byId: 'volume-id',
          idOf: (volume) => volume.VolumeId,
          ask: (Filters) =>
            pages(
              (NextToken) =>
                send('DescribeVolumes', (options) =>
                  client.send(new sdk.DescribeVolumesCommand({ Filters, MaxResults: 500, NextToken }), options),
                ),
              (page) => page.Volumes,
            ),
        });
        return found.map(volumeOf);
      },
      remove: async ({ id }) => {
        await unlessGone(
          send('DeleteVolume', (options) => client.send(new sdk.DeleteVolumeCommand({ VolumeId: id }), options), id),
        );
      },
    },

    snapshot: {
      list: async (scope) => {
        const found = await unionOf<Snapshot>(ec2, scope, {
          kind: 'snapshot',
          byId: 'snapshot-id',
          idOf: (snapshot) => snapshot.SnapshotId,
          ask: (Filters) =>
            pages(
              (NextToken) =>
                send('DescribeSnapshots', (options) =>
                  client.send(
                    // Without an owner the public ones of all the world are listed too.
                    new sdk.DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters, MaxResults: 1000, NextToken }),
                    options,
                  ),
                ),
              (page) => page.Snapshots,
            ),
        });
        return found.map(snapshotOf);
      },
      remove: async ({ id }) => {
        await unlessGone(
          send(
            'DeleteSnapshot',
            (options) => client.send(new sdk.DeleteSnapshotCommand({ SnapshotId: id }), options),
            id,
          ),
        );
      },
    },
  };
}

function volumeOf(volume: Volume): CloudResource {
  const tags = tagRecord(volume.Tags);
  const state = volume.State ?? '';
  const parent = (volume.Attachments ?? []).find((attachment) => attachment.DeleteOnTermination === true)?.InstanceId;
  return {
    kind: 'volume',
    id: volume.VolumeId ?? '',
    name: tags['Name'] ?? '',
    tags,
    state,
    phase: state === 'deleting' ? 'going' : state === 'deleted' ? 'gone' : 'live',
    unique: known({ created: volume.CreateTime?.toISOString(), zone: volume.AvailabilityZone }),
    holds: [],
    ...(parent !== undefined && { diesWith: { kind: 'instance', id: parent } }),
    gigabytes: volume.Size ?? 0,
  };
}

function snapshotOf(snapshot: Snapshot): CloudResource {
  const tags = tagRecord(snapshot.Tags);
  const ofBackup = Object.keys(tags).some((key) => key.startsWith('aws:backup:'));
  return {
    kind: 'snapshot',
    id: snapshot.SnapshotId ?? '',
    name: tags['Name'] ?? '',
    tags,
    state: snapshot.State ?? '',
    phase: 'live',
    unique: known({ started: snapshot.StartTime?.toISOString(), volume: snapshot.VolumeId }),
    holds: [],
    ...(ofBackup && { managedBy: 'backup' }),
    gigabytes: snapshot.VolumeSize ?? 0,
    description: snapshot.Description ?? '',
  };
}
