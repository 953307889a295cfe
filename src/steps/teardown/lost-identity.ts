import { PlatformError } from '../../errors.ts';
import type { CloudKind } from '../../tools/ports.ts';
import { terraformRoot } from '../build/terraform-root.ts';
import { identityFile } from '../identity.ts';
import type { ReadContext } from '../kit.ts';
import { stateBucket, stateKey } from '../names.ts';
import { isEntryOf } from './ownership-records.ts';

/** Never data and never kept: while one stands, no teardown came to its end. */
const telling: readonly CloudKind[] = ['vpc', 'instance'];

/**
 * Refuses to believe that nothing was ever built, where only the id of the cluster is lost: a Terraform state that holds something, or a recorded
 * network or machine that still stands. Without the id nothing of it would be looked for, and an empty look would be called a clean end.
 */
export async function refuseLostIdentity(ctx: ReadContext, account: string): Promise<void> {
  const found = (await fullState(ctx, account)) ?? (await standing(ctx));
  if (found === undefined) return;
  const { config } = ctx;
  const bucket = config.state.kind === 'local' ? undefined : stateBucket(config, account);
  const object =
    bucket === undefined ? `${config.stateFolder}/${identityFile}` : `s3://${bucket}/${stateKey(config, identityFile)}`;
  throw new PlatformError('CONTRACT_BROKEN', {
    message: `${object} is gone, which says which cluster this is, but ${found}`,
    next: [
      bucket === undefined
        ? `restore ${object}: {"clusterId": "NAME-ENV-xxxxx"}, as the tag platform/cluster of its resources has it`
        : `restore an earlier version of ${object}: the bucket keeps them`,
      'then run the same command again',
    ],
    facts: { object },
  });
}

async function fullState(ctx: ReadContext, account: string): Promise<string | undefined> {
  const { config } = ctx;
  const bucket = config.state.kind === 'local' ? null : stateBucket(config, account);
  if (bucket !== null && !(await ctx.aws.bucket(bucket)).exists) return undefined;
  const roots = config.terraform.dir === undefined ? (['foundation', 'cluster'] as const) : (['cluster'] as const);
  for (const name of roots) {
    const root = terraformRoot(config, name, { account, bucket, clusterId: '' }, {});
    const { length } = await ctx.terraform.resources(root, ctx.signal);
    if (length > 0) return `the Terraform state ${name} holds ${length} resources`;
  }
  return undefined;
}

async function standing(ctx: ReadContext): Promise<string | undefined> {
  const entries = await ctx.ledger.entries();
  for (const kind of telling) {
    const ids = entries.filter((entry) => isEntryOf(kind, entry)).map(({ id }) => id);
    if (ids.length === 0) continue;
    const scope = { cluster: '-', vpcs: kind === 'vpc' ? ids : [], recorded: { [kind]: ids } };
    const live = (await ctx.estate.list(kind, scope)).find(({ id, phase }) => ids.includes(id) && phase !== 'gone');
    if (live !== undefined) return `the ${kind} ${live.id}, which this environment made, still stands`;
  }
  return undefined;
}
