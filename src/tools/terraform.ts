import { join } from 'node:path';
import type { TerraformWriter } from './ports.ts';
import { building, outputs, parse, plan, planAndApply } from './terraform/apply.ts';
import { copiesOf, createCalls, type TerraformOptions } from './terraform/call.ts';
import { readDeclarations } from './terraform/declarations.ts';
import { destroyRoot, forgetAddresses, isBucketMissing, planDestruction } from './terraform/destroy.ts';
import { describe, explainTerraform, placeOf } from './terraform/failures.ts';
import type { Diagnostic } from './terraform/messages.ts';
import { plansAhead } from './terraform/plans-ahead.ts';
import { settleRoot } from './terraform/settle.ts';
import { readState, readStored, readStoredOutputs } from './terraform/state.ts';
import { removeOldCopies } from './terraform/working-copy.ts';

export type { TerraformOptions } from './terraform/call.ts';
export type { TerraformLock } from './terraform/lock.ts';

/** So old may a plan be that is applied without being made again, in milliseconds: what AWS was asked then is what it is now. */
const recent = 120_000;

/**
 * Terraform, run in copies of the roots below `folder`: nothing is ever written into a tree. Reading calls take no lock and
 * use `read`; whatever changes state or world goes through `processes`, so that it outlives us.
 */
export function createTerraform(options: TerraformOptions): TerraformWriter {
  const calls = createCalls(options);
  const applies = plansAhead('apply', options);
  const destructions = plansAhead('destroy', options);
  return {
    async resources(root, signal) {
      return (
        (await readStored(options, root)) ??
        (await withState(async () => await readState(calls, root, await calls.prepare(root, signal), signal))) ??
        []
      );
    },
    async planDestroy(root, signal) {
      const found = await withState(async () => {
        const copy = await calls.prepare(root, signal);
        const held = (await readStored(options, root)) ?? (await readState(calls, root, copy, signal));
        if (held.length === 0) return undefined;
        const ahead = await planDestruction(calls, options, root, copy, { signal, note: () => {} });
        destructions.keep(root, copy, ahead);
        return ahead;
      });
      return { changes: found?.changes ?? [] };
    },
    async plan(root, signal) {
      const copy = await calls.prepare(root, signal);
      const file = join(options.folder, 'terraform', root.name, 'check.tfplan');
      const found = await plan(calls, root, copy, [`-out=${file}`], { signal, note: () => {} });
      if (found.empty) await options.files.remove(file);
      else applies.keep(root, copy, { ...found, file });
      return { changes: found.changes };
    },
    async outputs(root, signal) {
      return (
        (await readStoredOutputs(options, root)) ??
        (await outputs(calls, root, await calls.prepare(root, signal), signal))
      );
    },
    async validate(root, signal) {
      const copy = await calls.prepare(root, signal, 'offline');
      const exit = await calls.read(copy, ['validate', '-json'], { signal });
      // Problems end with code 1 and a document; anything else has none.
      if (exit.code !== 0 && !exit.stdout.trimStart().startsWith('{')) throw explainTerraform(root, 'validate', exit);
      const { diagnostics = [] } = parse(root, 'validate', exit.stdout) as { diagnostics?: readonly Diagnostic[] };
      return diagnostics
        .filter(({ severity }) => severity === 'error')
        .map((diagnostic) => ({ message: describe(diagnostic), ...placeOf(root, diagnostic) }));
    },
    async declared({ directory }) {
      return await readDeclarations(directory, options.environment);
    },
    async apply(root, scope) {
      const copy = await calls.prepare(root, scope.signal);
      await planAndApply(
        calls,
        options,
        root,
        copy,
        [],
        scope,
        building(root, options, await applies.take(root, copy, recent)),
      );
      await removeOldCopies(root, copiesOf(options), copy.key);
      return (await readStoredOutputs(options, root)) ?? (await outputs(calls, root, copy, scope.signal));
    },
    async destroy(root, scope) {
      await withState(async () => {
        const copy = await calls.prepare(root, scope.signal);
        await destroyRoot(calls, options, root, copy, scope, await destructions.take(root, copy));
        await removeOldCopies(root, copiesOf(options), copy.key);
      });
    },
    async forget(root, addresses, scope) {
      await withState(async () => {
        const copy = await calls.prepare(root, scope.signal);
        await forgetAddresses(calls, options, root, copy, addresses, scope);
      });
    },
    async settle(root, facts, scope) {
      const did = await withState(async () => {
        const copy = await calls.prepare(root, scope.signal);
        return await settleRoot(calls, options, root, copy, facts, scope);
      });
      return did ?? [];
    },
  };
}

/** undefined where the bucket of the state does not exist: nothing is recorded, so nothing can be read or destroyed. */
async function withState<Out>(work: () => Promise<Out>): Promise<Out | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isBucketMissing(error)) return undefined;
    throw error;
  }
}
