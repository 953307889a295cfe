import type { PlatformConfig } from '../../config/config.ts';
import type { CloudKind, EstateScope, LedgerEntry, StateResource, TerraformRoot } from '../../tools/ports.ts';
import { removableKinds } from '../../tools/ports-estate.ts';
import { terraformRoot } from '../build/terraform-root.ts';
import { identityFile, parseIdentity } from '../identity.ts';
import type { ReadContext } from '../kit.ts';
import { stateBucket, stateKey } from '../names.ts';
import { fieldOf, listOf, textOf } from '../probes/fields.ts';
import { referenceOf } from './evidence-terraform.ts';
import type { Evidence, KubernetesState } from './inventory-types.ts';
import { isEntryOf } from './ownership-records.ts';

/** Who this cluster is, and where its states are. */
export interface Identity {
  readonly account: string;
  /** null: state: local was asked for. */
  readonly bucket: string | null;
  readonly clusterId: string;
}

/** undefined: no cluster id was ever minted, so nothing was ever built, or everything was removed. */
export async function readIdentity(ctx: ReadContext): Promise<Identity | undefined> {
  const { account } = await ctx.aws.caller();
  const bucket = ctx.config.state.kind === 'local' ? null : stateBucket(ctx.config, account);
  const text =
    bucket === null
      ? await ctx.files.read(`${ctx.config.stateFolder}/${identityFile}`)
      : await ctx.aws.object(bucket, stateKey(ctx.config, identityFile));
  const clusterId = parseIdentity(text);
  return clusterId === undefined ? undefined : { account, bucket, clusterId };
}

/**
 * The ledger of this machine and the copy beside the Terraform state: another machine may have built what this one takes apart. A line of the
 * copy that cannot be read is left out: it proves less, never more.
 */
export async function readRecords(
  ctx: ReadContext,
  { bucket }: Pick<Identity, 'bucket'>,
): Promise<readonly LedgerEntry[]> {
  const own = await ctx.ledger.entries();
  const copy = bucket === null ? undefined : await ctx.aws.object(bucket, stateKey(ctx.config, 'ledger.ndjson'));
  const known = new Set(own.map(textOfEntry));
  const further = (copy ?? '').split('\n').flatMap((line) => parseEntry(line) ?? []);
  return [...own, ...further.filter((entry) => !known.has(textOfEntry(entry)))];
}

/** Where records and Terraform states come from: read now, unless somebody knows them already. */
interface EvidenceSource {
  readonly records: (identity: Identity) => Promise<readonly LedgerEntry[]>;
  readonly state: (root: TerraformRoot) => Promise<readonly StateResource[]>;
}

/** Everything but the live listing that ownership is proven from. Reads both Terraform states; asks no provider. */
export async function gatherEvidence(
  ctx: ReadContext,
  identity: Identity,
  kubernetes: KubernetesState,
  { records, state }: EvidenceSource = {
    records: (who) => readRecords(ctx, who),
    state: (root) => ctx.terraform.resources(root, ctx.signal),
  },
): Promise<Evidence> {
  const { config } = ctx;
  const roots = config.terraform.dir === undefined ? (['foundation', 'cluster'] as const) : (['cluster'] as const);
  const [ledger, ...states] = await Promise.all([
    records(identity),
    ...roots.map((name) => state(terraformRoot(config, name, identity, {}))),
  ]);
  const terraform = states.flatMap((state, index) =>
    state.flatMap((resource) => {
      const reference = referenceOf(resource, identity.account);
      return reference === undefined
        ? []
        : [
            {
              ...reference,
              root: roots[index] ?? 'cluster',
              address: resource.address,
              ...(resource.unique === undefined ? {} : { unique: resource.unique }),
            },
          ];
    }),
  );
  const recorded = ledger.filter((entry) => isEntryOf('vpc', entry)).map(({ id }) => id);
  return {
    clusterId: identity.clusterId,
    environment: config.environment,
    account: identity.account,
    ...(identity.bucket === null ? {} : { stateBucket: identity.bucket }),
    vpcs: [...new Set([...recorded, ...terraform.filter(({ kind }) => kind === 'vpc').map(({ id }) => id)])],
    ledger,
    terraform,
    volumes: new Map([...recordedVolumes(ledger), ...liveVolumes(kubernetes)]),
    hostnames: hostnamesOf(kubernetes),
    bringYourOwn: config.terraform.dir !== undefined,
  };
}

/** Kinds that stand in one VPC all their lives: an internet gateway may be detached. */
const staysInVpc: ReadonlySet<CloudKind> = new Set([
  'instance',
  'network-interface',
  'security-group',
  'subnet',
  'route-table',
] as const);

