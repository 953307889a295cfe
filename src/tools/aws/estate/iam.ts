import type { CloudResource, EstateScope } from '../../ports-estate.ts';
import { collect, tagRecord } from '../session.ts';
import type { Session } from '../session.ts';
import { known, ownershipTag, recordedIds, references } from './family.ts';
import type { Family } from './family.ts';
import { orNothing, unlessGone } from './gone.ts';

/** Roles, instance profiles and policies whose names begin with the cluster's id, and the recorded ones. AWS's own are never looked at. */
export async function iam(session: Session): Promise<Family<'role' | 'instance-profile' | 'policy'>> {
  const sdk = await import('@aws-sdk/client-iam');
  const client = new sdk.IAMClient(session.settings);
  const send = session.service('iam');

  // Listings leave out tags, and can be filtered by path only: the names that fit are asked for one by one.
  const roleNames = () =>
    collect(async (Marker) => {
      const page = await send('ListRoles', (options) =>
        client.send(new sdk.ListRolesCommand({ Marker, MaxItems: 1000 }), options),
      );
      return {
        items: page.Roles?.filter((one) => isOrdinary(one)).map((one) => one.RoleName ?? ''),
        next: page.Marker,
      };
    });
  const profileNames = () =>
    collect(async (Marker) => {
      const page = await send('ListInstanceProfiles', (options) =>
        client.send(new sdk.ListInstanceProfilesCommand({ Marker, MaxItems: 1000 }), options),
      );
      return { items: page.InstanceProfiles?.map((one) => one.InstanceProfileName ?? ''), next: page.Marker };
    });
  const policies = () =>
    collect(async (Marker) => {
      const page = await send('ListPolicies', (options) =>
        client.send(new sdk.ListPoliciesCommand({ Scope: 'Local', Marker, MaxItems: 1000 }), options),
      );
      return { items: page.Policies, next: page.Marker };
    });

  const attachedTo = (RoleName: string) =>
    collect(async (Marker) => {
      const page = await send(
        'ListAttachedRolePolicies',
        (options) => client.send(new sdk.ListAttachedRolePoliciesCommand({ RoleName, Marker }), options),
        RoleName,
      );
      return { items: page.AttachedPolicies?.map((one) => one.PolicyArn ?? ''), next: page.Marker };
    });

  const role = async (RoleName: string): Promise<readonly CloudResource[]> => {
    const found = await orNothing(
      Promise.all([
        send('GetRole', (options) => client.send(new sdk.GetRoleCommand({ RoleName }), options), RoleName),
        attachedTo(RoleName),
      ]),
    );
    const one = found?.[0].Role;
    if (one === undefined || !isOrdinary(one)) return [];
    return [
      thing('role', one.RoleName, one.RoleName, one.Tags, {
        unique: known({ roleId: one.RoleId, created: one.CreateDate?.toISOString() }),
        holds: references(
          'policy',
          found?.[1].filter((arn) => !isOfAws(arn)),
        ),
      }),
    ];
  };

  const profile = async (InstanceProfileName: string): Promise<readonly CloudResource[]> => {
    const found = await orNothing(
      send(
        'GetInstanceProfile',
        (options) => client.send(new sdk.GetInstanceProfileCommand({ InstanceProfileName }), options),
        InstanceProfileName,
      ),
    );
    const one = found?.InstanceProfile;
    if (one === undefined) return [];
    return [
      thing('instance-profile', one.InstanceProfileName, one.InstanceProfileName, one.Tags, {
        unique: known({ instanceProfileId: one.InstanceProfileId, created: one.CreateDate?.toISOString() }),
        holds: references(
          'role',
          one.Roles?.map((held) => held.RoleName),
        ),
      }),
    ];
  };

  const policy = async (PolicyArn: string): Promise<readonly CloudResource[]> => {
    const found = await orNothing(
      send('GetPolicy', (options) => client.send(new sdk.GetPolicyCommand({ PolicyArn }), options), PolicyArn),
    );
    const one = found?.Policy;
    if (one === undefined) return [];
    return [
      thing('policy', one.Arn, one.PolicyName, one.Tags, {
        unique: known({ policyId: one.PolicyId, created: one.CreateDate?.toISOString() }),
        holds: [],
      }),
    ];
  };

  const profilesOf = (RoleName: string) =>
    collect(async (Marker) => {
      const page = await send(
        'ListInstanceProfilesForRole',
        (options) => client.send(new sdk.ListInstanceProfilesForRoleCommand({ RoleName, Marker }), options),
        RoleName,
      );
      return { items: page.InstanceProfiles, next: page.Marker };
    });
  const inlineOf = (RoleName: string) =>
    collect(async (Marker) => {
      const page = await send(
        'ListRolePolicies',
        (options) => client.send(new sdk.ListRolePoliciesCommand({ RoleName, Marker }), options),
        RoleName,
      );
      return { items: page.PolicyNames, next: page.Marker };
    });
  const leave = (InstanceProfileName: string, RoleName: string) =>
    unlessGone(
      send(
        'RemoveRoleFromInstanceProfile',
        (options) =>
          client.send(new sdk.RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName }), options),
        InstanceProfileName,
      ),
    );

  return {
    role: {
      list: async (scope) => each(await chosen(scope, 'role', roleNames), role),
      remove: async ({ id: RoleName, tags }) => {
        const parts = await orNothing(Promise.all([attachedTo(RoleName), inlineOf(RoleName), profilesOf(RoleName)]));
        if (parts === undefined) return;
        const [attached, inline, profiles] = parts;
        for (const PolicyArn of attached)
          await unlessGone(
            send(
              'DetachRolePolicy',
              (options) => client.send(new sdk.DetachRolePolicyCommand({ RoleName, PolicyArn }), options),
              RoleName,
            ),
          );
        for (const PolicyName of inline)
          await unlessGone(
            send(
              'DeleteRolePolicy',
              (options) => client.send(new sdk.DeleteRolePolicyCommand({ RoleName, PolicyName }), options),
              RoleName,
            ),
          );
        // Somebody else's profile is not touched: then the role stays, and IAM says why.
        const own = profiles
          .map((profile) => profile.InstanceProfileName ?? '')
          .filter((name) => name === RoleName || name.startsWith(`${tags[ownershipTag] ?? RoleName}-`));
        for (const name of own) await leave(name, RoleName);
        await unlessGone(
          send('DeleteRole', (options) => client.send(new sdk.DeleteRoleCommand({ RoleName }), options), RoleName),
        );
      },
    },

    'instance-profile': {
      list: async (scope) => each(await chosen(scope, 'instance-profile', profileNames), profile),
      remove: async ({ id, holds }) => {
        for (const { id: held } of holds) await leave(id, held);
        await unlessGone(
          send(
            'DeleteInstanceProfile',
            (options) => client.send(new sdk.DeleteInstanceProfileCommand({ InstanceProfileName: id }), options),
            id,
          ),
        );
      },
    },

    policy: {
      list: async (scope) => {
        const recorded = new Set(recordedIds(scope, 'policy'));
        const found = (await policies()).filter(
          (one) => one.PolicyName?.startsWith(`${scope.cluster}-`) === true || recorded.has(one.Arn ?? ''),
        );
        return each(
          found.map((one) => one.Arn ?? ''),
          policy,
        );
      },
      remove: async ({ id: PolicyArn }) => {
        const versions = await orNothing(
          collect(async (Marker) => {
            const page = await send(
              'ListPolicyVersions',
              (options) => client.send(new sdk.ListPolicyVersionsCommand({ PolicyArn, Marker }), options),
              PolicyArn,
            );
            return { items: page.Versions, next: page.Marker };
          }),
        );
        for (const { VersionId } of (versions ?? []).filter((one) => one.IsDefaultVersion !== true))
          await unlessGone(
            send(
              'DeletePolicyVersion',
              (options) => client.send(new sdk.DeletePolicyVersionCommand({ PolicyArn, VersionId }), options),
              PolicyArn,
            ),
          );
        await unlessGone(
          send(
            'DeletePolicy',
            (options) => client.send(new sdk.DeletePolicyCommand({ PolicyArn }), options),
            PolicyArn,
          ),
        );
      },
    },
  };
}

