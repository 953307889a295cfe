import { PlatformError } from '../errors.ts';
import { dataBucket } from '../steps/names.ts';
import { type Check, type CheckContext, error, warning } from './check.ts';

const minute = 60_000;
/** A whole build with its slowest parts, as long as no run of this environment says otherwise. */
const buildTime = 45 * minute;
/** Signatures of AWS are refused beyond five minutes (SigV4, "RequestTimeTooSkewed" at 15 for S3). */
const clock = { refused: 5 * minute, strange: minute };

export const credentials: Check = {
  id: 'credentials',
  title: 'AWS credentials and clock',
  needs: 'config',
  when: 'always',
  catalogue: ['A5'],
  run: async ({ caller, config, purpose, workplace }) => {
    const { arn, expires, skew = 0 } = await caller();
    const left = expires === undefined ? undefined : expires - workplace.now();
    const off = config.target === 'sandbox' ? 0 : Math.abs(skew);
    const clockText = `the clock of this machine is ${Math.round(off / 1000)} s ${skew > 0 ? 'behind' : 'ahead of'} AWS`;
    return [
      left !== undefined && left < buildTime && purpose !== 'plan'
        ? [
            error(
              `the credentials of ${arn} end in ${Math.max(0, Math.floor(left / minute))} min; a build may take ${buildTime / minute}`,
              'log in anew, for an hour or longer',
            ),
          ]
        : [],
      off >= clock.refused ? [error(clockText, 'set it: timedatectl set-ntp true')] : [],
      off >= clock.strange && off < clock.refused
        ? [warning(clockText, 'set it before AWS refuses its signatures: timedatectl set-ntp true')]
        : [],
    ].flat();
  },
};

export const quotas: Check = {
  id: 'quotas',
  title: 'Room for the machines and addresses',
  needs: 'credentials',
  when: 'always',
  catalogue: ['B7', 'B8'],
  run: async (ctx) => {
    const { aws, config } = ctx;
    if (config.terraform.dir !== undefined)
      return { skipped: "the machines are those of the user's own Terraform tree" };
    const clusterId = await ctx.clusterId();
    const existing = clusterId === undefined ? [] : await aws.instances(clusterId);
    const running = existing.filter(({ state }) => state === 'running' || state === 'pending');
    const missing = Object.entries(config.nodes).filter(
      ([name, { type }]) => !running.some((one) => one.node === name && one.type === type),
    );
    if (missing.length === 0) return [];
    const types = missing.map(([, { type }]) => type);
    const [sizes, limits] = await Promise.all([aws.instanceTypes(types), aws.quotas()]);
    const unknown = [...new Set(types.filter((type) => sizes[type] === undefined))];
    const cores = types.reduce((sum, type) => sum + (/^[acdhimrtz]\d/.test(type) ? (sizes[type]?.vcpus ?? 0) : 0), 0);
    const { standardVcpus, elasticAddresses } = limits;
    return [
      ...unknown.map((type) =>
        error(`${config.region} has no instance type ${type}`, 'name another one in platform.yaml: nodes'),
      ),
      ...(standardVcpus.used + cores > standardVcpus.limit
        ? [
            error(
              `${missing.length} machines need ${cores} vCPUs; ${standardVcpus.used} of ${standardVcpus.limit} are in use`,
              `ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-1216C47A --desired-value ${standardVcpus.used + cores} --region ${config.region}`,
              'take fewer or smaller machines',
            ),
          ]
        : []),
      ...(await addressFindings(ctx, clusterId, elasticAddresses)),
    ];
  },
};

async function addressFindings(
  { aws, config }: CheckContext,
  clusterId: string | undefined,
  { limit, used }: { readonly limit: number; readonly used: number },
) {
  const wanted = Object.values(config.nodes).filter(({ eip }) => eip).length;
  if (used + wanted <= limit) return [];
  // Only now is it worth counting which of the used ones are ours.
  const own =
    clusterId === undefined ? 0 : (await aws.owned(clusterId)).filter(({ type }) => type === 'aws_eip').length;
  if (used + wanted - own <= limit) return [];
  return [
    error(
      `${wanted - own} Elastic IPs are needed; ${used} of ${limit} are in use`,
      `ask for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0263D0A3 --desired-value ${used + wanted - own} --region ${config.region}`,
      'release one, or take `eip: true` off a node',
    ),
  ];
}

