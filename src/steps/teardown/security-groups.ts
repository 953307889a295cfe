import type { CloudResource, GroupRule } from '../../tools/ports.ts';
import type { Finding } from './inventory-types.ts';

/** Rules to take out of one group because they reference groups that are about to go. */
export interface Revocation {
  readonly holder: Finding;
  readonly rules: readonly GroupRule[];
  /** The groups that they reference. */
  readonly groups: readonly Finding[];
  readonly because: string;
}

/**
 * The first of two passes: exactly those rules, of whatever group, that reference a group which goes now and so keep AWS from deleting it.
 * Also in groups that stay - the node group of Terraform, the default group, a group of someone else: there it is one dangling rule that
 * nobody can use once ours is gone. A group's rules about itself and a rule in another VPC hold nothing (AWS keeps the latter as a stale rule).
 */
export function revocationsFor(findings: readonly Finding[], going: readonly Finding[]): readonly Revocation[] {
  const groups = new Map(
    going.filter(({ resource }) => resource.kind === 'security-group').map((finding) => [finding.resource.id, finding]),
  );
  return findings.flatMap((holder) => {
    if (holder.resource.kind !== 'security-group' || holder.resource.phase === 'gone' || groups.size === 0) return [];
    const referenced = [...groups.values()].filter((group) => isRevocable(holder, group));
    const rules = referenced.flatMap((group) => rulesAbout(holder.resource, group.resource));
    if (rules.length === 0) return [];
    const blocked = referenced.filter((group) => rulesAbout(holder.resource, group.resource).length > 0);
    const names = blocked.map(({ resource }) => resource.id).join(', ');
    const count = rules.length === 1 ? '1 rule references' : `${rules.length} rules reference`;
    return [{ holder, rules, groups: blocked, because: `${count} ${names}, which cannot be deleted before` }];
  });
}

/** The rules of a group that keep another of the same VPC from going. */
const rulesAbout = (holder: CloudResource, group: CloudResource): readonly GroupRule[] =>
  holder.id === group.id || holder.vpc !== group.vpc
    ? []
    : (holder.rules ?? []).filter((rule) => rule.peer === group.id);

/** The default group of a VPC goes with it and can never be deleted by itself. */
export const isDefaultGroup = ({ kind, name }: CloudResource): boolean =>
  kind === 'security-group' && name === 'default';

/**
 * Tells whether all that ties a group to another may be taken out of the way. A rule between two groups that Terraform both manages never
 * is: were the destroy to fail then, the cluster would be cut off (catalogue E18).
 */
export function isRevocable(holder: Finding, group: Finding): boolean {
  const [one, other] = [holder.resource, group.resource];
  if (one.kind !== 'security-group' || other.kind !== 'security-group') return false;
  if (one.vpc !== other.vpc) return true;
  return !isManagedBetween(holder, group) && rulesAbout(one, other).length > 0;
}

const isManagedBetween = (holder: Finding, group: Finding): boolean =>
  holder.terraform !== undefined && group.terraform !== undefined;
