import { checks } from '../../checks/index.ts';
import { refuseProblems, runChecks, summaryOf } from '../../checks/run-checks.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, step } from '../kit.ts';

/** The checks of `platform doctor`, before anything else is looked at or touched: always fresh, never recorded as work. */
export const doctor = step({
  id: 'doctor',
  title: 'Checks before the run',
  needs: {},
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(5),
  inputs: () => null,
  check: async (ctx) => ({ state: 'satisfied', output: null, because: await ask(ctx) }),
  apply: async (ctx) => {
    ctx.note(await ask(ctx));
    return null;
  },
});

async function ask(ctx: ReadContext): Promise<string> {
  // A cluster that could not be built again is not destroyed: before a rebuild everything is asked, and nothing is taken from memory.
  const rebuild = ctx.config.teardown?.rebuild === true;
  const purpose = ctx.run === '' ? 'plan' : rebuild ? 'doctor' : 'run';
  const results = await runChecks(checks, ctx, { afresh: rebuild, purpose });
  for (const { findings } of results) for (const { message } of findings) ctx.note(message);
  refuseProblems(results);
  return summaryOf(results);
}
