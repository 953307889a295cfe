import { PlatformError } from '../../../errors.ts';
import type { CloudKind, EstateWriter } from '../../ports-estate.ts';
import { once, openSession } from '../session.ts';
import type { AwsOptions } from '../session.ts';
import { acm } from './acm.ts';
import { machines } from './ec2-machines.ts';
import { openEc2 } from './ec2-union.ts';
import { volumes } from './ec2-volumes.ts';
import type { KindAdapter } from './family.ts';
import { iam } from './iam.ts';
import { interfaces } from './interfaces.ts';
import { loadBalancing } from './load-balancing.ts';
import { network } from './network.ts';
import { refused } from './refused.ts';
import { route53 } from './route53.ts';
import { s3 } from './s3.ts';
import { securityGroups } from './security-groups.ts';

/**
 * The estate in AWS itself. Sends nothing yet, loads the client of a service only when it is first asked, and keeps nothing: each listing is fresh.
 */
export function openEstate(options: AwsOptions): EstateWriter {
  const session = openSession(options);
  const ec2 = once(() => openEc2(session));
  const groups = once(async () => securityGroups(await ec2()));
  const parts = {
    machines: once(async () => machines(await ec2())),
    volumes: once(async () => volumes(await ec2())),
    interfaces: once(async () => interfaces(await ec2())),
    network: once(async () => network(await ec2())),
    refused: once(async () => refused(await ec2())),
    balancing: once(() => loadBalancing(session)),
    iam: once(() => iam(session)),
    acm: once(() => acm(session)),
    route53: once(() => route53(session)),
    s3: once(() => s3(session)),
  };

  const adapters: Readonly<Record<CloudKind, () => Promise<KindAdapter>>> = {
    instance: async () => (await parts.machines()).instance,
    'key-pair': async () => (await parts.machines())['key-pair'],
    volume: async () => (await parts.volumes()).volume,
    snapshot: async () => (await parts.volumes()).snapshot,
    'network-interface': async () => (await parts.interfaces())['network-interface'],
    address: async () => (await parts.interfaces()).address,
    'security-group': groups,
    subnet: async () => (await parts.network()).subnet,
    'route-table': async () => (await parts.network())['route-table'],
    'internet-gateway': async () => (await parts.network())['internet-gateway'],
    vpc: async () => (await parts.network()).vpc,
    'load-balancer': async () => (await parts.balancing())['load-balancer'],
    'target-group': async () => (await parts.balancing())['target-group'],
    role: async () => (await parts.iam()).role,
    'instance-profile': async () => (await parts.iam())['instance-profile'],
    policy: async () => (await parts.iam()).policy,
    certificate: async () => (await parts.acm()).certificate,
    distribution: async () => (await parts.acm()).distribution,
    'dns-record': async () => (await parts.route53())['dns-record'],
    bucket: async () => (await parts.s3()).bucket,
    'nat-gateway': async () => (await parts.refused())['nat-gateway'],
    'vpc-endpoint': async () => (await parts.refused())['vpc-endpoint'],
    'peering-connection': async () => (await parts.refused())['peering-connection'],
    'vpn-gateway': async () => (await parts.refused())['vpn-gateway'],
    'network-acl': async () => (await parts.refused())['network-acl'],
    'auto-scaling-group': async () => (await parts.refused())['auto-scaling-group'],
    'classic-load-balancer': async () => (await parts.refused())['classic-load-balancer'],
  };

  return {
    list: async (kind, scope) => (await adapters[kind]()).list(scope),

    remove: async (resource, choices = {}) => {
      const adapter = await adapters[resource.kind]();
      // What a service takes away itself, and what dies with its parent, is awaited: asking for it would do harm or be refused.
      const because =
        adapter.remove === undefined
          ? 'platform never makes this kind, and deletes none'
          : resource.managedBy !== undefined
            ? `it belongs to the AWS service ${resource.managedBy}`
            : undefined;
      if (adapter.remove === undefined || because !== undefined)
        throw new PlatformError('FOREIGN', {
          message: `${resource.kind} ${resource.id} is not deleted: ${because ?? ''}`,
          next: ['have its owner take it away, then run the same command again'],
          facts: { kind: resource.kind, id: resource.id },
        });
      await adapter.remove(resource, choices);
    },

    revoke: async (group, rules) => (await groups()).revoke(group, rules),
  };
}
