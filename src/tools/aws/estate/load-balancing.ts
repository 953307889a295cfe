import type { LoadBalancer, TargetGroup } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CloudReference, CloudResource, EstateScope } from '../../ports-estate.ts';
import { isAbsent } from '../errors.ts';
import { collect, tagRecord } from '../session.ts';
import type { Session } from '../session.ts';
import { inBatches, isMarked, known, recordedIds, references } from './family.ts';
import type { Family } from './family.ts';
import { clearingTheWay, orNothing, unlessGone } from './gone.ts';
import { onceInLook } from './one-look.ts';

type Tags = Readonly<Record<string, string>>;

/** Load balancers and target groups. The service knows no filters: all are paged, and only those that can be ours are asked about further. */
export async function loadBalancing(session: Session): Promise<Family<'load-balancer' | 'target-group'>> {
  const sdk = await import('@aws-sdk/client-elastic-load-balancing-v2');
  const client = new sdk.ElasticLoadBalancingV2Client(session.settings);
  const send = session.service('elasticloadbalancing');

  /** Twenty at a time, as the service allows. One that went away meanwhile refuses its whole batch: then each by itself. */
  const tagsOf = async (arns: readonly string[]): Promise<ReadonlyMap<string, Tags>> => {
    const ask = async (batch: readonly string[]): Promise<readonly [string, Tags][]> => {
      const found = await orNothing(
        send('DescribeTags', (options) =>
          client.send(new sdk.DescribeTagsCommand({ ResourceArns: [...batch] }), options),
        ),
      );
      if (found !== undefined)
        return [
          ...batch.map((arn): [string, Tags] => [arn, {}]),
          ...(found.TagDescriptions ?? []).map((one): [string, Tags] => [one.ResourceArn ?? '', tagRecord(one.Tags)]),
        ];
      return batch.length === 1 ? [] : (await Promise.all(batch.map((arn) => ask([arn])))).flat();
    };
    return new Map((await Promise.all(inBatches(arns, 20).map(ask))).flat());
  };

  const balancersIn = (scope: EstateScope) =>
    onceInLook(scope, 'load balancers', () =>
      collect(async (Marker) => {
        const page = await send('DescribeLoadBalancers', (options) =>
          client.send(new sdk.DescribeLoadBalancersCommand({ PageSize: 400, Marker }), options),
        );
        return { items: page.LoadBalancers, next: page.NextMarker };
      }),
    );
  const groupsIn = (scope: EstateScope) =>
    onceInLook(scope, 'target groups', () =>
      collect(async (Marker) => {
        const page = await send('DescribeTargetGroups', (options) =>
          client.send(new sdk.DescribeTargetGroupsCommand({ PageSize: 400, Marker }), options),
        );
        return { items: page.TargetGroups, next: page.NextMarker };
      }),
    );

  /** Keeps those of the recorded VPCs, the recorded, and the marked, with their tags. */
  const within = async <Item extends { readonly VpcId?: string | undefined }>(
    scope: EstateScope,
    recorded: readonly string[],
    items: readonly Item[],
    of: (item: Item) => { readonly arn: string; readonly name: string },
  ): Promise<readonly { readonly item: Item; readonly tags: Tags }[]> => {
    const isNear = (item: Item): boolean => scope.vpcs.includes(item.VpcId ?? '') || recorded.includes(of(item).arn);
    // A cluster's load balancers stand in its VPC. Only where none is recorded can a mark be all that leads to one.
    const canBeMarked = (name: string): boolean =>
      scope.vpcs.length === 0 && (name.startsWith('k8s-') || name.startsWith(`${scope.cluster}-`));
    const candidates = items.filter((item) => isNear(item) || canBeMarked(of(item).name));
    const tags = await tagsOf(candidates.map((item) => of(item).arn));
    return candidates.flatMap((item) => {
      const found = tags.get(of(item).arn);
      // No answer about it: it went away between the two questions.
      return found !== undefined && (isNear(item) || isMarked(found, scope.cluster)) ? [{ item, tags: found }] : [];
    });
  };

  const listenersOf = (LoadBalancerArn: string) =>
    collect(async (Marker) => {
      const page = await send(
        'DescribeListeners',
        (options) => client.send(new sdk.DescribeListenersCommand({ LoadBalancerArn, Marker }), options),
        LoadBalancerArn,
      );
      return { items: page.Listeners, next: page.NextMarker };
    });
  const certificatesOf = (ListenerArn: string) =>
    collect(async (Marker) => {
      const page = await send(
        'DescribeListenerCertificates',
        (options) => client.send(new sdk.DescribeListenerCertificatesCommand({ ListenerArn, Marker }), options),
        ListenerArn,
      );
      return { items: page.Certificates, next: page.NextMarker };
    });

  /** What its listeners keep: certificates, also those beside the default one, and target groups, also those of rules. */
  const usedBy = async (arn: string, all: readonly TargetGroup[]): Promise<readonly CloudReference[]> => {
    const listeners = await listenersOf(arn);
    const groups = all.filter((group) => group.LoadBalancerArns?.includes(arn) === true);
    const secure = listeners.filter((listener) => (listener.Certificates ?? []).length > 0);
    const certificates = await Promise.all(
      secure.map(({ ListenerArn = '' }) => unlessAbsent(certificatesOf(ListenerArn))),
    );
    return [
      ...references(
        'target-group',
        groups.map((group) => group.TargetGroupArn),
      ),
      ...references(
        'certificate',
        [
          ...secure.flatMap((listener) => listener.Certificates ?? []),
          ...certificates.flatMap((found) => found ?? []),
        ].map((one) => one.CertificateArn),
      ),
    ];
  };

  const isProtected = async (LoadBalancerArn: string): Promise<boolean> => {
    const { Attributes = [] } = await send(
      'DescribeLoadBalancerAttributes',
      (options) => client.send(new sdk.DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }), options),
      LoadBalancerArn,
    );
    return Attributes.some((one) => one.Key === protection && one.Value === 'true');
  };

  return {
    'load-balancer': {
      list: async (scope) => {
        const near = await within(scope, recordedIds(scope, 'load-balancer'), await balancersIn(scope), (one) => ({
          arn: one.LoadBalancerArn ?? '',
          name: one.LoadBalancerName ?? '',
        }));
        // Asked after them: what a listener of theirs names by then is there.
        const groups = near.length === 0 ? [] : await groupsIn(scope);
        const found = await Promise.all(
          near.map(async ({ item, tags }) => {
            const arn = item.LoadBalancerArn ?? '';
            const more = await orNothing(Promise.all([usedBy(arn, groups), isProtected(arn)]));
            return more === undefined ? [] : [balancerOf(item, tags, more[0], more[1])];
          }),
        );
        return found.flat();
      },
      remove: async ({ id, protected: locked }, options) => {
        const unlock = () =>
          unlessGone(
            send(
              'ModifyLoadBalancerAttributes',
              (sending) =>
                client.send(
                  new sdk.ModifyLoadBalancerAttributesCommand({
                    LoadBalancerArn: id,
                    Attributes: [{ Key: protection, Value: 'false' }],
                  }),
                  sending,
                ),
              id,
            ),
          );
        const remove = () =>
          send(
            'DeleteLoadBalancer',
            (sending) => client.send(new sdk.DeleteLoadBalancerCommand({ LoadBalancerArn: id }), sending),
            id,
          );
        if (options.unprotect !== true) await unlessGone(remove());
        else {
          if (locked === true) await unlock();
          // Someone may have locked it since it was listed.
          await clearingTheWay(remove, ['OperationNotPermitted', 'OperationNotPermittedException'], unlock);
        }
      },
    },

    'target-group': {
      list: async (scope) => {
        const groups = await groupsIn(scope);
        const near = await within(scope, recordedIds(scope, 'target-group'), groups, (one) => ({
          arn: one.TargetGroupArn ?? '',
          name: one.TargetGroupName ?? '',
        }));
        return near.map(({ item, tags }) => targetGroupOf(item, tags));
      },
      remove: async ({ id }) => {
        await unlessGone(
          send(
            'DeleteTargetGroup',
            (sending) => client.send(new sdk.DeleteTargetGroupCommand({ TargetGroupArn: id }), sending),
            id,
          ),
        );
      },
    },
  };
}

