/** Names that a person knows, singular and plural, where the kind's own word is not enough. */
const names: Readonly<Record<string, readonly [one: string, many: string]>> = {
  address: ['Elastic IP', 'Elastic IPs'],
  policy: ['IAM policy', 'IAM policies'],
  role: ['IAM role', 'IAM roles'],
  'dns-record': ['DNS record', 'DNS records'],
  vpc: ['VPC', 'VPCs'],
  'vpc-endpoint': ['VPC endpoint', 'VPC endpoints'],
  'vpn-gateway': ['VPN gateway', 'VPN gateways'],
  'nat-gateway': ['NAT gateway', 'NAT gateways'],
  'network-acl': ['network ACL', 'network ACLs'],
  distribution: ['CloudFront distribution', 'CloudFront distributions'],
  'auto-scaling-group': ['Auto Scaling group', 'Auto Scaling groups'],
  ingress: ['Ingress', 'Ingresses'],
  service: ['LoadBalancer Service', 'LoadBalancer Services'],
  'persistent-volume-claim': ['volume claim', 'volume claims'],
  'rabbitmq-cluster': ['RabbitMQ cluster', 'RabbitMQ clusters'],
  gateway: ['Gateway', 'Gateways'],
  'helm-release': ['Helm release', 'Helm releases'],
};

/** What a kind of thing is called: `load balancer`, or `load balancers` for any other count than one. */
export function kindText(kind: string, count = 1): string {
  const known = names[kind];
  if (known !== undefined) return count === 1 ? known[0] : known[1];
  const word = kind.replaceAll('-', ' ');
  return count === 1 ? word : `${word}${word.endsWith('s') ? '' : 's'}`;
}

/** `4 instances, 1 VPC`, in the order given, kinds that count nothing left out; a number and its kind are not broken apart. */
export function countsText(counts: readonly { readonly kind: string; readonly count: number }[]): string {
  return counts
    .flatMap(({ kind, count }) => (count > 0 ? [`${count} ${kindText(kind, count)}`.replaceAll(' ', '\u00A0')] : []))
    .join(', ');
}

/** An id as it is shown: an ARN without what the heading tells already; the whole is in --json. */
export function idText(id: string): string {
  return /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$/.exec(id)?.[1] ?? id;
}

/** Kinds whose name is unique in a region, and whose id is only a longer form of it. */
const calledByName: ReadonlySet<string> = new Set(['load-balancer', 'target-group', 'auto-scaling-group']);

/** How one thing is called: its kind, its id, and its name where that says more. */
export function thingText({ kind, id, name }: { kind: string; id: string; name: string }): string {
  if (name !== '' && calledByName.has(kind)) return `${kindText(kind)} ${name}`;
  return `${kindText(kind)} ${idText(id)}${name === '' || id.endsWith(name) ? '' : ` (${name})`}`;
}
