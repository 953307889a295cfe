import type { CloudResource, KubernetesObject } from '../../tools/ports.ts';
import { fieldOf, textOf } from '../probes/fields.ts';
import type { ClusterFindings, Finding, Inventory } from './inventory-types.ts';
import { recordOf } from './ownership-records.ts';

/** What a scan of any day says about the things that are ours. */
export interface Orphans {
  /** Ours, costs money, and nothing that stands would miss it: in no Terraform state, made by no object that the cluster still has. */
  readonly orphans: readonly Finding[];
  /** Made by a controller of ours; whether its object still lives cannot be asked, for the cluster does not answer. */
  readonly undecided: readonly Finding[];
}

/** Kinds that a step of the build makes by itself, outside of Terraform; it records each in the ledger. */
const madeByStep: ReadonlySet<CloudResource['kind']> = new Set(['dns-record', 'bucket'] as const);

/**
 * Sorts out what belongs to nothing any more. Left out: what dies with its parent or is taken away by AWS, what is declared kept, and snapshots,
 * which are kept for the day on which their volume is gone.
 */
export function orphansOf({ findings, kubernetes, evidence }: Inventory): Orphans {
  const isKnown = ({ resource, terraform, kept }: Finding): boolean =>
    terraform !== undefined ||
    kept !== undefined ||
    resource.phase !== 'live' ||
    resource.diesWith !== undefined ||
    resource.managedBy !== undefined ||
    resource.kind === 'snapshot' ||
    (evidence !== undefined && madeByStep.has(resource.kind) && isRecorded(recordOf(resource, evidence)));
  const open = findings.filter((finding) => isOurs(finding) && !isKnown(finding));
  if (kubernetes.is === 'unreachable')
    return {
      orphans: open.filter((finding) => !isControllers(finding)),
      undecided: open.filter(isControllers),
    };
  const live = kubernetes.is === 'answers' ? kubernetes.findings : undefined;
  return { orphans: open.filter((finding) => live === undefined || !isWanted(finding, live)), undecided: [] };
}

/** Everything of ours that is there and goes by itself: what an unfinished teardown still has before it. */
export function leftOf({ findings }: Inventory): readonly Finding[] {
  return findings.filter(
    (finding) =>
      isOurs(finding) &&
      finding.kept === undefined &&
      finding.resource.phase !== 'gone' &&
      finding.resource.diesWith === undefined &&
      finding.resource.managedBy === undefined,
  );
}

const isOurs = ({ class: ownership }: Finding): boolean => ownership === 'owned' || ownership === 'data';

const isRecorded = ({ proof, byName }: { readonly proof?: string; readonly byName?: string }): boolean =>
  proof !== undefined || byName !== undefined;

/** The security group that all load balancers of a cluster share; it stands for none of them. */
const isShared = ({ tags }: CloudResource): boolean => tags['elbv2.k8s.aws/resource'] === 'backend-sg';

const isControllers = ({ resource, origin }: Finding): boolean => origin !== undefined || isShared(resource);

/** Whether an object of the live cluster stands behind it. */
function isWanted({ resource, origin = '' }: Finding, live: ClusterFindings): boolean {
  const entrances = [...live.ingresses, ...live.services, ...live.gateways];
  if (isShared(resource)) return entrances.length > 0;
  if (resource.kind === 'volume' && live.volumes.some((volume) => handleOf(volume) === resource.id)) return true;
  const group = /^Ingress group (.+)$/.exec(origin)?.[1];
  if (group !== undefined) return live.ingresses.some(({ metadata }) => isOfGroup(metadata, group));
  return [...entrances, ...live.claims].some(
    ({ kind, metadata }) => origin === `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
  );
}

/** By its annotation, or by the finalizer of the group where the class names it (LBC pkg/ingress/finalizer.go). */
const isOfGroup = ({ annotations, finalizers }: KubernetesObject['metadata'], group: string): boolean =>
  annotations?.['alb.ingress.kubernetes.io/group.name'] === group ||
  finalizers?.includes(`group.ingress.k8s.aws/${group}`) === true;

const handleOf = (volume: KubernetesObject): string | undefined =>
  textOf(volume, 'spec', 'csi', 'volumeHandle') ??
  textOf(fieldOf(volume, 'spec', 'awsElasticBlockStore'), 'volumeID')
    ?.split('/')
    .at(-1);
