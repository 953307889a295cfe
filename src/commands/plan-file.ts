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
