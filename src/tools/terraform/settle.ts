import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TerraformRoot, TerraformSettleFacts } from '../ports.ts';
import { building, plan, planAndApply, type WorkScope } from './apply.ts';
import { copiesOf, type Terraform, type TerraformOptions } from './call.ts';
import { explainTerraform } from './failures.ts';
import { quoted, readState } from './state.ts';
import { releaseOwnLock } from './unlock.ts';
import { erroredStates, type WorkingCopy } from './working-copy.ts';

/** Exists only while `settle` imports. */
const importFile = 'zz_platform_import.tf';

/**
 * Brings the state of a root back to what is in the world after Terraform was cut, in this order: own dead lock released,
 * a state that could not be saved pushed, damaged marks taken off what is healthy, and what exists without being recorded
 * imported. Imports are planned: only what the plan would otherwise create a second time is imported, and a plan that
 * would lose something on the way is refused. Measured: after this the next plan replaces nothing.
 */
export async function settleRoot(
  calls: Terraform,
  options: TerraformOptions,
  root: TerraformRoot,
  copy: WorkingCopy,
  facts: TerraformSettleFacts,
  scope: WorkScope,
): Promise<readonly string[]> {
  const did: string[] = [];
  const say = (text: string): void => {
    did.push(text);
    scope.note(text);
  };
  const write = async (what: string, argv: readonly string[]): Promise<void> => {
    const exit = await calls.write(copy, argv, { signal: scope.signal });
    if (exit.code !== 0) throw explainTerraform(root, what, exit);
  };

  const lock = await options.readLock(root);
  if (lock !== undefined) say(await releaseOwnLock(calls, options, root, copy, lock, scope));

  for (const file of await erroredStates(root, copiesOf(options))) {
    // Refused by Terraform when the backend's state is newer or another one: then nothing of it is lost either.
    await write('state push', ['state', 'push', '-no-color', file]);
    await rename(file, `${file}.pushed`);
    say('saved the state that an earlier Terraform could not save');
  }

  // What was deposed comes before its successor, which is the one that counts here.
  const recorded = new Map((await readState(calls, root, copy, scope.signal)).map((one) => [one.address, one]));
  for (const address of facts.healthy) {
    if (recorded.get(address)?.tainted !== true) continue;
    await write('untaint', ['untaint', '-no-color', address]);
    say(`${address} is healthy: took its damaged mark away`);
  }

  const missing = Object.entries(facts.existing).filter(([address]) => !recorded.has(address));
  if (missing.length === 0) return did;
  const { changes } = await plan(calls, root, copy, [], scope);
  const creates = new Set(
    changes.flatMap(({ address, actions }) => (actions.includes('create') && actions.length === 1 ? [address] : [])),
  );
  const imports = missing.filter(([address]) => creates.has(address));
  if (imports.length === 0) return did;
  const blocks = join(copy.directory, importFile);
  const text = imports.map(([address, id]) => `import {\n  to = ${address}\n  id = ${quoted(id)}\n}\n`).join('\n');
  try {
    await options.files.write(blocks, text, 0o600);
    await planAndApply(
      calls,
      options,
      root,
      copy,
      imports.map(([address]) => `-target=${address}`),
      scope,
      building(root, options),
    );
  } finally {
    await options.files.remove(blocks);
  }
  for (const [address, id] of imports) say(`${address} exists as ${id} without being recorded: imported it`);
  return did;
}
