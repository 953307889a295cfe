import type { CloudKind } from '../../../src/tools/ports-estate.ts';
import type { MemoryAws } from './memory-aws.ts';
import type { Draft, Thing } from './thing.ts';

const prefixes: Partial<Record<CloudKind, string>> = {
  instance: 'i',
  'network-interface': 'eni',
  volume: 'vol',
  snapshot: 'snap',
  address: 'eipalloc',
  'security-group': 'sg',
  subnet: 'subnet',
  'route-table': 'rtb',
  'internet-gateway': 'igw',
  vpc: 'vpc',
  'nat-gateway': 'nat',
  'vpc-endpoint': 'vpce',
  'peering-connection': 'pcx',
  'vpn-gateway': 'vgw',
  'network-acl': 'acl',
};

/** States in the words of AWS where they are not `available`. */
const states: Partial<Record<CloudKind, string>> = {
  instance: 'running',
  'load-balancer': 'active',
  certificate: 'ISSUED',
  snapshot: 'completed',
  'target-group': '',
  address: '',
  'security-group': '',
  'key-pair': '',
  role: '',
  'instance-profile': '',
  policy: '',
  bucket: '',
  'dns-record': '',
  'route-table': '',
  'peering-connection': 'active',
  distribution: 'Deployed',
};

/** An id as the service makes them, the first state, and the facts that no namesake can have. */
export function identify(aws: MemoryAws, draft: Draft): Pick<Thing, 'id' | 'state' | 'unique'> {
  const { kind, name = '' } = draft;
  const digits = (count: number): string =>
    Array.from({ length: count }, () => aws.random.whole(0, 15).toString(16)).join('');
  const born = new Date(aws.clock.now() - aws.random.whole(1, 90) * 86_400_000).toISOString();
  const state = states[kind] ?? 'available';
  const arn = (service: string, rest: string): string => `arn:aws:${service}:${aws.region}:${aws.account}:${rest}`;
  const known = (id: string, unique: Record<string, string>) => ({ id, state, unique });
  switch (kind) {
    case 'load-balancer':
      return known(arn('elasticloadbalancing', `loadbalancer/app/${name}/${digits(16)}`), { created: born });
    case 'target-group':
      return known(arn('elasticloadbalancing', `targetgroup/${name}/${digits(16)}`), {});
    case 'certificate':
      return known(arn('acm', `certificate/${digits(8)}-${digits(12)}`), { created: born });
    case 'distribution':
      return known(`arn:aws:cloudfront::${aws.account}:distribution/E${digits(12).toUpperCase()}`, {});
    case 'policy':
      return known(`arn:aws:iam::${aws.account}:policy/${name}`, { policyId: `ANPA${digits(16).toUpperCase()}` });
    case 'role':
      return known(name, { roleId: `AROA${digits(16).toUpperCase()}`, created: born });
    case 'instance-profile':
      return known(name, { instanceProfileId: `AIPA${digits(16).toUpperCase()}`, created: born });
    case 'key-pair':
      return known(name, { keyPairId: `key-${digits(17)}`, created: born });
    case 'bucket':
      return known(name, { created: born });
    case 'dns-record':
      return known(draft.id ?? name, {});
    case 'auto-scaling-group':
    case 'classic-load-balancer':
      return known(name, {});
    default: {
      return known(`${prefixes[kind] ?? kind}-${digits(17)}`, factsOf(draft, born, aws.random.whole(1, 254)));
    }
  }
}

function factsOf({ kind, vpc }: Draft, born: string, number: number): Record<string, string> {
  const place: Record<string, string> = vpc === undefined ? {} : { vpc };
  if (kind === 'instance') return { ...place, launched: born };
  if (kind === 'volume') return { created: born };
  if (kind === 'snapshot') return { started: born };
  if (kind === 'address') return { address: `203.0.113.${number}` };
  return place;
}
