import { adviceLines, chainLines, paragraph } from './screen-lines.ts';
import type { Style } from './style.ts';

/** Something of ours that is still there and should not be. */
export interface Leftover {
  /** How a person calls it: 'security group k8s-web (sg-0a1)'. */
  readonly what: string;
  /** Why it is ours, or why it could not go; '' where the chain says it. */
  readonly because: string;
  /** From the thing itself to what holds it in the end. */
  readonly chain: readonly string[];
  readonly next: readonly string[];
}

/** Each thing that is left with who holds it and what to do about it; actions that neighbours share are told once, below them. */
export function leftoverLines(leftovers: readonly Leftover[], style: Style, columns: number): string[] {
  const groups = Map.groupBy(leftovers, ({ next }) => next.join('\n'));
  return [...groups.values()].flatMap((group) => [
    ...group.flatMap((one) => thingLines(one, style, columns)),
    ...nextLines(group[0]?.next ?? [], style, columns),
  ]);
}

interface Told {
  readonly code: string;
  readonly message: string;
  readonly next: readonly string[];
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}

/** What an error of a teardown says is left: its message is a title and then one thing each. Empty for an error about anything else. */
export function leftoversOf({ message, next, facts }: Told): {
  readonly title: string;
  readonly leftovers: readonly Leftover[];
} {
  const [, title = '', rest = ''] = /^(.*?):\s+(.*)$/s.exec(message) ?? [];
  const entries = facts['left'] === undefined ? [] : rest.split(/\n\s*|; /).filter((entry) => entry !== '');
  return { title, leftovers: entries.map((entry) => ({ ...partsOf(entry), next })) };
}

/** `security group web (sg-1): sg-1 <- eni-2 <- ALB x (DependencyViolation: ...)`, of which the first part alone is always there. */
function partsOf(entry: string): Pick<Leftover, 'what' | 'because' | 'chain'> {
  const start = entry.lastIndexOf(': ', entry.indexOf(' <- '));
  if (start < 0) return { what: entry, because: '', chain: [] };
  const reason = entry.indexOf(' (', entry.lastIndexOf(' <- '));
  const end = reason < 0 ? entry.length : reason;
  return {
    what: entry.slice(0, start),
    because: entry.slice(end + 2, -1),
    chain: entry.slice(start + 2, end).split(' <- '),
  };
}

function thingLines({ what, chain, because }: Leftover, style: Style, columns: number): string[] {
  return [
    ...paragraph(what, 5, columns).map((line, index) =>
      index === 0 ? `  ${style.red('!!')} ${line.trimStart()}` : line,
    ),
    ...(because === '' ? [] : paragraph(because, 7, columns)),
    ...(chain.length > 1 ? chainLines(chain, 7, columns).map((line) => style.yellow(line)) : []),
  ];
}

function nextLines(next: readonly string[], style: Style, columns: number): string[] {
  return next.flatMap((text, index) => {
    const then = text.startsWith('then ');
    const label = then ? 'then:' : index === 0 ? style.bold('Next:') : '  or:';
    return adviceLines(then ? text.slice('then '.length) : text, 11, columns).map((line, more) =>
      more > 0 ? line : `     ${label} ${line.trimStart()}`,
    );
  });
}
