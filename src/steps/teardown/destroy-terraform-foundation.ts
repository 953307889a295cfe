import { PlatformError } from '../../errors.ts';
import type { StateResource } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { stepWhen, type StepContext } from '../kit.ts';
import { nameOf } from './blockers.ts';
import { destroyBackup } from './destroy-backup.ts';
import { destroySnapshots } from './destroy-snapshots.ts';
import { destroyInventory } from './destroy-inventory.ts';
import { destroyLoadBalancers } from './destroy-load-balancers.ts';
import { takePartialInventory } from './inventory.ts';
import { refuseLeftovers, refuseStrangers } from './sweep-strangers.ts';
import { refuseWhereSweepCannotEnd } from './foundation-guard.ts';
import type { Finding } from './inventory-types.ts';
import { recentState } from './known-evidence.ts';
import { changing, listRecent } from './recent-listings.ts';
import { patient } from './sweep-patience.ts';
import { awaitUnbound } from './terraform-addresses.ts';
import {
  destroyRoot,
  type Destruction,
  forgetAll,
  lookAtRoot,
  refuseForeign,
  rootToDestroy,
  settleRoot,
} from './terraform-destroy.ts';

type Kept = { readonly id: string; readonly because: string };

/**
 * Elastic IPs, certificate, data bucket: they need ended machines and gone load balancers, not gone interfaces, so that they go while the sweep waits for
 * those. A bucket with data in it stays unless --delete-data was given, and is then taken out of the state: with
 * `-target` of all others it would stay there, and the next life, whose bucket has another name, would plan to replace it. The next `up` that
 * keeps the cluster id adopts it again (steps/build/foundation); for any other it is data of an id that is gone.
 */
export const destroyTerraformFoundation = stepWhen({
  id: 'destroy-terraform-foundation',
  title: 'Terraform destroy (foundation)',
  needs: {
    inventory: destroyInventory,
    backup: destroyBackup,
    snapshots: destroySnapshots,
    balancers: destroyLoadBalancers,
  },
  when: (config) => config.terraform.dir === undefined && config.teardown?.keepFoundation !== true,
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(60),
  noProgressFor: minutes(10),
  locks: () => ['terraform/foundation'],
  inputs: (config, { inventory }) => ({
    cluster: inventory.clusterId,
    deleteData: config.teardown?.deleteData === true,
  }),
  check: async (ctx, { inventory }) => {
    const none: { destroyed: number; kept: readonly Kept[] } = { destroyed: 0, kept: [] };
    if (inventory.clusterId === '') return { state: 'satisfied', output: none, because: 'nothing was ever built' };
    const root = await rootToDestroy(ctx, 'foundation', inventory);
    const resources = await recentState(ctx, root);
    if (resources.length === 0)
      return { state: 'satisfied', output: none, because: 'the Terraform state foundation holds nothing' };
    const preview = resources.map(({ address }) => `delete ${address}`);
    return { state: 'needed', because: `the Terraform state foundation holds ${resources.length} resources`, preview };
  },
  settle: async (ctx, { inventory }) => await settleRoot(ctx, 'foundation', inventory),
  apply: async (ctx, { inventory }) => {
    const look = await lookAtRoot(ctx, 'foundation', inventory);
    const buckets = bucketsOf(look);
    const kept = buckets.filter(({ kept: because }) => because !== undefined);
    const staying = look.resources.filter((one) => kept.some(({ resource }) => isPartOf(one, resource.id)));
    const going = look.resources.filter((one) => !staying.includes(one));
    refuseForeign(look, going);
    // The sweep goes on beside this step. An Elastic IP that is gone is lost for good: it stays while something stands in the way of the rest.
    if (ctx.config.teardown?.cleanup === true) await refuseWhereSweepCannotEnd(ctx, look.evidence);
    if (going.some(({ type }) => type === 'aws_acm_certificate')) await refuseUsersOfCertificate(ctx, look);
    for (const { resource, kept: because } of kept)
      ctx.note(`${nameOf(resource)} stays (${because}): taken out of the Terraform state`);
    if (staying.length > 0) await forgetAll(ctx, look.root, staying);
    for (const finding of buckets)
      if (finding.kept === undefined && finding.class === 'data') await empty(ctx, finding);
    await awaitUnbound(ctx, look);
    return {
      destroyed: await destroyRoot(ctx, look, going),
      kept: kept.map(({ resource, kept: because = '' }): Kept => ({ id: resource.id, because })),
    };
  },
});

/** The provider asks for minutes for a certificate that a distribution or a listener has (catalogue E10); without --cleanup nobody takes ours away. */
async function refuseUsersOfCertificate(ctx: StepContext, { evidence }: Destruction): Promise<void> {
  const world = patient(ctx);
  const kinds = ['certificate', 'load-balancer', 'distribution'] as const;
  const findings = await takePartialInventory(world, evidence, kinds, (kind, scope) => listRecent(world, kind, scope));
  if (ctx.config.teardown?.cleanup === true) refuseStrangers(findings);
  else refuseLeftovers({ findings });
}

const bucketsOf = ({ findings, resources }: Destruction): readonly Finding[] => {
  const ids = new Set(resources.filter(({ type }) => type === 'aws_s3_bucket').map(({ id }) => id));
  return findings.filter(({ resource }) => resource.kind === 'bucket' && ids.has(resource.id));
};

/** Versioning, encryption, policy and the rest have the bucket's name as their id, or before a comma. */
const isPartOf = ({ type, id }: StateResource, bucket: string): boolean =>
  type.startsWith('aws_s3_bucket') && (id === bucket || id.startsWith(`${bucket},`));

/** Terraform deletes no bucket that holds anything (force_destroy is off on purpose): this does, page by page. */
async function empty(ctx: StepContext, { resource, because }: Finding): Promise<void> {
  await ctx.audit({
    action: 'delete',
    target: `${nameOf(resource)} with all its objects`,
    because: `--delete-data, ${because}`,
  });
  await changing(ctx, () => ctx.estate.remove(resource, { withData: true, note: (text) => ctx.note(text) }));
  const left = await ctx.aws.bucket(resource.id);
  if (left.exists)
    throw new PlatformError('LEFTOVERS', {
      message: `${nameOf(resource)} is still there after it was emptied`,
      next: ['somebody writes into it: stop that, then run the same command again'],
      class: 'transient',
      facts: { bucket: resource.id },
    });
}
