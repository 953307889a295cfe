import { PlatformError } from '../../errors.ts';
import type { KubernetesObject } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';

/** Roles that every cluster has (kubernetes.io/docs/reference/access-authn-authz/rbac, user-facing roles), weakest first. */
export const roles = ['view', 'edit', 'admin', 'cluster-admin'] as const;
export type Role = (typeof roles)[number];

/** The group that stands for a role: no certificate is bound by its user's name, so that one binding taken away shuts everybody out. */
const groupFor = (role: Role): string => `platform:${role}`;

/** The binding that gives a role's rights to its group. */
export const bindingFor = (role: Role): KubernetesObject => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: groupFor(role), labels: { 'app.kubernetes.io/managed-by': 'platform' } },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: groupFor(role) }],
});

/** Bounds of a lifetime: the cluster signs for no less, and what cannot be called back should not live for long. */
const shortest = minutes(10);
const longest = minutes(30 * 24 * 60);
const units: Readonly<Record<string, number>> = { m: minutes(1), h: minutes(60), d: minutes(24 * 60) };

/** Milliseconds of '30m', '8h' or '2d'. USAGE for another text, or one outside ten minutes and thirty days. */
export function readLifetime(text: string): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const lifetime = Number(count) * (units[unit] ?? Number.NaN);
  if (lifetime >= shortest && lifetime <= longest) return lifetime;
  const because = Number.isNaN(lifetime)
    ? 'is no duration'
    : lifetime < shortest
      ? 'is shorter than ten minutes, for which the cluster does not sign'
      : 'is longer than thirty days, and a certificate cannot be called back';
  throw new PlatformError('USAGE', {
    message: `--lifetime ${text} ${because}`,
    next: ['give minutes, hours or days: 30m, 8h, 2d'],
  });
}

/** The groups of a certificate. Those of the system are not ours to give: members of system:masters pass by every rule. */
export function groupsOf(role: Role | undefined, groups: readonly string[]): readonly string[] {
  const system = groups.find((group) => group.startsWith('system:') || group.trim() === '');
  if (system === undefined)
    return role === undefined && groups.length > 0 ? groups : [groupFor(role ?? 'view'), ...groups];
  throw new PlatformError('USAGE', {
    message: `${system === '' ? 'an empty group' : system} cannot be given to a person`,
    next: [
      'bind the rights that are needed to a group of your own, and name that group',
      'or take a role: --role cluster-admin',
    ],
  });
}
