import type { CloudKind } from '../../tools/ports.ts';
import type { Finding, Inventory } from './inventory-types.ts';
import { exists, heldBy, orderOf, targetsOf } from './order.ts';
import { keyOf } from './ownership-marks.ts';
import { isLate, leftoversError } from './sweep-leftovers.ts';

/** What must be looked at to know that nothing stands in the way of Terraform: it waits 15 to 20 minutes on a subnet or gateway that is in use. */
export const kindsInTheWay: readonly CloudKind[] = [...(heldBy.vpc ?? []), 'target-group'];

/**
 * Throws LEFTOVERS when something that stays would make Terraform wait: what is not ours and stands in a VPC that goes, or holds a thing that
 * Terraform removes. Names it with its chain, before Terraform begins (catalogue E1).
 */
export function refuseStrangers(findings: readonly Finding[]): void {
  const inTheWay = findings.filter((finding) => exists(finding) && !isOurs(finding) && blocks(finding, findings));
  if (inTheWay.length === 0) return;
  throw leftoversError('Terraform would wait for what is not ours', inTheWay, findings, { code: 'LEFTOVERS' });
}

/**
 * Of a user's own tree the sweep takes only what controllers made. Throws LEFTOVERS when something else that is ours stands in no state and holds what
 * Terraform removes (an apply was cut, a state is older): Terraform would ask for half an hour, and nobody would end it.
 */
export function refuseForgotten(findings: readonly Finding[], swept: readonly CloudKind[]): void {
  const inTheWay = findings.filter(
    (finding) =>
      exists(finding) &&
      isOurs(finding) &&
      finding.terraform === undefined &&
      !swept.includes(finding.resource.kind) &&
      blocks(finding, findings),
  );
  if (inTheWay.length === 0) return;
  throw leftoversError(
    'Terraform would wait for what your own tree made and its state does not have',
    inTheWay,
    findings,
    {
      code: 'LEFTOVERS',
      next: ['take it into the state, in your tree: terraform import ADDRESS ID; or delete it by hand'],
    },
  );
}

/**
 * What keeps a sweep of the wanted from its end, or Terraform from the network after it, while the sweep still works: strangers that no waiting ends, and
 * what of the wanted they hold (a volume on somebody else's machine). What AWS takes away by itself is left out.
 */
export function doomedIn(findings: readonly Finding[], wanted: (finding: Finding) => boolean): readonly Finding[] {
  const order = orderOf(findings, wanted);
  const targets = new Set(targetsOf(order));
  const stands = (finding: Finding): boolean => exists(finding) && !isOurs(finding) && !isLate(finding);
  const held = order.waiting.filter(({ on }) => on.some((holder) => !targets.has(holder) && stands(holder)));
  const inTheWay = findings.filter((finding) => stands(finding) && blocks(finding, findings));
  return [...new Set([...inTheWay, ...held.map(({ finding }) => finding)])];
}

/**
 * Without --cleanup there is Terraform only. Throws LEFTOVERS while anything that it does not know would block it: strangers, and what our own
 * controllers made, which `--cleanup` removes.
 */
export function refuseLeftovers({ findings }: Pick<Inventory, 'findings'>): void {
  const inTheWay = findings.filter(
    (finding) => exists(finding) && finding.terraform === undefined && blocks(finding, findings),
  );
  if (inTheWay.length === 0) return;
  const cleanup = inTheWay.some(isOurs) ? ['platform destroy --cleanup: removes what is ours of it first'] : [];
  throw leftoversError('Terraform alone would wait for what it does not know', inTheWay, findings, {
    code: 'LEFTOVERS',
    next: cleanup,
  });
}

const isOurs = ({ class: ownership }: Finding): boolean => ownership === 'owned' || ownership === 'data';

function blocks({ resource }: Finding, findings: readonly Finding[]): boolean {
  const going = findings.filter(goesWithTerraform);
  const keys = new Set(going.map((one) => keyOf(one.resource)));
  if (resource.diesWith !== undefined || keys.has(keyOf(resource))) return false;
  const network = resource.vpc === undefined ? undefined : keyOf({ kind: 'vpc', id: resource.vpc });
  const standsIn = network !== undefined && keys.has(network) && heldBy.vpc?.includes(resource.kind) === true;
  return standsIn || resource.holds.some((held) => held.kind !== 'vpc' && keys.has(keyOf(held)));
}

const goesWithTerraform = ({ terraform, kept }: Finding): boolean => terraform !== undefined && kept === undefined;
