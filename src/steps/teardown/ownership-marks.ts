import type { CloudReference, CloudResource } from '../../tools/ports.ts';
import type { Evidence, Ownership } from './inventory-types.ts';

/** Whose a resource is, and the sentence that justifies it. */
export interface Verdict {
  readonly class: Ownership;
  readonly because: string;
}

export const verdict = (ownership: Ownership, because: string): Verdict => ({ class: ownership, because });

/** One text for a reference: ids are unique within a kind only. */
export const keyOf = ({ kind, id }: CloudReference): string => `${kind} ${id}`;

/** What the tags of a resource say. Each list holds the tags themselves, ready for a sentence. */
export interface Marks {
  readonly ours: readonly string[];
  readonly others: readonly string[];
  /** Several clusters use it. */
  readonly shared?: string;
  /** Neither ours nor another's: contradicts itself, or has a value that nobody defines. */
  readonly odd?: string;
  /** A service that makes and keeps things by itself: AWS Backup copies our tags onto what it makes. */
  readonly maker?: string;
}

const clusterPrefix = 'kubernetes.io/cluster/';

/** Written by the load balancer controller beside its cluster tag (LBC pkg/deploy/tracking/provider.go); a person who copies the one leaves out the other. */
const controllerMarks = [
  'ingress.k8s.aws/stack',
  'ingress.k8s.aws/resource',
  'service.k8s.aws/stack',
  'service.k8s.aws/resource',
  'gateway.k8s.aws.alb/stack',
  'gateway.k8s.aws.nlb/stack',
  'elbv2.k8s.aws/resource',
];

/** Tags by which a cluster of another name is told: they prove nothing when the name is ours, since each creator writes a stronger one beside it. */
const othersOnly = ['KubernetesCluster', 'ingress.k8s.aws/cluster', 'ebs.csi.aws.com/cluster-name'];

const makers: Readonly<Record<string, string>> = {
  'aws:backup:': 'AWS Backup',
  'aws:dlm:': 'Data Lifecycle Manager',
  'aws:cloudformation:': 'CloudFormation',
  'aws:autoscaling:': 'an Auto Scaling group',
};

/** Reads every mark that a creator on AWS leaves; `ebs.csi.aws.com/cluster` is left out: it names the driver, not the cluster. */
export function marksOf(
  tags: Readonly<Record<string, string>>,
  { clusterId, environment }: Pick<Evidence, 'clusterId' | 'environment'>,
): Marks {
  const ours: string[] = [];
  const others: string[] = [];
  let shared: string | undefined;
  let odd: string | undefined;
  let maker: string | undefined;
  const judge = (tag: string, value: string): void => {
    if (value === clusterId) ours.push(`${tag}=${value}`);
    else others.push(`${tag}=${value}`);
  };
  for (const [tag, value] of Object.entries(tags)) {
    if (tag === 'platform/cluster') judge(tag, value);
    else if (tag === 'elbv2.k8s.aws/cluster') {
      if (value !== clusterId || controllerMarks.some((mark) => mark in tags)) judge(tag, value);
    } else if (othersOnly.includes(tag)) {
      if (value !== clusterId) others.push(`${tag}=${value}`);
    } else if (tag.startsWith(clusterPrefix)) {
      // kops: `shared` may only be untagged, an unknown value is treated as foreign.
      const name = tag.slice(clusterPrefix.length);
      if (value === 'shared') shared ??= `${tag}=shared`;
      else if (name !== clusterId) others.push(`${tag}=${value}`);
      else if (value === 'owned') ours.push(`${tag}=owned`);
      else odd ??= `tag ${tag} has the value "${value}", which is neither owned nor shared`;
    }
    for (const [prefix, name] of Object.entries(makers)) if (tag.startsWith(prefix)) maker ??= name;
  }
  const stated = tags['platform/environment'];
  if (tags['platform/cluster'] === clusterId && stated !== undefined && stated !== environment)
    odd ??= `tag platform/environment=${stated} contradicts platform/cluster=${clusterId}`;
  return {
    ours,
    others,
    ...(shared === undefined ? {} : { shared }),
    ...(odd === undefined ? {} : { odd }),
    ...(maker === undefined ? {} : { maker }),
  };
}

/** Whether the EBS CSI driver made it, for whichever cluster. */
export const isFromDriver = ({ tags }: CloudResource): boolean =>
  'ebs.csi.aws.com/cluster' in tags ||
  'CSIVolumeName' in tags ||
  'CSIVolumeSnapshotName' in tags ||
  'kubernetes.io/created-for/pv/name' in tags;
