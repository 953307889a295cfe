import { PlatformError } from '../errors.ts';
import type { Host } from './inventory-files.ts';

/** A node as the inventory recorded it. */
export interface FoundNode {
  readonly name: string;
  readonly host: Host;
}

type Hosts = Readonly<Record<string, Host>>;

/**
 * The node that a person means: by our name (which is Kubernetes' name too), instance id, address, or the host name that EC2 derives from the private
 * address. USAGE with what they may have meant.
 */
export function findNode(word: string, hosts: Hosts, near: (word: string) => string | undefined): FoundNode {
  const wanted = word.toLowerCase();
  const found = Object.entries(hosts).find(([name, host]) => namesOf(name, host).includes(wanted));
  if (found !== undefined) return { name: found[0], host: found[1] };
  const suggestion = near(word);
  throw new PlatformError('USAGE', {
    message: `no node is called ${word}`,
    next: [
      ...(suggestion === undefined ? [] : [`did you mean ${suggestion}?`]),
      `the nodes are: ${Object.entries(hosts)
        .map(([name, { instance }]) => `${name} (${instance})`)
        .join(', ')}`,
    ],
    facts: { node: word },
  });
}

/** EC2's own host names, IP-based naming: `ip-10-0-1-10` and, with the zone's domain, `ip-10-0-1-10.REGION.compute.internal`. */
function namesOf(name: string, { address, privateAddress, instance, zone }: Host): readonly string[] {
  const derived = `ip-${privateAddress.replaceAll('.', '-')}`;
  const region = zone.replace(/[a-z]$/, '');
  const domain = region === 'us-east-1' ? 'ec2.internal' : `${region}.compute.internal`;
  return [name.toLowerCase(), instance, address, privateAddress, derived, `${derived}.${domain}`];
}
