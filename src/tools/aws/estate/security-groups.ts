import type { SecurityGroup, SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { CloudResource, GroupRule } from '../../ports-estate.ts';
import { tagRecord } from '../session.ts';
import { pages, unionOf } from './ec2-union.ts';
import type { Ec2 } from './ec2-union.ts';
import { inBatches, references } from './family.ts';
import type { KindAdapter } from './family.ts';
import { isGone, unlessGone } from './gone.ts';

export interface SecurityGroups extends KindAdapter {
  revoke(group: string, rules: readonly GroupRule[]): Promise<void>;
}

/** Security groups with their rules, each under its own id. */
export function securityGroups(ec2: Ec2): SecurityGroups {
  const { sdk, client, send } = ec2;
  const rulesOf = async (groups: readonly string[]): Promise<readonly SecurityGroupRule[]> => {
    const found = await Promise.all(
      inBatches(groups, 200).map((Values) =>
        pages(
          (NextToken) =>
            send('DescribeSecurityGroupRules', (options) =>
              client.send(
                new sdk.DescribeSecurityGroupRulesCommand({
                  Filters: [{ Name: 'group-id', Values: [...Values] }],
                  MaxResults: 1000,
                  NextToken,
                }),
                options,
              ),
            ),
          (page) => page.SecurityGroupRules,
        ),
      ),
    );
    return found.flat();
  };

  const revokeSome = async (
    GroupId: string,
    direction: GroupRule['direction'],
    SecurityGroupRuleIds: string[],
  ): Promise<void> => {
    const input = { GroupId, SecurityGroupRuleIds };
    await (direction === 'ingress'
      ? send(
          'RevokeSecurityGroupIngress',
          (options) => client.send(new sdk.RevokeSecurityGroupIngressCommand(input), options),
          GroupId,
        )
      : send(
          'RevokeSecurityGroupEgress',
          (options) => client.send(new sdk.RevokeSecurityGroupEgressCommand(input), options),
          GroupId,
        ));
  };

  return {
    list: async (scope) => {
      const found = await unionOf<SecurityGroup>(ec2, scope, {
        kind: 'security-group',
        byVpc: 'vpc-id',
        byId: 'group-id',
        idOf: (group) => group.GroupId,
        ask: (Filters) =>
          pages(
            (NextToken) =>
              send('DescribeSecurityGroups', (options) =>
                client.send(new sdk.DescribeSecurityGroupsCommand({ Filters, MaxResults: 1000, NextToken }), options),
              ),
            (page) => page.SecurityGroups,
          ),
      });
      const rules = Map.groupBy(await rulesOf(found.map((group) => group.GroupId ?? '')), (rule) => rule.GroupId ?? '');
      return found.map((group) => groupOf(group, rules.get(group.GroupId ?? '') ?? []));
    },

    remove: async ({ id }) => {
      await unlessGone(
        send(
          'DeleteSecurityGroup',
          (options) => client.send(new sdk.DeleteSecurityGroupCommand({ GroupId: id }), options),
          id,
        ),
      );
    },

    revoke: async (group, rules) => {
      for (const direction of ['ingress', 'egress'] as const) {
        const ids = rules.filter((rule) => rule.direction === direction).map((rule) => rule.id);
        if (ids.length === 0) continue;
        try {
          await revokeSome(group, direction, ids);
        } catch (error) {
          if (!isGone(error)) throw error;
          // One missing rule refuses the whole call: then each by itself.
          for (const id of ids.length === 1 ? [] : ids) await unlessGone(revokeSome(group, direction, [id]));
        }
      }
    },
  };
}

function groupOf(group: SecurityGroup, found: readonly SecurityGroupRule[]): CloudResource {
  const id = group.GroupId ?? '';
  const vpc = group.VpcId ?? '';
  const rules = found.map(ruleOf);
  const isDefault = group.GroupName === 'default';
  const peers = rules.map((rule) => rule.peer).filter((peer) => peer !== id);
  return {
    kind: 'security-group',
    id,
    name: group.GroupName ?? '',
    tags: tagRecord(group.Tags),
    vpc,
    state: '',
    phase: 'live',
    unique: { vpc },
    // The default group goes with its VPC and so does not keep it; what its rules name, it keeps like any other.
    holds: [...references('security-group', peers), ...(isDefault ? [] : references('vpc', [vpc]))],
    ...(isDefault && { diesWith: { kind: 'vpc', id: vpc } }),
    description: group.Description ?? '',
    rules,
  };
}

function ruleOf(rule: SecurityGroupRule): GroupRule {
  const peer = rule.ReferencedGroupInfo?.GroupId;
  return {
    id: rule.SecurityGroupRuleId ?? '',
    direction: rule.IsEgress === true ? 'egress' : 'ingress',
    description: rule.Description ?? '',
    tags: tagRecord(rule.Tags),
    ...(peer !== undefined && peer !== '' && { peer }),
  };
}
