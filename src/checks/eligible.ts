import type { Expression, Toleration, Workload } from './workload.ts';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** What the scheduler knows of a node beside its room. */
export interface NodeTraits {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
}

/** Labels that every node gets, with values that are not known before the machine is there. */
const unknownValues =
  /^(?:topology\.kubernetes\.io\/|topology\.ebs\.csi\.aws\.com\/|node\.kubernetes\.io\/instance-type$|kubernetes\.io\/arch$)/;

/** Why the scheduler would not put these pods on the node; undefined when it would. */
export function refusal(
  { selector, terms, tolerations }: Pick<Workload, 'selector' | 'terms' | 'tolerations'>,
  { labels, taints }: NodeTraits,
): string | undefined {
  const wanted = Object.entries(selector).map(([key, value]): Expression => ({ key, operator: 'In', values: [value] }));
  const lacking = wanted.find((one) => !holds(one, labels));
  if (lacking !== undefined) return `is not ${textOf(lacking)}`;
  if (terms.length > 0 && !terms.some((term) => term.every((one) => holds(one, labels))))
    return `is not ${terms.map((term) => term.map(textOf).join(' and ')).join(' or ')}`;
  const taint = taints.find(
    (one) => one.effect !== 'PreferNoSchedule' && !tolerations.some((toleration) => tolerates(toleration, one)),
  );
  return taint === undefined ? undefined : `has the taint ${taint.key}, which is not tolerated`;
}

function holds({ key, operator, values = [] }: Expression, labels: Readonly<Record<string, string>>): boolean {
  const found = labels[key];
  if (found === undefined && unknownValues.test(key)) return true;
  switch (operator) {
    case 'In':
      return found !== undefined && values.includes(found);
    case 'NotIn':
      return found === undefined || !values.includes(found);
    case 'Exists':
      return found !== undefined;
    case 'DoesNotExist':
      return found === undefined;
    case 'Gt':
      return Number(found) > Number(values[0]);
    case 'Lt':
      return Number(found) < Number(values[0]);
    default:
      return true;
  }
}

const textOf = ({ key, operator, values = [] }: Expression): string =>
  operator === 'In' ? `${key}=${values.join('|')}` : `${key} ${operator} ${values.join('|')}`.trim();

/** A toleration without a key tolerates everything, one without an effect every effect (core/v1 Toleration). */
function tolerates({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (operator === 'Exists') return key === '' || key === taint.key;
  return key === taint.key && value === (taint.value ?? '');
}
