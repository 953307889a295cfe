import type { Check, CheckResult, Purpose } from '../../src/checks/check.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import type { PlatformConfig } from '../../src/config/config.ts';
import { exampleConfig } from './configuration.ts';
import { fakeWorld } from './fake-world.ts';

/** A configuration for AWS: the example's own environment is a sandbox, where some checks have no meaning. */
export const awsConfig = (changes: Partial<PlatformConfig> = {}): PlatformConfig =>
  exampleConfig({ target: 'aws', environment: 'prod', stateFolder: '/project/.platform/prod', ...changes });

/** What one check says in a world of fakes; nothing is remembered from earlier. */
export async function askCheck(
  check: Check,
  fakes: Parameters<typeof fakeWorld>[0],
  config: PlatformConfig = awsConfig(),
  purpose: Purpose = 'run',
): Promise<CheckResult> {
  const { context } = fakeWorld(
    {
      ...fakes,
      workplace: {
        held: async () => false,
        remember: async () => undefined,
        programs: async () => 'programs',
        now: () => 0,
        ...fakes.workplace,
      },
    },
    config,
  );
  const [result] = await runChecks([check], context, { afresh: false, purpose });
  return result as CheckResult;
}

/** Level and text of each finding, one line each. */
export const said = ({ findings }: CheckResult): readonly string[] =>
  findings.map(({ level, message }) => `${level}: ${message}`);