/** Where the account is looked at, given what is known. */
export function scopeOf(
  evidence: Evidence,
  config: PlatformConfig,
  further: EstateScope['recorded'] = {},
): EstateScope {
  const recorded: Partial<Record<CloudKind, string[]>> = {};
  const add = (kind: CloudKind, id: string): void => {
    const ids = (recorded[kind] ??= []);
    if (!ids.includes(id)) ids.push(id);
  };
  for (const { kind, id } of evidence.terraform) add(kind, id);
  // A role that was recorded by its RoleId is found by the beginning of its name; what never leaves its VPC, by that.
  for (const entry of evidence.ledger)
    for (const kind of removableKinds)
      if (
        isEntryOf(kind, entry) &&
        entry.unique['roleId'] !== entry.id &&
        entry.id !== evidence.stateBucket &&
        !(staysInVpc.has(kind) && entry.unique['vpc'] !== undefined)
      )
        add(kind, entry.id);
  for (const volume of evidence.volumes.keys()) add('volume', volume);
  for (const kind of removableKinds) for (const id of further[kind] ?? []) add(kind, id);
  // Also where recorded things stand, in a network that is on no record: who stands there beside them may hold them.
  const places = evidence.ledger.flatMap(({ unique }) => unique['vpc'] ?? []);
  return {
    cluster: evidence.clusterId,
    vpcs: [...new Set([...evidence.vpcs, ...places])],
    ...(config.domain === undefined ? {} : { domain: config.domain }),
    recorded,
  };
}

type Volumes = readonly (readonly [string, { readonly origin: string; readonly retain: boolean }])[];

/** What an earlier look learned from the API, which may be gone by now. The fact `reclaim` is written by destroy-inventory. */
const recordedVolumes = (ledger: readonly LedgerEntry[]): Volumes =>
  ledger.flatMap(({ kind, id, name, unique }) =>
    kind === 'volume' && unique['reclaim'] !== undefined
      ? [[id, { origin: name ?? `volume ${id}`, retain: unique['reclaim'] !== 'Delete' }] as const]
      : [],
  );

function liveVolumes(kubernetes: KubernetesState): Volumes {
  if (kubernetes.is !== 'answers') return [];
  return kubernetes.findings.volumes.flatMap((volume) => {
    // In-tree volumes name theirs aws://ZONE/vol-...
    const handle =
      textOf(volume, 'spec', 'csi', 'volumeHandle') ??
      textOf(volume, 'spec', 'awsElasticBlockStore', 'volumeID')?.split('/').at(-1);
    if (handle === undefined) return [];
    const claim = fieldOf(volume, 'spec', 'claimRef');
    const origin =
      claim === undefined
        ? `PersistentVolume ${volume.metadata.name}`
        : `PersistentVolumeClaim ${textOf(claim, 'namespace')}/${textOf(claim, 'name')}`;
    const retain = textOf(volume, 'spec', 'persistentVolumeReclaimPolicy') !== 'Delete';
    return [[handle, { origin, retain }] as const];
  });
}

function hostnamesOf(kubernetes: KubernetesState): ReadonlyMap<string, string> {
  if (kubernetes.is !== 'answers') return new Map();
  const { ingresses, services } = kubernetes.findings;
  return new Map(
    [...ingresses, ...services].flatMap((object) =>
      listOf(object, 'status', 'loadBalancer', 'ingress').flatMap((entry) => {
        const hostname = textOf(entry, 'hostname');
        const origin = `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
        return hostname === undefined ? [] : [[hostname, origin] as const];
      }),
    ),
  );
}

function parseEntry(line: string): LedgerEntry[] | undefined {
  if (line.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const [kind, id, step] = ['kind', 'id', 'step'].map((field) => textOf(value, field));
    const unique = fieldOf(value, 'unique');
    if (kind === undefined || id === undefined || step === undefined || typeof unique !== 'object' || unique === null)
      return undefined;
    const name = textOf(value, 'name');
    const facts = Object.entries(unique).filter((fact): fact is [string, string] => typeof fact[1] === 'string');
    return [{ kind, id, ...(name === undefined ? {} : { name }), unique: Object.fromEntries(facts), step }];
  } catch {
    return undefined;
  }
}

const textOfEntry = ({ kind, id, name, unique, step }: LedgerEntry): string =>
  JSON.stringify([kind, id, name ?? '', Object.entries(unique).sort(([a], [b]) => a.localeCompare(b)), step]);
