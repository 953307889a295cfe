import type { SimulatedScope } from '../tools/ports.ts';
import { type Check, type CheckContext, error } from './check.ts';
import { isRefusal } from './account.ts';

interface Statement {
  readonly Sid: string;
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const day = 86_400_000;

/** The rights of the policies in templates/iam that the run needs, asked of IAM's policy simulator statement by statement. */
export const permissions: Check = {
  id: 'permissions',
  title: 'Rights that the run needs',
  needs: 'credentials',
  when: 'when-changed',
  catalogue: ['B15', 'B16'],
  subject: async (ctx) => ({
    caller: (await ctx.caller()).arn,
    // A plan by a role that may only read must not count as an answer for a run.
    purpose: ctx.purpose === 'plan',
    statements: (await statementsOf(ctx)).map((one) => ({ ...one })),
    // Rights change without a word to us.
    day: Math.floor(ctx.workplace.now() / day),
    // A sandbox that was started anew may have been told to deny something.
    sandbox: (await ctx.files.read(`${ctx.config.stateFolder}/sandbox/state.json`)) ?? null,
  }),
  run: async (ctx) => {
    if (ctx.purpose === 'plan') return { skipped: 'a plan changes nothing: rights to read are enough' };
    if (ctx.config.terraform.dir !== undefined)
      return { skipped: "the user's own Terraform tree may need other rights" };
    try {
      const denied = await Promise.all(
        (await statementsOf(ctx)).map(async (one) => ({
          sid: one.Sid,
          policy: one.policy,
          actions: await ctx.aws.denied(one.Action, scopeOf(one)),
        })),
      );
      return denied
        .filter(({ actions }) => actions.length > 0)
        .map(({ sid, policy, actions }) =>
          error(
            `${actions.join(', ')} would be denied (statement ${sid})`,
            `attach templates/iam/${policy} beside plan.json to the role; templates/iam/README.md says how`,
          ),
        );
    } catch (problem) {
      if (isRefusal(problem)) return { skipped: 'not checked: this role may not ask (iam:SimulatePrincipalPolicy)' };
      throw problem;
    }
  },
};

type Asked = Statement & { readonly policy: string };

/** The policies that the run needs, filled in. */
async function statementsOf(ctx: CheckContext): Promise<readonly Asked[]> {
  const { teardown } = ctx.config;
  const build = teardown === undefined || teardown.rebuild ? ['build.json'] : [];
  const destroy = teardown === undefined ? [] : ['destroy.json'];
  return (await Promise.all([...build, ...destroy].map((policy) => statementsIn(ctx, policy)))).flat();
}

/** A policy filled in, without what this configuration does not need. */
async function statementsIn({ caller, config, files }: CheckContext, policy: string): Promise<readonly Asked[]> {
  const { account, arn } = await caller();
  const text = (await files.read(`${config.program}/templates/iam/${policy}`)) ?? '{"Statement":[]}';
  const values: Readonly<Record<string, string>> = {
    account,
    partition: arn.split(':')[1] ?? 'aws',
    region: config.region,
    name: config.name,
    domain: config.domain ?? '',
  };
  const filled = text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  const { Statement: statements } = JSON.parse(filled) as { readonly Statement: readonly Statement[] };
  const left = new Set([
    ...(config.domain === undefined ? ofDomains : []),
    ...(config.teardown?.deleteData === true ? [] : ofData),
    ...(config.teardown?.backup === 'volumes' ? [] : ofBackups),
  ]);
  return statements.filter(({ Sid }) => !left.has(Sid)).map((one) => ({ ...one, policy }));
}

const ofData = ['DeleteData', 'DeleteSnapshots'];
const ofBackups = ['SaveVolumes', 'MakeSnapshots', 'TagSnapshotsAtBirth'];
const ofDomains = ['WriteRecords', 'RequestCertificate', 'ReplaceCertificate', 'DeleteRecords', 'DeleteCertificate'];

/** The simulator takes no wildcards in resources, and conditions hold only in a context: each gets an example. */
export function scopeOf({ Resource, Condition = {} }: Pick<Statement, 'Resource' | 'Condition'>): SimulatedScope {
  const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);
  return {
    resources: list(Resource).map(exampleOf),
    context: Object.entries(Condition).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => {
        const many = operator.startsWith('ForA');
        const values = list(value).map((one) => one.replaceAll('*', 'example'));
        // A key with one value is allowed one: the first will do.
        return { key, values: many ? values : values.slice(0, 1), list: many };
      }),
    ),
  };
}

/** An ARN that the pattern fits; `*` alone stays, for actions that know no resources. */
function exampleOf(pattern: string): string {
  if (pattern === '*') return pattern;
  const whole = pattern.endsWith(':*') ? `${pattern.slice(0, -1)}instance/i-0123456789abcdef0` : pattern;
  return whole.replaceAll('*', 'example');
}
