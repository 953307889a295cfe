import { createHash } from 'node:crypto';
import { isPlatformError, PlatformError } from '../errors.ts';
import { identityFile, parseIdentity } from '../steps/identity.ts';
import { stateBucket, stateKey } from '../steps/names.ts';
import type { Check, CheckContext, CheckResult, CheckWorld, Finding, Purpose } from './check.ts';

export interface CheckOptions {
  readonly purpose: Purpose;
  /** Ask everything, also what held before and did not change. */
  readonly afresh: boolean;
  /** Hears of each check that begins to look. */
  began?(id: string): void;
  /** Hears each result as soon as it is there. */
  told?(result: CheckResult): void;
}

/** Checks that look at the same time: each may start a tool, and a laptop has few cores. */
const sideBySide = 4;

/**
 * Runs all checks and gives all results, in the order of the list. A check that cannot be carried out is an error of its
 * own; what stands on credentials or tools that do not hold is skipped with that reason, so that one cause is told once.
 */
export async function runChecks(
  checks: readonly Check[],
  world: CheckWorld,
  options: CheckOptions,
): Promise<readonly CheckResult[]> {
  const ctx = contextOf(world, options.purpose);
  const results = new Map<Check, CheckResult>();
  const broken = new Map<Check['needs'], string>();
  for (const level of ['config', 'tools', 'credentials'] as const) {
    await eachOf(
      checks.filter(({ needs }) => needs === level),
      async (check) => {
        const reason = standsOn[level].map((below) => broken.get(below)).find((found) => found !== undefined);
        if (reason === undefined) options.began?.(check.id);
        const result = reason === undefined ? await ask(check, ctx, options) : skip(check, reason);
        results.set(check, result);
        options.told?.(result);
        const proves = provides[check.id];
        if (result.state === 'error' && proves !== undefined) broken.set(proves, `${check.title} does not hold`);
      },
    );
  }
  return checks.map((check) => results.get(check) as CheckResult);
}

function contextOf(world: CheckWorld, purpose: Purpose): CheckContext {
  const { config, aws, files } = world;
  const caller = once(() => aws.caller());
  const clusterId = once(async () =>
    parseIdentity(
      config.state.kind === 'local'
        ? await files.read(`${config.stateFolder}/${identityFile}`)
        : await aws.object(stateBucket(config, (await caller()).account), stateKey(config, identityFile)),
    ),
  );
  return { ...world, purpose, caller, clusterId };
}

function once<Answer>(question: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  return () => (answer ??= question());
}

const standsOn: Readonly<Record<Check['needs'], readonly Check['needs'][]>> = {
  config: [],
  tools: ['tools'],
  credentials: ['credentials'],
};
/** The checks without which others cannot be asked. */
const provides: Readonly<Record<string, Check['needs']>> = { tools: 'tools', credentials: 'credentials' };

async function ask(check: Check, ctx: CheckContext, { afresh }: CheckOptions): Promise<CheckResult> {
  const { id, title, catalogue } = check;
  if (check.when === 'doctor' && ctx.purpose !== 'doctor') return skip(check, 'asked by platform doctor');
  try {
    const subject = check.subject === undefined ? undefined : digest(id, await check.subject(ctx));
    if (subject !== undefined && !afresh && (await ctx.workplace.held(subject)))
      return { id, title, state: 'holds', because: 'held before, and nothing of it changed', findings: [], catalogue };
    const found = await check.run(ctx);
    if ('skipped' in found) return skip(check, found.skipped);
    const result = judged(check, found);
    if (subject !== undefined && result.state === 'holds') await ctx.workplace.remember(subject);
    return result;
  } catch (problem) {
    if (ctx.signal.aborted || !isPlatformError(problem) || problem.code === 'BUG') throw problem;
    return judged(check, [{ level: 'error', message: problem.message, next: problem.next }]);
  }
}

function judged({ id, title, catalogue }: Check, findings: readonly Finding[]): CheckResult {
  const state = findings.some(({ level }) => level === 'error') ? 'error' : findings.length > 0 ? 'warning' : 'holds';
  return { id, title, state, because: '', findings, catalogue };
}

function skip({ id, title, catalogue }: Check, because: string): CheckResult {
  return { id, title, state: 'skipped', because, findings: [], catalogue };
}

const digest = (id: string, subject: unknown): string =>
  createHash('sha256')
    .update(`${id}\n${JSON.stringify(subject)}`)
    .digest('hex');

async function eachOf(checks: readonly Check[], work: (check: Check) => Promise<void>): Promise<void> {
  const rest = [...checks];
  const worker = async (): Promise<void> => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: sideBySide }, worker));
}

/** The results as one line: `14 checks hold, 2 warnings, 3 skipped`. */
export function summaryOf(results: readonly CheckResult[]): string {
  const count = (state: CheckResult['state']): number => results.filter((one) => one.state === state).length;
  const parts = [
    `${count('holds')} ${count('holds') === 1 ? 'check holds' : 'checks hold'}`,
    ...(count('error') > 0 ? [`${count('error')} with errors`] : []),
    ...(count('warning') > 0 ? [`${count('warning')} with warnings`] : []),
    ...(count('skipped') > 0 ? [`${count('skipped')} skipped`] : []),
  ];
  return parts.join(', ');
}

/** NOT_READY with every finding of every check that failed; nothing when no error was found. */
export function refuseProblems(results: readonly CheckResult[]): void {
  const findings = results.flatMap(({ title, findings }) =>
    findings.filter(({ level }) => level === 'error').map((finding) => ({ title, ...finding })),
  );
  if (findings.length === 0) return;
  throw new PlatformError('NOT_READY', {
    message: `${findings.length} ${findings.length === 1 ? 'problem' : 'problems'} before the run\n${findings.map(({ title, message }) => `  ${title}: ${message}`).join('\n')}`,
    next: [...new Set(findings.flatMap(({ next }) => next)), 'platform doctor shows every check'],
    facts: { problems: findings.length },
  });
}
