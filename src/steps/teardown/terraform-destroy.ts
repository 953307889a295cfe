import type { Json } from '../../engine/types.ts';
import type { PlatformConfig } from '../../config/config.ts';
import type { CloudKind, StateResource, TerraformRoot } from '../../tools/ports.ts';
import { image } from '../build/infrastructure.ts';
import { terraformRoot } from '../build/terraform-root.ts';
import type { ReadContext, StepContext } from '../kit.ts';
import type { DestroyInventory } from './destroy-inventory.ts';
import { gatherEvidence, scopeOf } from './evidence.ts';
import { referenceOf } from './evidence-terraform.ts';
import type { Evidence, Finding } from './inventory-types.ts';
import { takePartialInventory } from './inventory.ts';
import { changingState, knownEvidence, recentState } from './known-evidence.ts';
import { listRecent } from './recent-listings.ts';
import { patient } from './sweep-patience.ts';
import { type Agreement, agreeTo, findingsByAddress } from './terraform-agreement.ts';
import { destroyWatched } from './terraform-stall.ts';

export type RootName = 'foundation' | 'cluster';

/** Accepted by EC2's rules for a key, and never sent: a destruction makes nothing. */
const noKey = `ssh-ed25519 ${'A'.repeat(68)}`;

/**
 * The root as a destruction needs it. What is destroyed is what the state holds, whatever the variables say: these only have to pass the
 * root's own rules, so that a cluster goes whose key file is gone and whose domain has changed since it was built.
 */
export async function rootToDestroy(
  ctx: ReadContext,
  name: RootName,
  inventory: DestroyInventory,
): Promise<TerraformRoot> {
  const key = await ctx.files.read(`${ctx.config.access.sshKey}.pub`).catch(() => undefined);
  return terraformRoot(ctx.config, name, inventory, variablesOf(ctx.config, name, inventory.clusterId, key?.trim()));
}

function variablesOf(
  config: PlatformConfig,
  name: RootName,
  clusterId: string,
  key: string | undefined,
): Readonly<Record<string, Json>> {
  const { environment, region, network, access, nodes } = config;
  const common = { cluster_id: clusterId, environment, region };
  if (name === 'foundation') return { ...common, domain: null, elastic_ips: [], data_bucket: false };
  return {
    ...common,
    vpc_cidr: network.vpc,
    allow: access.allow,
    ssh_public_key: key === undefined || key === '' ? noKey : key,
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([node, { role, type, disk, eip, labels }]) => [
        node,
        { role, type, disk, eip, labels },
      ]),
    ),
    data_bucket: null,
    image,
  };
}

export interface Destruction {
  readonly root: TerraformRoot;
  readonly evidence: Evidence;
  readonly resources: readonly StateResource[];
  readonly findings: readonly Finding[];
}

/**
 * What the state holds, and a listing of all kinds in it with their verdicts: fresh, or of a moment ago where nothing of ours has changed anything since.
 * Terraform takes longer than that moment to start.
 */
export async function lookAtRoot(
  world: ReadContext,
  name: RootName,
  inventory: DestroyInventory,
): Promise<Destruction> {
  const ctx = patient(world);
  const root = await rootToDestroy(ctx, name, inventory);
  const [resources, evidence] = await Promise.all([recentState(ctx, root), evidenceFor(ctx, inventory)]);
  const kinds = new Set<CloudKind>(resources.flatMap((one) => referenceOf(one, inventory.account)?.kind ?? []));
  // The same calls show both, and who has a certificate is asked next.
  if (kinds.has('certificate')) kinds.add('distribution');
  const findings =
    kinds.size === 0
      ? []
      : await takePartialInventory(ctx, evidence, [...kinds], (kind, scope) => listRecent(ctx, kind, scope));
  return { root, evidence, resources, findings };
}

/** Of the cluster that the run began with, whatever became of its identity file. */
export async function evidenceFor(ctx: ReadContext, inventory: DestroyInventory): Promise<Evidence> {
  const known = await knownEvidence(ctx);
  if (known?.clusterId === inventory.clusterId) return known;
  return gatherEvidence(ctx, inventory, { is: 'left-out', because: 'Terraform asks no Kubernetes' });
}