/** Roles that AWS makes for its services, and cannot do without. */
function isOrdinary(role: { readonly Path?: string | undefined; readonly RoleName?: string | undefined }): boolean {
  const path = role.Path ?? '/';
  return (
    !path.startsWith('/aws-service-role/') &&
    !path.startsWith('/aws-reserved/') &&
    role.RoleName?.startsWith('AWSServiceRoleFor') !== true
  );
}

const isOfAws = (arn: string): boolean => arn.includes(':iam::aws:');

async function chosen(
  scope: EstateScope,
  kind: 'role' | 'instance-profile',
  names: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  // The list is the whole account's: a recorded name that it lacks is not asked for.
  const recorded = new Set(recordedIds(scope, kind));
  return (await names()).filter((name) => name.startsWith(`${scope.cluster}-`) || recorded.has(name));
}

async function each(
  ids: readonly string[],
  read: (id: string) => Promise<readonly CloudResource[]>,
): Promise<readonly CloudResource[]> {
  return (await Promise.all(ids.map(read))).flat();
}

function thing(
  kind: CloudResource['kind'],
  id: string | undefined,
  name: string | undefined,
  tags: Parameters<typeof tagRecord>[0],
  more: Pick<CloudResource, 'unique' | 'holds'>,
): CloudResource {
  return { kind, id: id ?? '', name: name ?? '', tags: tagRecord(tags), state: '', phase: 'live', ...more };
}
