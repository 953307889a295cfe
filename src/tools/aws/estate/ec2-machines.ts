import type { Instance, KeyPairInfo } from '@aws-sdk/client-ec2';
import type { CloudResource, EstateScope } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import { pages, unionOf } from './ec2-union.ts';
import type { Ec2, Question } from './ec2-union.ts';
import { known, references } from './family.ts';
import type { Family } from './family.ts';
import { clearingTheWay, unlessGone } from './gone.ts';

/** How instances are asked for. */
export const instances = ({ sdk, client, send }: Ec2): Question<Instance> => ({
  kind: 'instance',
  byVpc: 'vpc-id',
  byId: 'instance-id',
  idOf: (instance) => instance.InstanceId,
  ask: async (Filters) => {
    const reservations = await pages(
      (NextToken) =>
        send('DescribeInstances', (options) =>
          client.send(new sdk.DescribeInstancesCommand({ Filters, MaxResults: 1000, NextToken }), options),
        ),
      (page) => page.Reservations,
    );
    return reservations.flatMap((reservation) => reservation.Instances ?? []);
  },
});

/** Instances and key pairs. */
export function machines(ec2: Ec2): Family<'instance' | 'key-pair'> {
  const { sdk, client, send } = ec2;
  const keep = async (InstanceId: string): Promise<void> => {
    for (const attribute of ['DisableApiTermination', 'DisableApiStop'] as const)
      await send(
        'ModifyInstanceAttribute',
        (options) =>
          client.send(new sdk.ModifyInstanceAttributeCommand({ InstanceId, [attribute]: { Value: false } }), options),
        InstanceId,
      );
  };

  return {
    instance: {
      list: async (scope) => (await unionOf(ec2, scope, instances(ec2))).map(instanceOf),
      remove: (resource, options) => {
        const terminate = () =>
          send(
            'TerminateInstances',
            (sending) => client.send(new sdk.TerminateInstancesCommand({ InstanceIds: [resource.id] }), sending),
            resource.id,
          );
        // Asking each instance for its protection would cost a call each; the refusal says it too.
        return options.unprotect === true
          ? clearingTheWay(terminate, ['OperationNotPermitted'], () => keep(resource.id))
          : unlessGone(terminate()).then(() => undefined);
      },
    },

    'key-pair': {
      list: async (scope) => {
        const names = [`${scope.cluster}-*`, ...(scope.recorded['key-pair'] ?? [])];
        const found = await unionOf<KeyPairInfo>(ec2, withoutRecorded(scope), {
          kind: 'key-pair',
          byId: 'key-name',
          byName: { Name: 'key-name', Values: [...new Set(names)].slice(0, 200) },
          idOf: (pair) => pair.KeyName,
          taggedAs: { idOf: (pair) => pair.KeyPairId, byId: 'key-pair-id' },
          ask: async (Filters) =>
            (
              await send('DescribeKeyPairs', (options) =>
                client.send(new sdk.DescribeKeyPairsCommand({ Filters }), options),
              )
            ).KeyPairs ?? [],
        });
        return found.map((pair) => ({
          kind: 'key-pair',
          id: pair.KeyName ?? '',
          name: pair.KeyName ?? '',
          tags: tagRecord(pair.Tags),
          state: '',
          phase: 'live',
          unique: known({
            keyPairId: pair.KeyPairId,
            fingerprint: pair.KeyFingerprint,
            created: pair.CreateTime?.toISOString(),
          }),
          holds: [],
        }));
      },
      remove: async ({ id, unique }) => {
        // By the id where it is known: a namesake that was made meanwhile stays.
        const which = unique['keyPairId'] === undefined ? { KeyName: id } : { KeyPairId: unique['keyPairId'] };
        await unlessGone(
          send('DeleteKeyPair', (options) => client.send(new sdk.DeleteKeyPairCommand(which), options), id),
        );
      },
    },
  };
}

/** Recorded key pairs are names: they are asked for together with the prefix. */
function withoutRecorded(scope: EstateScope): EstateScope {
  return { ...scope, recorded: {} };
}

function instanceOf(instance: Instance): CloudResource {
  const tags = tagRecord(instance.Tags);
  const interfaces = instance.NetworkInterfaces ?? [];
  const state = instance.State?.Name ?? '';
  const over = state === 'terminated';
  const group = tags['aws:autoscaling:groupName'];
  return {
    kind: 'instance',
    id: instance.InstanceId ?? '',
    name: tags['Name'] ?? '',
    tags,
    ...(instance.VpcId !== undefined && instance.VpcId !== '' && { vpc: instance.VpcId }),
    state,
    phase: over ? 'gone' : state === 'shutting-down' ? 'going' : 'live',
    unique: known({
      launched: instance.LaunchTime?.toISOString(),
      vpc: instance.VpcId,
      zone: instance.Placement?.AvailabilityZone,
      clientToken: instance.ClientToken,
    }),
    holds: over
      ? []
      : [
          ...references(
            'volume',
            instance.BlockDeviceMappings?.map((device) => device.Ebs?.VolumeId),
          ),
          ...references(
            'network-interface',
            interfaces.map((one) => one.NetworkInterfaceId),
          ),
          ...references(
            'security-group',
            [...(instance.SecurityGroups ?? []), ...interfaces.flatMap((one) => one.Groups ?? [])].map(
              (one) => one.GroupId,
            ),
          ),
          ...references('subnet', [instance.SubnetId, ...interfaces.map((one) => one.SubnetId)]),
        ],
    ...(group !== undefined && { managedBy: 'autoscaling' }),
  };
}
