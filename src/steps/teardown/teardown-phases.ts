import type { TeardownChoices } from '../../config/config.ts';
import type { ClusterFindings, Finding } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';

/** Steps of a teardown in order; those of one row run side by side. A test holds it to the list of the steps. */
export const phases: readonly (readonly string[])[] = [
  ['destroy-inventory'],
  ['destroy-backup'],
  ['destroy-snapshots'],
  ['destroy-suspend'],
  ['destroy-operators'],
  ['destroy-workloads', 'destroy-entrances'],
  ['destroy-releases'],
  ['destroy-machines'],
  ['destroy-load-balancers'],
  ['destroy-leftovers', 'destroy-terraform-foundation', 'destroy-terraform-plan'],
  ['destroy-terraform-cluster'],
  ['destroy-orphans'],
  ['destroy-verify'],
];

/** What controllers make, and leave behind when they die. */
const leftoverKinds = ['network-interface', 'volume', 'snapshot', 'security-group', 'dns-record'];

/** The step that removes a thing; undefined: none does. */
export function stepOf(
  finding: Finding,
  around: {
    readonly findings: ReadonlyMap<string, Finding>;
    readonly choices: TeardownChoices;
    readonly answers: boolean;
    readonly bringYourOwn: boolean;
  },
): string | undefined {
  const { resource, terraform, origin, class: ownership } = finding;
  const { choices, answers, bringYourOwn } = around;
  const parent = resource.diesWith === undefined ? undefined : around.findings.get(keyOf(resource.diesWith));
  if (parent !== undefined && parent !== finding && parent.resource.diesWith === undefined)
    return stepOf(parent, around);
  if (terraform !== undefined) {
    // Machines first, so that nothing running makes anything anew; a person's own tree is its Terraform's alone.
    if (resource.kind === 'instance' && choices.cleanup && !bringYourOwn) return 'destroy-machines';
    return `destroy-terraform-${terraform.root}`;
  }
  if (!choices.cleanup) return undefined;
  if (resource.kind === 'instance') return 'destroy-machines';
  if (answers && resource.kind === 'volume' && ownership === 'owned' && origin !== undefined)
    return 'destroy-workloads';
  if (answers && origin !== undefined && ['load-balancer', 'target-group', 'security-group'].includes(resource.kind))
    return 'destroy-entrances';
  if (['load-balancer', 'target-group'].includes(resource.kind)) return 'destroy-load-balancers';
  return leftoverKinds.includes(resource.kind) ? 'destroy-leftovers' : 'destroy-orphans';
}

/** How many objects of the cluster go, by step and kind. */
export function objectsByStep(
  found: ClusterFindings,
): readonly { readonly step: string; readonly kind: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const { kind } of found.operands) counts.set(kebab(kind), (counts.get(kebab(kind)) ?? 0) + 1);
  return [
    ...[...counts].map(([kind, count]) => ({ step: 'destroy-operators', kind, count })),
    { step: 'destroy-workloads', kind: 'persistent-volume-claim', count: found.claims.length },
    { step: 'destroy-workloads', kind: 'persistent-volume', count: found.volumes.length },
    { step: 'destroy-entrances', kind: 'ingress', count: found.ingresses.length },
    { step: 'destroy-entrances', kind: 'service', count: found.services.length },
    { step: 'destroy-entrances', kind: 'gateway', count: found.gateways.length },
    { step: 'destroy-releases', kind: 'helm-release', count: found.releases.length },
  ].filter(({ count }) => count > 0);
}

const kebab = (kind: string): string => kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