type Looked = Pick<Destruction, 'root' | 'evidence' | 'findings'>;

const agreementOn = ({ root, evidence, findings }: Looked, resources: readonly StateResource[]): Agreement => ({
  root: root.name,
  account: evidence.account,
  resources,
  findings,
});

const agreeToAll = (agreement: Agreement): void =>
  agreeTo(
    agreement.resources.map(({ address, type }) => ({ address, type, actions: ['delete'] })),
    agreement,
  );

/** Throws FOREIGN where one of these may not be destroyed: asked before anything that cannot be taken back. */
export const refuseForeign = (look: Looked, resources: readonly StateResource[]): void =>
  agreeToAll(agreementOn(look, resources));

/** Destroys all that the state of the root holds, after every resource of it was proven ours and written down. */
export async function destroyRoot(
  ctx: StepContext,
  { root, evidence, findings }: Destruction,
  resources: readonly StateResource[],
): Promise<number> {
  const agreement = agreementOn({ root, evidence, findings }, resources);
  // Before the first word is written down as deleted.
  agreeToAll(agreement);
  const known = findingsByAddress(agreement);
  for (const { address, id } of resources) {
    const proof = known.get(address)?.[0]?.because;
    const because = `in the Terraform state ${root.name}${proof === undefined ? '' : `, ${proof}`}`;
    await ctx.audit({ action: 'delete', target: id === '' ? address : `${address} (${id})`, because });
  }
  await changingState(
    ctx,
    () => destroyWatched(ctx, root, evidence, resources, (changes) => agreeTo(changes, agreement)),
    root.name === 'foundation' ? kindsOfFoundation : undefined,
  );
  return resources.length;
}

/**
 * Takes machines that a fresh listing shows as terminated out of our own state. The provider would ask to end them again, and waits ten seconds
 * before it looks (measured with 5.100: 25 resources in 13.9 s, 21 of them in 3.6 s without the machines).
 */
export async function forgetEnded(ctx: StepContext, look: Destruction): Promise<Destruction> {
  const { root, resources, evidence } = look;
  if (evidence.bringYourOwn || !resources.some(isMachine)) return look;
  const listed = await listRecent(patient(ctx), 'instance', scopeOf(evidence, ctx.config));
  const ended = new Set(listed.filter(({ phase }) => phase === 'gone').map(({ id }) => id));
  const gone = resources.filter((one) => isMachine(one) && ended.has(one.id));
  if (gone.length === 0) return look;
  ctx.note(`${gone.length} machines have ended: taken out of the Terraform state`);
  await forgetAll(ctx, root, gone);
  return { ...look, resources: resources.filter((one) => !gone.includes(one)) };
}

/** Takes them out of the state and leaves what they name where it is. */
export const forgetAll = (ctx: StepContext, root: TerraformRoot, resources: readonly StateResource[]): Promise<void> =>
  changingState(
    ctx,
    () =>
      ctx.terraform.forget(
        root,
        resources.map(({ address }) => address),
        ctx,
      ),
    nothingInAws,
  );

const nothingInAws: readonly CloudKind[] = [];

/** All that its destruction can change in any listing: an interface shows the address that it has. */
const kindsOfFoundation = [
  'address',
  'network-interface',
  'certificate',
  'distribution',
  'dns-record',
  'bucket',
] as const satisfies readonly CloudKind[];

const isMachine = ({ type }: StateResource): boolean => type === 'aws_instance';

/** After an interruption: an own dead lock is released, a state that could not be saved is pushed. What is damaged is destroyed all the same. */
export async function settleRoot(ctx: StepContext, name: RootName, inventory: DestroyInventory): Promise<void> {
  if (inventory.clusterId === '') return;
  const root = await rootToDestroy(ctx, name, inventory);
  let changed = true;
  try {
    const did = await ctx.terraform.settle(root, { existing: {}, healthy: [] }, ctx);
    changed = did.length > 0;
    for (const text of did) ctx.note(text);
  } finally {
    if (changed) await changingState(ctx, async () => undefined);
  }
}
