import type { Host } from '../host.ts';
import { durationText } from './duration-text.ts';
import { type Kept, keptLines } from './kept-lines.ts';
import { countsText, idText } from './kind-text.ts';
import { chainLines, harmless, paragraph } from './screen-lines.ts';
import { type Refused, refusedLines } from './refused-lines.ts';
import { type Style, styleFor } from './style.ts';
import { countLines, type Counted, sumOf } from './teardown-view-counts.ts';
import { column, oneLine } from './text-width.ts';

/** Of a list that can be long; the rest is counted, and --json has all. */
const named = 5;

/** A plan of a teardown, as far as it is drawn. */
export interface ShownTeardown {
  readonly environment: string;
  readonly cluster: string;
  readonly account: string;
  readonly kubernetes: { readonly is: 'answers' | 'unreachable' | 'left-out'; readonly because: string };
  readonly counts: readonly Counted[];
  readonly steps: readonly {
    readonly step: string;
    readonly title: string;
    readonly removes: readonly { readonly kind: string; readonly count: number }[];
    /** What a backup makes. */
    readonly makes?: readonly { readonly kind: string; readonly count: number }[];
  }[];
  readonly kept: readonly Kept[];
  readonly refused: readonly Refused[];
  /** What blocks what among the things that go. */
  readonly blocks: readonly (readonly string[])[];
  readonly expected: { readonly milliseconds: number | null; readonly from: string };
  readonly problems: readonly { readonly message: string; readonly next: readonly string[] }[];
}

/** What the command line and the configuration add to the plan. */
export interface TeardownFlags {
  readonly color: boolean;
  readonly region: string;
  readonly sandbox: boolean;
  readonly protected: boolean;
  /** 'destroy --cleanup', 'rebuild' ...: as it was typed, without the environment. */
  readonly command: string;
  /** Only looked at: nothing will be asked. */
  readonly dryRun?: boolean;
}

/** Prints for people what would go, what stays, why, and how to say yes. */
export function showTeardownPlan(plan: ShownTeardown, host: Host, flags: TeardownFlags): void {
  const style = styleFor(host, host.stderr, flags.color);
  host.stderr.write(teardownText(plan, flags, style, host.stderr.columns || 80));
}

/** The plan of a teardown as text, no line wider than `columns`: whose, what goes, in which order, what stays, what is not touched, how long. */
export function teardownText(plan: ShownTeardown, flags: TeardownFlags, style: Style, columns: number): string {
  return harmless([
    ...headLines(plan, flags, style, columns),
    ...countLines(plan.counts, plan.kept, style, columns),
    ...orderLines(plan, style, columns),
    ...keptLines(plan.kept, style, columns, goesTooWith),
    ...refusedLines(plan.refused, style, columns),
    ...problemLines(plan.problems, style, columns),
    '',
    ...sumLines(plan, flags, style, columns),
    ...paragraph(expectedText(plan), 0, columns),
    ...paragraph(consentText(plan, flags), 0, columns).map((line) => style.bold(line)),
  ]);
}

function headLines(plan: ShownTeardown, flags: TeardownFlags, style: Style, columns: number): string[] {
  const where = flags.sandbox ? 'a sandbox: a stand-in, not AWS' : `AWS account ${plan.account}`;
  return [
    ...paragraph(
      `${flags.command} ${plan.environment}: ${plan.cluster === '' ? 'nothing was ever built' : `cluster ${plan.cluster}`}`,
      0,
      columns,
    ).map((line) => style.bold(line)),
    ...paragraph(`${where}, region ${flags.region}`, 2, columns),
    ...clusterLines(plan, style, columns),
  ];
}

function clusterLines(
  { kubernetes: { is, because }, cluster }: ShownTeardown,
  style: Style,
  columns: number,
): string[] {
  if (cluster === '') return [];
  if (is === 'answers') return paragraph('the cluster answers, and first gives back what it made', 2, columns);
  const text =
    is === 'unreachable'
      ? `the cluster does not answer: ${because}; what it made is found by its marks in AWS alone`
      : `the cluster takes no part: ${because}`;
  return paragraph(text, 2, columns).map((line) => style.yellow(line));
}

