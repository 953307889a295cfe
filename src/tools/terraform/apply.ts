import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import type { Json } from '../../engine/types.ts';
import { throwIfAborted } from '../aborted.ts';
import type { ResourceChange, TerraformRoot } from '../ports.ts';
import type { Terraform, TerraformOptions } from './call.ts';
import { type PlannedChanges, readChanges } from './changes.ts';
import { explainTerraform, isStalePlan, wasInterrupted } from './failures.ts';
import { refuseLosses } from './guard.ts';
import { lockIn } from './lock.ts';
import { readMessage, readMessages } from './messages.ts';
import { createProgress } from './progress.ts';
import { releaseOwnLock } from './unlock.ts';
import type { WorkingCopy } from './working-copy.ts';

export interface WorkScope {
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** What differs between building and destroying. */
export interface ApplyKind {
  /** What is counted: 'resources', 'resources destroyed'. */
  readonly words: string;
  /** Refuses a plan by throwing, before anything is changed. */
  judge(changes: readonly ResourceChange[]): void | Promise<void>;
  /** A plan that was made before, which takes the place of the first one, and whose file is removed. Terraform refuses it where the state has moved on. */
  readonly ahead?: PlanAhead;
}

export interface PlanAhead extends PlannedChanges {
  readonly file: string;
}

/** How often an apply starts anew because the lock was ours and dead, or because the state moved on after planning. */
const rounds = 3;

/** Plans without lock: nothing is written but the plan file, if one is named. */
export async function plan(
  calls: Terraform,
  root: TerraformRoot,
  copy: WorkingCopy,
  more: readonly string[],
  scope: WorkScope,
): Promise<PlannedChanges> {
  const say = createProgress(0);
  const exit = await calls.read(
    copy,
    ['plan', '-json', '-input=false', '-lock=false', `-var-file=${await calls.variables(root)}`, ...more],
    {
      signal: scope.signal,
      onLine: (line) => {
        const text = say(readMessage(line) ?? { type: '' });
        if (text !== undefined) scope.note(text);
      },
    },
  );
  if (exit.code !== 0) throw explainTerraform(root, 'plan', exit);
  return readChanges(readMessages(exit.stdout.split('\n')));
}

/** A build: whatever the plan says, but no precious resource is lost. */
export const building = (root: TerraformRoot, options: TerraformOptions, ahead?: PlanAhead): ApplyKind => ({
  words: 'resources',
  judge: async (changes) => await refuseLosses(root, changes, options.allowReplace ?? (() => false)),
  ...(ahead === undefined ? {} : { ahead }),
});

/**
 * Plans, judges the plan, and applies exactly that plan file. An interrupted Terraform is INTERRUPTED, whatever its exit
 * code; a plan that was overtaken is made again.
 */
export async function planAndApply(
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  more: readonly string[],
  scope: WorkScope,
  kind: ApplyKind,
): Promise<PlannedChanges> {
  const file = join(options.folder, 'terraform', root.name, 'apply.tfplan');
  try {
    for (let round = 1; ; round++) {
      const ahead = round === 1 ? kind.ahead : undefined;
      const found = ahead ?? (await plan(calls, root, copy, [...more, `-out=${file}`], scope));
      await kind.judge(found.changes);
      if (found.empty) return found;
      throwIfAborted(scope.signal, 'terraform');
      const say = createProgress(found.total, kind.words);
      const exit = await calls.write(copy, ['apply', '-json', '-input=false', ahead?.file ?? file], {
        signal: scope.signal,
        onLine: (line) => {
          const text = say(readMessage(line) ?? { type: '' });
          if (text !== undefined) scope.note(text);
        },
      });
      if (exit.code === 0) return found;
      const lock = wasInterrupted(exit) ? undefined : lockIn(exit);
      if (round < rounds && lock !== undefined)
        scope.note(await releaseOwnLock(calls, options, root, copy, lock, scope));
      else if (round < rounds && isStalePlan(exit)) scope.note('the state moved on after planning: planning again');
      else throw explainTerraform(root, 'apply', exit);
    }
  } finally {
    await options.files.remove(file);
    if (kind.ahead !== undefined) await options.files.remove(kind.ahead.file);
  }
}

/** The outputs of the state as it is; {} when there is no state yet. */
export async function outputs(
  calls: Terraform,
  root: TerraformRoot,
  copy: WorkingCopy,
  signal: AbortSignal,
): Promise<Readonly<Record<string, Json>>> {
  const exit = await calls.read(copy, ['output', '-json'], { signal });
  if (exit.code !== 0) throw explainTerraform(root, 'output', exit);
  const values = parse(root, 'output', exit.stdout) as Record<string, { value: Json }>;
  return Object.fromEntries(Object.entries(values).map(([name, { value }]) => [name, value]));
}

/** Terraform's JSON documents; what is not JSON is a Terraform that we do not know. */
export function parse(root: TerraformRoot, what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlatformError('TOOL_VERSION', {
      message: `terraform ${what} of ${root.name} did not print JSON`,
      next: ['use Terraform 1.11 or newer: platform doctor checks it'],
      cause,
    });
  }
}
