import { isAbsent } from './errors.ts';
import { collect, tagRecord } from './session.ts';
import type { SimulatedScope } from '../ports-aws.ts';
import type { Session } from './session.ts';

export interface NamedThing {
  readonly name: string;
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Iam {
  /** undefined when there is none of that name. */
  role(name: string): Promise<NamedThing | undefined>;
  instanceProfile(name: string): Promise<NamedThing | undefined>;
  /** Roles and profiles whose name begins so, with their tags. */
  rolesWith(prefix: string): Promise<readonly NamedThing[]>;
  instanceProfilesWith(prefix: string): Promise<readonly NamedThing[]>;
  /** Names of the account's own policies, of those given. */
  policies(names: readonly string[]): Promise<readonly string[]>;
  /** Those of the actions that a simulation of the principal denies. */
  denied(principal: string, actions: readonly string[], scope?: SimulatedScope): Promise<readonly string[]>;
}

export async function openIam(session: Session): Promise<Iam> {
  const sdk = await import('@aws-sdk/client-iam');
  const client = new sdk.IAMClient(session.settings);
  const send = session.service('iam');
  const orNothing = async <Found>(work: Promise<Found>): Promise<Found | undefined> => {
    try {
      return await work;
    } catch (error) {
      if (isAbsent(error, 'NoSuchEntity', 'NoSuchEntityException')) return undefined;
      throw error;
    }
  };

  const role = async (RoleName: string): Promise<NamedThing | undefined> => {
    const found = await orNothing(
      send('GetRole', (options) => client.send(new sdk.GetRoleCommand({ RoleName }), options), RoleName),
    );
    return found?.Role === undefined
      ? undefined
      : { name: RoleName, arn: found.Role.Arn ?? '', tags: tagRecord(found.Role.Tags) };
  };
  const instanceProfile = async (InstanceProfileName: string): Promise<NamedThing | undefined> => {
    const found = await orNothing(
      send(
        'GetInstanceProfile',
        (options) => client.send(new sdk.GetInstanceProfileCommand({ InstanceProfileName }), options),
        InstanceProfileName,
      ),
    );
    const profile = found?.InstanceProfile;
    return profile === undefined
      ? undefined
      : { name: InstanceProfileName, arn: profile.Arn ?? '', tags: tagRecord(profile.Tags) };
  };
  // Listings leave the tags out (IAM API, ListRoles): each match is asked for by name.
  const named = async (
    names: readonly (string | undefined)[],
    prefix: string,
    read: (name: string) => Promise<NamedThing | undefined>,
  ) => {
    const matching = names.filter((name) => name?.startsWith(prefix) === true) as string[];
    return (await Promise.all(matching.map(read))).filter((thing) => thing !== undefined);
  };

  return {
    role,
    instanceProfile,

    async rolesWith(prefix) {
      const roles = await collect(async (Marker) => {
        const page = await send('ListRoles', (options) =>
          client.send(new sdk.ListRolesCommand({ Marker, MaxItems: 1000 }), options),
        );
        return { items: page.Roles, next: page.Marker };
      });
      return named(
        roles.map((found) => found.RoleName),
        prefix,
        role,
      );
    },

    async instanceProfilesWith(prefix) {
      const profiles = await collect(async (Marker) => {
        const page = await send('ListInstanceProfiles', (options) =>
          client.send(new sdk.ListInstanceProfilesCommand({ Marker, MaxItems: 1000 }), options),
        );
        return { items: page.InstanceProfiles, next: page.Marker };
      });
      return named(
        profiles.map((found) => found.InstanceProfileName),
        prefix,
        instanceProfile,
      );
    },

    async policies(names) {
      if (names.length === 0) return [];
      const policies = await collect(async (Marker) => {
        const page = await send('ListPolicies', (options) =>
          client.send(new sdk.ListPoliciesCommand({ Scope: 'Local', Marker, MaxItems: 1000 }), options),
        );
        return { items: page.Policies, next: page.Marker };
      });
      return policies.map((policy) => policy.PolicyName ?? '').filter((name) => names.includes(name));
    },

    async denied(principal, actions, scope) {
      // The root user cannot be simulated and cannot be denied by a policy of its account.
      if (principal.endsWith(':root')) return [];
      const PolicySourceArn = await simulated(principal, role);
      const results = await collect(async (Marker) => {
        const input = {
          PolicySourceArn,
          ActionNames: [...actions],
          Marker,
          ...(scope !== undefined && {
            ResourceArns: [...scope.resources],
            ContextEntries: scope.context.map(({ key, values, list }) => ({
              ContextKeyName: key,
              ContextKeyType: list ? ('stringList' as const) : ('string' as const),
              ContextKeyValues: [...values],
            })),
          }),
        };
        const page = await send(
          'SimulatePrincipalPolicy',
          (options) => client.send(new sdk.SimulatePrincipalPolicyCommand(input), options),
          principal,
        );
        return { items: page.EvaluationResults, next: page.Marker };
      });
      // With several resources the service gives one result for each of them.
      const refused = results.filter((result) => result.EvalDecision !== 'allowed');
      return [...new Set(refused.map((result) => result.EvalActionName ?? ''))];
    },
  };
}

/** The role behind a session: the simulator does not take the ARN of an assumed role, and only GetRole knows the path. */
async function simulated(principal: string, role: Iam['role']): Promise<string> {
  const name = /:assumed-role\/([^/]+)\//.exec(principal)?.[1];
  return name === undefined ? principal : ((await role(name))?.arn ?? principal);
}