function orderLines({ steps, blocks }: ShownTeardown, style: Style, columns: number): string[] {
  if (steps.length === 0) return [];
  const width = Math.min(34, Math.floor(columns / 2));
  const rows = steps.flatMap(({ title, removes, makes = [] }, index) => {
    const number = `${String(index + 1).padStart(4)}  `;
    const [first = '', ...more] = paragraph(title, 0, width);
    const what = paragraph(
      makes.length === 0 ? countsText(removes) : `makes\u00A0${countsText(makes)}`,
      0,
      columns - number.length - width - 2,
    );
    const titles = [first, ...more];
    return Array.from({ length: Math.max(titles.length, what.length) }, (_, line) =>
      `${line === 0 ? number : ' '.repeat(number.length)}${column(titles[line] ?? '', width)}  ${what[line] ?? ''}`.trimEnd(),
    );
  });
  const chains = blocks.slice(0, named).flatMap((chain) => chainLines(chain.map(idText), 6, columns));
  return [
    '',
    style.bold('In this order'),
    ...rows,
    ...(chains.length === 0
      ? []
      : ['', ...paragraph('because each of these waits for what stands right of it:', 6, columns), ...chains]),
    ...restLine(blocks.length, 6, style),
  ];
}

function problemLines(problems: ShownTeardown['problems'], style: Style, columns: number): string[] {
  if (problems.length === 0) return [];
  return [
    '',
    style.red.bold(`What must be cleared first (${problems.length})`),
    ...problems.flatMap(({ message, next }) => [
      ...paragraph(message, 2, columns),
      ...next.flatMap((one, index) => {
        const [first = '', ...more] = paragraph(one, 8, columns);
        return [`  ${index === 0 ? style.bold('Next:') : '  or:'} ${first.trimStart()}`, ...more];
      }),
    ]),
  ];
}

/** The figures once more where the eye is when the question comes: the table has scrolled away by then. */
function sumLines(plan: ShownTeardown, flags: TeardownFlags, style: Style, columns: number): string[] {
  const { goes, stays, others } = sumOf(plan);
  if (goes === 0) return [];
  const data = flags.command.includes('--delete-data') && plan.counts.some((one) => one.class === 'data');
  return [
    ...paragraph(
      `${goes} go; ${stays} of ours stay; ${others} that are not ours alone are not touched.`,
      0,
      columns,
    ).map((line) => style.bold(line)),
    ...(data
      ? paragraph('--delete-data: what holds data goes too, and cannot be made again.', 0, columns).map((line) =>
          style.red.bold(line),
        )
      : []),
  ];
}

function goesTooWith(because: string): readonly string[] {
  if (because.includes('--delete-data')) return ['would go too with --delete-data'];
  return because.includes('--keep') ? ['would go too without --keep'] : [];
}

function expectedText({ steps, expected: { milliseconds, from } }: ShownTeardown): string {
  if (steps.length === 0) return 'There is nothing to remove.';
  return milliseconds === null
    ? `How long it takes is not known: ${oneLine(from)}.`
    : `It takes about ${durationText(milliseconds)}, judged by ${oneLine(from)}.`;
}

function consentText(plan: ShownTeardown, flags: TeardownFlags): string {
  const { environment } = plan;
  if (flags.dryRun === true) return 'Nothing was changed: this is only what would be done.';
  if (plan.steps.length === 0) return 'Nothing was changed.';
  if (plan.problems.length > 0) return 'Nothing was changed, and nothing begins before that is cleared.';
  const flag = flags.protected ? `--yes --confirm ${environment}` : '--yes';
  return `Nothing was changed yet. To go on, the name of the environment is typed; where nobody can type: ${flag}`;
}

const restLine = (count: number, indent: number, style: Style): string[] =>
  count > named ? [style.dim(`${' '.repeat(indent)}and ${count - named} more; --json has all`)] : [];