export const names: Check = {
  id: 'names',
  title: "Nobody else's things bear our names",
  needs: 'credentials',
  when: 'always',
  catalogue: ['B10', 'B11'],
  run: async ({ aws, caller, clusterId, config, ledger }) => {
    if (config.terraform.dir !== undefined) return { skipped: "the names are those of the user's own Terraform tree" };
    const id = await clusterId();
    if (id === undefined) return { skipped: 'the first build draws the letters that make its names unique' };
    const wanted = [
      { kind: 'key-pair', name: `${id}-key`, type: 'aws_key_pair' },
      { kind: 'role', name: `${id}-node`, type: 'aws_iam_role' },
      { kind: 'instance-profile', name: `${id}-node`, type: 'aws_iam_instance_profile' },
      { kind: 'bucket', name: dataBucket(id, (await caller()).account), type: 'aws_s3_bucket' },
    ];
    const recorded = await ledger.entries();
    // The ledger of a built cluster answers without a call.
    if (recorded.some(({ kind, id: key }) => kind === 'key-pair' && key === `${id}-key`)) return [];
    const existing = await aws.existing(wanted.map(({ kind, name }) => ({ kind, name })));
    if (existing.length === 0) return [];
    const own = await aws.owned(id);
    return wanted
      .filter(({ kind, name }) => existing.some((one) => one.kind === kind && one.name === name))
      .filter(({ type, name }) => !own.some((one) => one.type === type && one.id === name))
      .map(({ kind, name }) =>
        error(
          `the ${kind} ${name} exists and does not carry our tag`,
          `find out whose it is; tag it platform/cluster=${id} only if this cluster made it`,
        ),
      );
  },
};

export const keyPair: Check = {
  id: 'key-pair',
  title: 'AWS knows the same SSH key',
  needs: 'credentials',
  when: 'always',
  catalogue: ['A11', 'A12', 'A13'],
  run: async ({ aws, clusterId, config, workplace }) => {
    if (config.target === 'sandbox') return { skipped: 'the local AWS makes other fingerprints than EC2' };
    const id = await clusterId();
    if (id === undefined) return { skipped: 'there is no key pair before the first build' };
    const found = await aws.keyPair(`${id}-key`);
    if (found === undefined) return [];
    const { fingerprints } = await workplace.key(config.access.sshKey);
    const known = found.fingerprint.replace(/=+$/, '');
    if (known === fingerprints.imported || known === fingerprints.made) return [];
    return [
      error(
        `${config.access.sshKey} is not the key of ${id}-key (AWS has ${found.fingerprint}): no machine would let us in`,
        'name the key that the cluster was built with: access.sshKey',
      ),
    ];
  },
};

export const hostedZone: Check = {
  id: 'hosted-zone',
  title: 'Hosted zone of the domain',
  needs: 'credentials',
  when: 'always',
  catalogue: ['A19'],
  run: async ({ aws, config, network, signal }) => {
    const { domain } = config;
    if (domain === undefined) return { skipped: 'no domain is configured: no DNS records and no certificate' };
    const zone = await aws.zone(domain);
    if (zone === undefined)
      return [
        error(
          `Route 53 has no public hosted zone for ${domain}`,
          `aws route53 create-hosted-zone --name ${domain} --caller-reference $(date +%s)`,
          'leave `domain` out: no DNS, no certificate',
        ),
      ];
    if (config.target === 'sandbox') return [];
    const delegated = await delegation(domain, (name) => network.nameServers(name, signal)).catch(() => undefined);
    if (delegated === undefined)
      return [
        warning(
          `the name servers of ${domain} cannot be asked for from here`,
          'check the connection; a build needs DNS',
        ),
      ];
    const bare = (name: string): string => name.replace(/\.$/, '').toLowerCase();
    if (delegated.some((name) => zone.nameServers.map(bare).includes(bare(name)))) return [];
    return [
      error(
        `${domain} is not delegated to its hosted zone: the internet asks ${delegated.join(', ') || 'nobody'}`,
        `set these name servers at the registrar: ${zone.nameServers.join(', ')}`,
      ),
    ];
  },
};

/** The name servers of the domain, or of the domain above that it is a part of. */
async function delegation(
  domain: string,
  ask: (name: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const found = await ask(domain);
  const above = domain.split('.').slice(1);
  return found.length > 0 || above.length < 2 ? found : delegation(above.join('.'), ask);
}

/** A simulation that is itself refused tells nothing. */
export function isRefusal(problem: unknown): boolean {
  return problem instanceof PlatformError && /AccessDenied|UnauthorizedOperation/.test(String(problem.facts['name']));
}
