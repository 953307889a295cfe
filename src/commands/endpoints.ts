import type { PlatformConfig } from '../config/config.ts';
import type { Plan } from '../engine/plan-run.ts';
import type { RunResult } from '../engine/run-options.ts';
import { publicHosts } from '../steps/names.ts';

/** Addresses that the smoke test has just proven to answer; [] when it did not get that far, or there is no domain. */
export function provenEndpoints(config: PlatformConfig, plan: Plan, result: RunResult | undefined): readonly string[] {
  const held =
    result === undefined
      ? plan.rows.some(({ step, action }) => step === 'smoke' && action === 'keep')
      : [...result.done, ...result.kept].includes('smoke');
  return held ? publicHosts(config).map((host) => `https://${host}`) : [];
}
