import { type Plan, planDocument } from '../engine/plan-run.ts';
import { PlatformError } from '../errors.ts';

/** The plan as a file: what `plan --out` writes and `--plan` reads. */
export function planFile(plan: Plan, removal?: object): string {
  const document = { schema: 'platform/plan/v1', ...planDocument(plan), ...(removal === undefined ? {} : { removal }) };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Reads what `planFile` wrote; USAGE when it is no plan of this version. */
export function readPlanFile(file: string, text: string | undefined): Omit<Plan, 'found'> {
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

interface Removals {
  readonly steps: readonly { readonly things: readonly { readonly kind: string; readonly id: string }[] }[];
}

/** PLAN_STALE when more would go than the file says: what came since then nobody has agreed to. That something went meanwhile is fine. */
export function refuseGrown(file: string, text: string | undefined, now: Removals): void {
  const agreed = (JSON.parse(text ?? '{}') as { removal?: Removals }).removal;
  const name = ({ kind, id }: { kind: string; id: string }): string => `${kind.replaceAll('-', ' ')} ${id}`;
  const known = new Set(agreed?.steps.flatMap(({ things }) => things.map(name)));
  const grown = now.steps.flatMap(({ things }) => things.map(name)).filter((one) => !known.has(one));
  if (grown.length === 0) return;
  throw new PlatformError('PLAN_STALE', {
    message: `${file} does not name ${grown.length} of the things that would go: ${grown.slice(0, 5).join(', ')}${grown.length > 5 ? ' ...' : ''}`,
    next: ['look at a new plan: platform plan destroy --cleanup --out FILE'],
    facts: { grown: grown.join(',') },
  });
}
