import type { KubernetesObject } from '../../../tools/ports.ts';
import { refusedAs } from '../shared/aws.ts';
import { addFinalizer, dropFinalizer } from '../shared/controller.ts';
import type { Tools } from '../shared/controller.ts';
import { conditionStatus, fieldOf, listOf, numberOf, textOf } from '../shared/fields.ts';
import { referenceTo } from '../shared/kubernetes.ts';
import { keyOf, servicePort } from './ingress-groups.ts';
import type { Settings, Stack, TargetGroup } from './stack.ts';

const kind = { apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'TargetGroupBinding' } as const;
const finalizer = 'elbv2.k8s.aws/resources';

const labelsOf = ({ family, id }: Pick<Stack, 'family' | 'id'>): Readonly<Record<string, string>> => {
  const [namespace = '', name] = id.split('/');
  return name === undefined
    ? { [`${family}/stack`]: id }
    : { [`${family}/stack-namespace`]: namespace, [`${family}/stack-name`]: name };
};

/** The binding that ties a target group to its Service: an object in the Service's namespace, named as the target group. */
export async function ensureBinding(
  { kubernetes }: Tools,
  settings: Settings,
  stack: Stack,
  wanted: { readonly group: TargetGroup; readonly arn: string; readonly backend: string },
  present: readonly KubernetesObject[],
): Promise<void> {
  const { group, arn, backend } = wanted;
  const { namespace, name, port } = group.service;
  const live = present.find((one) => one.metadata.namespace === namespace && one.metadata.name === group.name);
  if (live !== undefined && textOf(live, 'spec', 'targetGroupARN') === arn) return;
  await kubernetes.apply({
    ...kind,
    metadata: { name: group.name, namespace, labels: labelsOf(stack) },
    spec: {
      targetGroupARN: arn,
      targetType: 'instance',
      ipAddressType: 'ipv4',
      vpcID: settings.vpc,
      serviceRef: { name, port },
      networking: {
        ingress: [
          { from: [{ securityGroup: { groupID: backend } }], ports: [{ protocol: 'TCP', port: group.nodePort }] },
        ],
      },
    },
  });
}

/** Deletes the bindings of a stack that it no longer wants; says whether any is left. */
export async function removeBindings(
  { kubernetes }: Tools,
  stack: Pick<Stack, 'family' | 'id'>,
  keep: ReadonlySet<string>,
  present: readonly KubernetesObject[],
): Promise<boolean> {
  const mine = Object.entries(labelsOf(stack));
  const unwanted = present.filter(
    ({ metadata }) => mine.every(([key, value]) => metadata.labels?.[key] === value) && !keep.has(metadata.name),
  );
  for (const one of unwanted)
    if (one.metadata.deletionTimestamp === undefined) await kubernetes.remove(referenceTo(one));
  return unwanted.length > 0;
}

/** A node that takes traffic: ready, of AWS, and not excluded, as control-plane nodes are. */
export function trafficNodes(nodes: readonly KubernetesObject[]): readonly string[] {
  return nodes
    .filter(
      (node) =>
        conditionStatus(node, 'Ready') === 'True' &&
        node.metadata.labels?.['node.kubernetes.io/exclude-from-external-load-balancers'] === undefined &&
        !listOf(node, 'spec', 'taints').some((taint) => textOf(taint, 'key') === 'ToBeDeletedByClusterAutoscaler'),
    )
    .map((node) => textOf(node, 'spec', 'providerID')?.split('/').at(-1) ?? '')
    .filter((id) => id.startsWith('i-'))
    .sort();
}

/** Registers the nodes with a binding's target group under its node port, and takes others out. Deleted: all out, then let go. */
export async function bindTargets(
  tools: Tools,
  binding: KubernetesObject,
  services: readonly KubernetesObject[],
  instances: readonly string[],
): Promise<void> {
  const arn = textOf(binding, 'spec', 'targetGroupARN') ?? '';
  const deleted = binding.metadata.deletionTimestamp !== undefined;
  if (!deleted) await addFinalizer(tools.kubernetes, binding, finalizer);
  const { namespace = 'default' } = binding.metadata;
  const reference = fieldOf(binding, 'spec', 'serviceRef') as { readonly name: string; readonly port: number | string };
  const service = services.find((one) => one.metadata.namespace === namespace && one.metadata.name === reference.name);
  const nodePort = service === undefined ? 0 : (servicePort(service, reference.port)?.nodePort ?? 0);
  const wanted = deleted || nodePort === 0 ? [] : instances.map((id) => `${id} ${nodePort}`);
  await register(tools, arn, wanted);
  if (deleted) await dropFinalizer(tools.kubernetes, binding, finalizer);
  else if (numberOf(binding, 'status', 'observedGeneration') !== binding.metadata.generation)
    await tools.kubernetes.patch(
      referenceTo(binding),
      { status: { observedGeneration: binding.metadata.generation } },
      'status',
    );
}

async function register({ aws, note }: Tools, arn: string, wanted: readonly string[]): Promise<void> {
  const targets = (list: readonly string[]) =>
    list.map((one) => ({ Id: one.split(' ')[0] ?? '', Port: one.split(' ')[1] ?? '' }));
  try {
    const health = listOf(await aws.elbv2('DescribeTargetHealth', { TargetGroupArn: arn }), 'TargetHealthDescriptions');
    const present = health
      .filter((one) => textOf(one, 'TargetHealth', 'State') !== 'draining')
      .map((one) => `${textOf(one, 'Target', 'Id')} ${textOf(one, 'Target', 'Port')}`);
    const missing = wanted.filter((one) => !present.includes(one));
    const gone = present.filter((one) => !wanted.includes(one));
    if (missing.length > 0) {
      await aws.elbv2('RegisterTargets', { TargetGroupArn: arn, Targets: targets(missing) });
      note(`registered ${missing.length} targets in ${arn.split('/')[1]}`);
    }
    if (gone.length > 0) await aws.elbv2('DeregisterTargets', { TargetGroupArn: arn, Targets: targets(gone) });
  } catch (error) {
    if (!(wanted.length === 0 && refusedAs(error, /^TargetGroupNotFound/))) throw error;
  }
}

/** What the bindings need of the nodes' security groups. */
export function networkingPorts(bindings: readonly KubernetesObject[]): readonly number[] {
  const ports = bindings
    .filter((binding) => binding.metadata.deletionTimestamp === undefined)
    .flatMap((binding) => listOf(binding, 'spec', 'networking', 'ingress'))
    .flatMap((rule) => listOf(rule, 'ports'))
    .map((port) => numberOf(port, 'port') ?? 0);
  return [...new Set(ports)].sort((a, b) => a - b);
}

export const bindingKey = (binding: KubernetesObject): string =>
  `${keyOf(binding)} ${binding.metadata.uid} ${binding.metadata.deletionTimestamp ?? ''}`;
export const listBindings = ({ kubernetes }: Tools): Promise<readonly KubernetesObject[]> =>
  kubernetes.list(kind.apiVersion, kind.kind);
