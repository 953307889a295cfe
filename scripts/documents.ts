import { checks } from '../src/checks/index.ts';
import { describeCommand, describeProgram } from '../src/cli.ts';
import type { CommandDescription } from '../src/commands/description.ts';
import { configurationJsonSchema } from '../src/config/schema.ts';
import type { Step } from '../src/engine/types.ts';
import { errorTable } from '../src/errors.ts';
import type { Host } from '../src/host.ts';
import { build } from '../src/steps/build/index.ts';
import { nodeReset, restore } from '../src/steps/day-two/index.ts';
import { teardown } from '../src/steps/teardown/index.ts';
import { teardownPlanSchema } from '../src/steps/teardown/teardown-plan-schema.ts';
import { orphansSchema } from '../src/steps/teardown/orphans-schema.ts';
import { removalSchema } from '../src/steps/teardown/removal-schema.ts';

const made = '<!-- Made by `npm run docs` from the program itself; a test holds the two together. -->';
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(...head), `|${head.map(() => '---|').join('')}`, ...rows.map((cells) => row(...cells))].join('\n');

/** Every document that is derived from the program: path below the repository -> text. */
export function documents(): Readonly<Record<string, string>> {
  return {
    'docs/errors.md': page('Errors and exit codes', errorsText()),
    'docs/commands.md': page('Commands', commandsText()),
    'docs/steps.md': page('Steps', stepsText()),
    'docs/checks.md': page('Checks before a run', checksText()),
    'docs/orphans.schema.json': `${JSON.stringify(orphansSchema, null, 2)}\n`,
    'docs/removal.schema.json': `${JSON.stringify(removalSchema, null, 2)}\n`,
    'docs/teardown-plan.schema.json': `${JSON.stringify(teardownPlanSchema, null, 2)}\n`,
    'docs/platform.schema.json': `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`,
  };
}

const page = (title: string, text: string): string => `# ${title}\n\n${made}\n\n${text}\n`;

function errorsText(): string {
  const rows = errorTable().map(({ code, exitCode, title }) => [String(exitCode), `\`${code}\``, title]);
  return [
    'Codes are stable; texts are not. Every error says what happened, why, and what to type next; with `--json` it is one document on stdout.',
    'Exit 0: done, or nothing to do. Exits 75, 130 and 143 can be resumed: type the same command again.',
    '',
    table(['exit', 'code', 'meaning'], rows),
  ].join('\n');
}

function commandsText(): string {
  const silent = { isTTY: false, columns: 0, write: () => undefined };
  const program = describeCommand(describeProgram({ version: '', stdout: silent, stderr: silent } as unknown as Host));
  // A command that only holds others has no example.
  const leaves = (command: CommandDescription, path: string): string[] => [
    ...(command.example === '' && command.commands.length > 0 ? [] : [commandText(command, path)]),
    ...command.commands.flatMap((child) => leaves(child, `${path} ${child.name}`)),
  ];
  return [
    'stdout carries data only; everything for people goes to stderr. `--json` gives NDJSON events for runs and one document otherwise.',
    '',
    ...program.commands.flatMap((command) => leaves(command, `platform ${command.name}`)),
  ].join('\n');
}

function commandText({ summary, usage, example, options }: CommandDescription, path: string): string {
  const parts = usage.split(' ').slice(1).join(' ');
  return [
    `## ${path}`,
    '',
    summary,
    '',
    '```sh',
    `${path} ${parts}`.trim(),
    ...(example === '' ? [] : [`# ${example}`]),
    '```',
    '',
    ...(options.length === 0
      ? []
      : [
          table(
            ['option', 'meaning'],
            options.map(({ flags, summary: text }) => [`\`${flags}\``, text]),
          ),
          '',
        ]),
  ].join('\n');
}

const stepTable = (steps: readonly Step<unknown>[]): string =>
  table(
    ['step', 'what', 'needs', 'waits for', 'after a crash', 'on Ctrl-C', 'time limit'],
    steps.map((step) => stepCells(step)),
  );

function stepsText(): string {
  return [
    'In this order; a step starts as soon as what it needs is done, so independent branches run side by side.',
    '`after a crash`: whether a step that was cut off may run again by itself once its tool is settled and its check says that work is left.',
    '',
    '## Build: `up`',
    '',
    stepTable(build),
    '',
    '## Teardown: `destroy --cleanup`',
    '',
    'Each step looks anew at what is there and acts on that alone, so any of them may be killed and run again. docs/destroy.md tells how to read the screens.',
    '',
    stepTable(teardown),
    '',
    '## Both: `rebuild`',
    '',
    'The checks come first, afresh and all of them; then the teardown, beside which charts and manifests of the build are fetched; nothing of the build begins before',
    '`destroy-verify` is done. A rebuild that goes on beyond that border has only its build half left.',
    '',
    '## Day two: `node reset`',
    '',
    stepTable(nodeReset),
    '',
    '## Day two: `restore`',
    '',
    stepTable(restore),
    '',
    'A step in *italics* exists in some configurations only; one with `/NAME` exists once for each name.',
  ].join('\n');
}

function stepCells({ id, title, needs, when, forEach, spec }: Step<unknown>): readonly string[] {
  const name = forEach === undefined ? id : `${id}/NAME`;
  return [
    when === undefined ? name : `*${name}*`,
    title,
    Object.values(needs)
      .map((need) => need.id)
      .join(', ') || '-',
    (spec.ready ?? []).map((probe) => probe.name).join('; ') || '-',
    { safe: 'runs again', ask: 'a person says', never: 'never by itself' }[spec.repeat],
    { drain: 'ends first', interrupt: 'is interrupted once', abort: 'stops at once' }[spec.onCancel],
    `${spec.timeout / 60_000} min`,
  ];
}

function checksText(): string {
  const when = {
    always: 'before every run and plan',
    'when-changed': 'before a run, when its subject changed',
    doctor: '`platform doctor` only',
  };
  return [
    '`platform doctor` asks all of them afresh; the first step of every run asks those that it needs. All answer, none stops the others, and a run is refused',
    'with every finding at once. None of them writes, so a role that may only read is enough for a plan.',
    '',
    'What takes seconds is remembered by a digest of all that the answer depends on (files, pins, programs, caller and day), in the cache folder of the user.',
    '',
    table(
      ['check', 'what', 'asked', 'prevents'],
      checks.map((check) => [check.id, check.title, when[check.when], check.catalogue.join(', ') || '-']),
    ),
    '',
    '`images` asks each registry, or its mirror, by HEAD and without credentials, as the machines pull; what no manifest names, because an operator chooses',
    'it by itself (the images of Calico beside its operator), is not asked for. `capacity` places all pods by what they request on what the machine types',
    "offer, less kubelet's reservations; what people add later is not in the sum, and pod anti-affinity is not judged.",
  ].join('\n');
}
