import type { CloudKind, CloudResource } from '../../tools/ports.ts';
import type { Finding } from './inventory-types.ts';
import type { Order } from './order.ts';
import type { Awaited } from './sweep-progress.ts';
import { shortSpell } from './wait.ts';

/** 'security group sg-0a1 (k8s-web)': how a resource is called in notes, audits and errors. */
export function nameOf({ kind, id, name }: CloudResource): string {
  const short = id.startsWith('arn:') ? (id.split(/[:/]/).at(-1) ?? id) : id;
  return `${spelled(kind)} ${name === '' || name === id ? short : `${name} (${short})`}`;
}

export const spelled = (kind: CloudKind): string =>
  kind.replaceAll('-', ' ').replace(/^(dns|vpc)/, (word) => word.toUpperCase());

/** '3 network interfaces', '1 policy'. */
export function counted(count: number, kind: CloudKind): string {
  const word = spelled(kind);
  return `${count} ${count === 1 ? word : word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`}`;
}

/** "deleting 3, waiting for 2 network interfaces (ELB app/k8s-web/1, 1m10s)": what a person is told between two rounds. */
export function noteOf(order: Order, awaited: readonly Awaited[]): string {
  const asked = new Set(order.ask);
  const others = awaited.filter(({ finding }) => !asked.has(finding));
  const deleting = order.ask.length + order.waiting.filter(({ on }) => on.length > 0).length;
  const kinds = new Map<CloudKind, Awaited[]>();
  for (const one of others.length > 0 ? others : awaited) {
    const { kind } = one.finding.resource;
    kinds.set(kind, [...(kinds.get(kind) ?? []), one]);
  }
  const waits = [...kinds].map(([kind, ones]) => {
    const longest = Math.max(...ones.map(({ unchanged }) => unchanged));
    const [first] = ones;
    const what =
      ones.length === 1 && first !== undefined ? whose(first.finding) : counted(ones.length, kind) + because(ones);
    return `${what}${stranger(ones)} (${shortSpell(longest)})`;
  });
  const parts = [
    ...(deleting > 0 ? [`deleting ${deleting}`] : []),
    ...(waits.length > 0 ? [`waiting for ${waits.join(', ')}`] : []),
  ];
  return parts.join(', ');
}

/** Said from the first note on: nobody here ends it, and a listing that lags is all that it is waited for. */
function stranger(ones: readonly Awaited[]): string {
  const isStranger = ones.every(({ finding: { class: ownership } }) => ownership !== 'owned' && ownership !== 'data');
  if (!isStranger) return '';
  const longest = Math.max(...ones.map(({ budget }) => budget));
  return `, not proven ours, for ${shortSpell(longest)} at most`;
}

const whose = ({ resource, origin }: Finding): string =>
  `${nameOf(resource)}${resource.managedBy === undefined ? '' : ` of ${resource.description ?? resource.managedBy}`}${origin === undefined ? '' : ` of ${origin}`}`;

function because(ones: readonly Awaited[]): string {
  const sources = [...new Set(ones.map(({ finding: { resource } }) => resource.description ?? ''))].filter(
    (one) => one !== '',
  );
  return sources.length === 1 ? ` of ${sources[0]}` : '';
}
