import { PlatformError } from '../errors.ts';
import type { PlanRow } from './events.ts';
import type { Instance } from './graph.ts';
import type { Plan, PlanOptions } from './plan-run.ts';
import type { Selected } from './select.ts';

/** STEP_GONE when the journal records a step that no list has any more, naming it and what may have come in its place. */
export function refuseGone({ instances, listed, state }: PlanOptions, selected: Selected): void {
  const known = new Set(listed ?? instances.map(({ step }) => step.id));
  const forgotten = new Set(selected.forgotten);
  const gone = [...state.steps.keys()]
    .filter((id) => !forgotten.has(id) && !known.has(id.split('/', 1)[0] as string))
    .sort();
  if (gone.length === 0) return;
  const fresh = [...new Set(instances.map(({ step }) => step.id))].filter(
    (id) => ![...state.steps.keys()].some((each) => each.split('/', 1)[0] === id),
  );
  throw new PlatformError('STEP_GONE', {
    message: `the journal records ${gone.join(', ')}, which this version does not know${fresh.length === 0 ? '' : `; new here: ${fresh.join(', ')}`}`,
    next: [`use the version that made the record, or: ${gone.map((id) => `--forget ${id}`).join(' ')}`],
    facts: { gone: gone.join(','), new: fresh.join(',') },
  });
}

/** NEEDS_NOT_MET when --only or --from leaves out something that is not there. */
export function refuseUnmet(rows: readonly PlanRow[], instances: readonly Instance[], selected: Selected): void {
  const unmet = new Map(
    rows
      .filter(({ step, action }) => selected.leftOut(step) !== undefined && action !== 'keep' && action !== 'skip')
      .map((row) => [row.step, row.because]),
  );
  const blocked = instances.filter(
    ({ id, needIds }) => selected.leftOut(id) === undefined && needIds.some((need) => unmet.has(need)),
  );
  if (blocked.length === 0) return;
  const causes = [...new Set(blocked.flatMap(({ needIds }) => needIds.filter((need) => unmet.has(need))))];
  throw new PlatformError('NEEDS_NOT_MET', {
    message: causes
      .map((id) => `${blocked.map((each) => each.id).join(', ')} needs ${id}: ${unmet.get(id)}`)
      .join('; '),
    next: [`leave the flag out, or do first: --until ${causes.join(' --until ')}`],
    facts: { unmet: causes.join(',') },
  });
}

/** PLAN_STALE, with what differs, when configuration or journal moved on since the plan was written. */
export function refuseStale(
  written: Pick<Plan, 'verb' | 'environment' | 'config' | 'journal' | 'rows'>,
  now: Plan,
): void {
  const moved = [
    ...(written.verb === now.verb && written.environment === now.environment
      ? []
      : [`it was made for ${written.verb} of ${written.environment}`]),
    ...(written.config === now.config ? [] : ['the configuration changed']),
    ...(written.journal === now.journal ? [] : [`the journal went on by ${now.journal - written.journal} records`]),
  ];
  const changes = differences(written.rows, now.rows);
  if (moved.length === 0 && changes.length > 0) moved.push('what is there changed');
  if (moved.length === 0) return;
  throw new PlatformError('PLAN_STALE', {
    message: [moved.join(', '), ...changes].join('\n'),
    next: [`platform plan ${now.verb} --env ${now.environment} --out FILE`],
    facts: { written: written.config, now: now.config },
  });
}

function differences(before: readonly PlanRow[], after: readonly PlanRow[]): string[] {
  const old = new Map(before.map((row) => [row.step, row]));
  const fresh = new Map(after.map((row) => [row.step, row]));
  const changed = after.filter(({ step, action }) => old.get(step)?.action !== action);
  return [
    ...changed.map(
      ({ step, action, because }) => `  ${step}: ${old.get(step)?.action ?? 'not there'} -> ${action} (${because})`,
    ),
    ...before.filter(({ step }) => !fresh.has(step)).map(({ step, action }) => `  ${step}: ${action} -> not there`),
  ];
}
