import type { PlanRow } from '../engine/events.ts';
import { type Plan, planDocument } from '../engine/plan-run.ts';
import { PlatformError } from '../errors.ts';

/** The plan as a file: what `plan --out` writes and `--plan` reads. */
export function planFile(plan: Plan): string {
  return `${JSON.stringify({ schema: 'platform/plan/v1', ...planDocument(plan) }, null, 2)}\n`;
}

/** What a plan file says that is no longer so; [] when it may be applied. USAGE when it is no plan file. */
export function planDifferences(file: string, text: string | undefined, plan: Plan): readonly string[] {
  const kept = parse(file, text);
  if (kept.digest === plan.digest) return [];
  const differences: string[] = [];
  if (kept.verb !== plan.verb || kept.environment !== plan.environment)
    differences.push(`it is for ${kept.verb} of ${kept.environment}, not ${plan.verb} of ${plan.environment}`);
  if (kept.config !== plan.config) differences.push('the configuration changed since');
  if (kept.journal !== plan.journal) differences.push('a run went on since');
  const now = new Map(plan.rows.map((row) => [row.step, row]));
  for (const row of kept.rows) {
    const other = now.get(row.step);
    now.delete(row.step);
    if (other === undefined) differences.push(`- ${row.step}: ${row.action}`);
    else if (other.action !== row.action || other.because !== row.because)
      differences.push(`~ ${row.step}: ${row.action} (${row.because}) -> ${other.action} (${other.because})`);
  }
  for (const row of now.values()) differences.push(`+ ${row.step}: ${row.action} (${row.because})`);
  return differences.length > 0 ? differences : ['it was made from another state'];
}

function parse(
  file: string,
  text: string | undefined,
): Pick<Plan, 'verb' | 'environment' | 'digest' | 'config' | 'journal'> & { readonly rows: readonly PlanRow[] } {
  try {
    const value = JSON.parse(text ?? '') as Plan & { schema?: string };
    if (value.schema === 'platform/plan/v1' && Array.isArray(value.rows)) return value;
  } catch {
    // Said below: what cannot be read is no plan.
  }
  throw new PlatformError('USAGE', {
    message: `${file} ${text === undefined ? 'does not exist' : 'is not a plan of this version'}`,
    next: ['platform plan --out FILE writes one'],
  });
}
