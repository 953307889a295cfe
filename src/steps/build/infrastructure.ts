import type { PlatformConfig } from '../../config/config.ts';
import { PlatformError } from '../../errors.ts';
import type { LedgerEntry, TerraformRoot } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import { type PlatformProbe, type ReadContext, step } from '../kit.ts';
import { dataBucket } from '../names.ts';
import { readForeignMachines } from './foreign-machines.ts';
import { type OutputReader, readOutputs } from './outputs.ts';
import { type StateBackend, stateBackend } from './state-backend.ts';
import { settleFacts } from './terraform-imports.ts';
import { previewOf, summarize, terraformRoot } from './terraform-root.ts';

/** Canonical's images; the newest is taken once per machine and then kept (ignore_changes). */
export const image = { owner: '099720109477', name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*' };

type Infrastructure = Awaited<ReturnType<typeof described>>;

const running: PlatformProbe<Infrastructure> = {
  name: 'instances running',
  every: seconds(10),
  within: minutes(10),
  test: async (ctx, output) => {
    const found = new Map(
      (await instancesOf(ctx, output.clusterId, output.vpc)).map((instance) => [instance.id, instance.state]),
    );
    for (const [name, { id }] of Object.entries(output.nodes)) {
      const state = found.get(id);
      if (state === 'pending') return { is: 'waiting', because: `${name} (${id}) is pending` };
      if (state !== 'running')
        return {
          is: 'failed',
          because: `${name} (${id}) is ${state ?? 'not found'}`,
          next: ['run `platform up` again: Terraform will start or make it'],
        };
    }
    return { is: 'ready', because: `${Object.keys(output.nodes).length} instances running` };
  },
};

/** Network, firewall, key, role and machines: the root `cluster`, or the user's own tree. */
export const infrastructure = step({
  id: 'infrastructure',
  title: 'Infrastructure (network, role, machines)',
  needs: { backend: stateBackend },
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(20),
  noProgressFor: minutes(6),
  locks: () => ['terraform/cluster'],
  inputs: (config, up) => ({
    nodes: nodeVariables(config),
    vpc: config.network.vpc,
    allow: config.access.allow,
    cluster: up.backend.clusterId,
  }),
  check: async (ctx, up) => {
    const root = await rootOf(ctx, up.backend);
    const { changes } = await ctx.terraform.plan(root, ctx.signal);
    if (changes.length > 0)
      return { state: 'needed', because: `Terraform has ${summarize(changes)}`, preview: previewOf(changes) };
    return {
      state: 'satisfied',
      output: await described(ctx, up.backend, await ctx.terraform.outputs(root, ctx.signal)),
      because: 'Terraform has no changes',
    };
  },
  settle: async (ctx, up) => {
    // A user's own tree: nothing in it carries our tags, so its state alone decides, and a cut apply is planned anew.
    const own = ctx.config.terraform.dir !== undefined;
    const owned = own ? [] : await ctx.aws.owned(up.backend.clusterId);
    const facts = settleFacts(ctx.config, up.backend.clusterId, owned, 'cluster');
    for (const text of await ctx.terraform.settle(await rootOf(ctx, up.backend), facts, ctx)) ctx.note(text);
  },
  apply: async (ctx, up) => {
    const output = await described(ctx, up.backend, await ctx.terraform.apply(await rootOf(ctx, up.backend), ctx));
    await ctx.ledger.record(ledgerEntries(output));
    await ctx.ledger.mirror();
    return output;
  },
  ready: [running],
});

async function rootOf(ctx: ReadContext, backend: StateBackend): Promise<TerraformRoot> {
  const publicKey = await ctx.files.read(`${ctx.config.access.sshKey}.pub`);
  if (publicKey === undefined) {
    throw new PlatformError('KEY_UNREADABLE', {
      message: `${ctx.config.access.sshKey}.pub cannot be read`,
      next: [`ssh-keygen -y -f ${ctx.config.access.sshKey} > ${ctx.config.access.sshKey}.pub`],
    });
  }
  const { config } = ctx;
  return terraformRoot(config, 'cluster', backend, {
    cluster_id: backend.clusterId,
    environment: config.environment,
    region: config.region,
    vpc_cidr: config.network.vpc,
    allow: config.access.allow,
    ssh_public_key: publicKey.trim(),
    nodes: nodeVariables(config),
    data_bucket: config.addons.includes('etcd-backup') ? dataBucket(backend.clusterId, backend.account) : null,
    image,
  });
}

const nodeVariables = (config: PlatformConfig) =>
  Object.fromEntries(
    Object.entries(config.nodes).map(([name, { role, type, disk, eip, labels }]) => [
      name,
      { role, type, disk, eip, labels },
    ]),
  );

type Outputs = Parameters<typeof readOutputs>[1];

async function described(ctx: ReadContext, backend: StateBackend, outputs: Outputs) {
  const output = { ...outputsOf(ctx.config, outputs), clusterId: backend.clusterId };
  const ini = ctx.config.terraform.outputs['inventory'];
  return ini === undefined ? output : { ...output, ...(await readForeignMachines(ctx, output.vpc, ini, outputs[ini])) };
}

function outputsOf(config: PlatformConfig, outputs: Outputs) {
  const own = config.terraform.outputs['inventory'] === undefined;
  return readOutputs('cluster', outputs, config.terraform.outputs, (read) => ({
    vpc: read.text('vpc_id'),
    securityGroup: read.textOrNull('security_group_id'),
    keyPairId: read.textOrNull('key_pair_id'),
    keyName: read.textOrNull('key_name'),
    roleId: read.textOrNull('role_id'),
    certificate: read.textOrNull('acm_certificate_arn'),
    nodes: own ? read.each('nodes', nodeOf) : {},
  }));
}

const nodeOf = (node: OutputReader): Machine => ({
  id: node.text('id'),
  privateAddress: node.text('private_ip'),
  publicAddress: node.textOrNull('public_ip'),
  zone: node.text('availability_zone'),
  type: node.text('type'),
});

type Machine = {
  readonly id: string;
  readonly privateAddress: string;
  readonly publicAddress: string | null;
  readonly zone: string;
  readonly type: string;
};

function instancesOf(ctx: ReadContext, clusterId: string, vpc: string) {
  return ctx.config.terraform.dir === undefined ? ctx.aws.instances(clusterId) : ctx.aws.instancesIn(vpc);
}

function ledgerEntries(output: Infrastructure): readonly LedgerEntry[] {
  const one = (
    kind: string,
    id: string | null,
    unique: Readonly<Record<string, string>>,
    name?: string,
  ): LedgerEntry[] =>
    id === null ? [] : [{ kind, id, ...(name === undefined ? {} : { name }), unique, step: 'infrastructure' }];
  return [
    ...one('vpc', output.vpc, {}),
    ...one('security-group', output.securityGroup, { vpc: output.vpc }),
    ...one('key-pair', output.keyName, output.keyPairId === null ? {} : { keyPairId: output.keyPairId }),
    ...one('role', output.roleId, output.roleId === null ? {} : { roleId: output.roleId }),
    ...Object.entries(output.nodes).flatMap(([name, node]) =>
      one('instance', node.id, { vpc: output.vpc, zone: node.zone }, name),
    ),
  ];
}
