import type { Host } from '../host.ts';
import { byHand } from './aws-command.ts';
import { thingText } from './kind-text.ts';
import { leftoverLines } from './leftovers-view.ts';
import { harmless, paragraph } from './screen-lines.ts';
import { type Style, styleFor } from './style.ts';

/** Something of ours that nothing stands behind. */
export interface Orphan {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** owned, or data: what cannot be made again. */
  readonly class: string;
  readonly because: string;
  /** The Kubernetes object that it was made for; null where nothing tells. */
  readonly origin: string | null;
  /** What it costs a month, in words. */
  readonly cost: string;
  /** From the thing itself to what holds it. */
  readonly chain: readonly string[];
}

/** `platform/orphans/v1`: what `status --orphans --json` prints, and what is drawn here. */
export interface OrphansDocument {
  readonly schema: 'platform/orphans/v1';
  readonly environment: string;
  readonly target: string;
  readonly region: string;
  readonly account: string;
  /** null: no cluster id was ever minted, or all was removed. */
  readonly cluster: string | null;
  readonly kubernetes: { readonly is: string; readonly because: string };
  /** Things of ours that were found. */
  readonly found: number;
  /** Steps of a teardown that is neither finished nor abandoned. */
  readonly openTeardown: readonly string[];
  readonly orphans: readonly Orphan[];
  /** Made by a controller, and the cluster cannot be asked whether it still wants them. */
  readonly undecided: readonly Orphan[];
  /** What the open teardown still has before it. */
  readonly leftovers: readonly Orphan[];
  readonly exitCode: number;
}

/** What is ours and belongs to nothing any more, each with its proof, what holds it, and what removes it; the last line says whether all is well. */
export function orphansText(
  document: OrphansDocument,
  host: Pick<Host, 'environment' | 'stderr'>,
  color: boolean,
): string {
  const style = styleFor(host, host.stderr, color);
  return harmless(orphansLines(document, style, host.stderr.columns || 80));
}

function orphansLines(document: OrphansDocument, style: Style, columns: number): string[] {
  const { environment, target, region, account, cluster, kubernetes, found } = document;
  const where = target === 'sandbox' ? 'a sandbox: a stand-in, not AWS' : `AWS account ${account}`;
  const head = [
    ...paragraph(`${environment}: ${cluster === null ? 'nothing stands here' : `cluster ${cluster}`}`, 0, columns).map(
      (line) => style.bold(line),
    ),
    ...paragraph(`${where}, region ${region}`, 2, columns),
  ];
  if (cluster === null)
    return [
      ...head,
      '',
      ...paragraph('No cluster id is recorded: nothing was ever built, or all of it was removed.', 0, columns),
    ];
  return [
    ...head,
    ...(kubernetes.is === 'answers'
      ? []
      : paragraph(
          `${kubernetes.is === 'unreachable' ? 'the cluster does not answer' : 'there is no cluster to ask'}: ${kubernetes.because}`,
          2,
          columns,
        )),
    ...sectionLines('What an unfinished teardown left', document.leftovers, document, style, columns),
    ...sectionLines('Ours, and belongs to nothing any more', document.orphans, document, style, columns),
    ...sectionLines(
      'Not judged: made by a controller, and the cluster does not answer',
      document.undecided,
      document,
      style,
      columns,
    ),
    '',
    ...verdictLines(document, found, style, columns),
  ];
}

function sectionLines(
  title: string,
  things: readonly Orphan[],
  { environment, region, openTeardown, undecided }: OrphansDocument,
  style: Style,
  columns: number,
): string[] {
  if (things.length === 0) return [];
  const again =
    openTeardown.length > 0
      ? [
          `platform destroy --cleanup --env ${environment} goes on`,
          `platform settle --abandon destroy --env ${environment} keeps what is left`,
        ]
      : undefined;
  const leftovers = things.map((one) => ({
    what: thingText(one),
    because: `${one.because}${one.origin === null ? '' : `; made for ${one.origin}`}; costs a month: ${one.cost}`,
    chain: one.chain,
    next:
      again ??
      (things === undecided
        ? [`bring the API back, then: platform status --orphans --env ${environment}`]
        : [
            byHand(one, region),
            `platform destroy --cleanup${one.class === 'data' ? ' --delete-data' : ''} --env ${environment} takes it with all else`,
          ]),
  }));
  return ['', style.bold(`${title} (${things.length})`), ...leftoverLines(leftovers, style, columns)];
}

function verdictLines(
  { orphans, leftovers, undecided, exitCode }: OrphansDocument,
  found: number,
  style: Style,
  columns: number,
): string[] {
  const bad = orphans.length + leftovers.length;
  const text =
    bad > 0
      ? `${bad} of ${found} things of ours should not be there (exit code ${exitCode}).`
      : undecided.length > 0
        ? `${undecided.length} of ${found} things of ours cannot be judged (exit code ${exitCode}).`
        : `${found} ${found === 1 ? 'thing' : 'things'} of ours found; nothing is left over.`;
  const colour = bad > 0 ? style.red : undecided.length > 0 ? style.yellow : style.green;
  return paragraph(text, 0, columns).map((line) => colour(line));
}