const protection = 'deletion_protection.enabled';

/** undefined only where the listener is not there: that the load balancer itself is gone is another matter. */
async function unlessAbsent<Found>(work: Promise<Found>): Promise<Found | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsent(error, 'ListenerNotFound', 'ListenerNotFoundException')) return undefined;
    throw error;
  }
}

function balancerOf(one: LoadBalancer, tags: Tags, used: readonly CloudReference[], locked: boolean): CloudResource {
  const zones = one.AvailabilityZones ?? [];
  return {
    kind: 'load-balancer',
    id: one.LoadBalancerArn ?? '',
    name: one.LoadBalancerName ?? '',
    tags,
    ...(one.VpcId !== undefined && { vpc: one.VpcId }),
    state: one.State?.Code ?? '',
    phase: 'live',
    unique: known({ hostname: one.DNSName, created: one.CreatedTime?.toISOString() }),
    holds: [
      ...references('security-group', one.SecurityGroups),
      ...references(
        'subnet',
        zones.map((zone) => zone.SubnetId),
      ),
      ...references(
        'address',
        zones.flatMap((zone) => zone.LoadBalancerAddresses ?? []).map((address) => address.AllocationId),
      ),
      ...used,
    ],
    protected: locked,
    description: one.DNSName ?? '',
  };
}

function targetGroupOf(one: TargetGroup, tags: Tags): CloudResource {
  return {
    kind: 'target-group',
    id: one.TargetGroupArn ?? '',
    name: one.TargetGroupName ?? '',
    tags,
    ...(one.VpcId !== undefined && { vpc: one.VpcId }),
    state: (one.LoadBalancerArns ?? []).length > 0 ? 'in use' : 'unused',
    phase: 'live',
    // The end of the ARN is drawn anew for each group: the ARN itself tells namesakes apart.
    unique: {},
    holds: [],
  };
}
