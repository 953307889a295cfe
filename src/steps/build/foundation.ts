import type { PlatformConfig } from '../../config/config.ts';
import type { TerraformRoot } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { type StepContext, stepWhen } from '../kit.ts';
import { dataBucket } from '../names.ts';
import { readOutputs } from './outputs.ts';
import { settleFacts } from './terraform-imports.ts';
import { type StateBackend, stateBackend } from './state-backend.ts';
import { previewOf, summarize, terraformRoot } from './terraform-root.ts';

/** What may outlive a rebuild: data bucket, Elastic IPs, certificate. Nothing slow is in this root; see terraform/README.md. */
export const foundation = stepWhen({
  id: 'foundation',
  title: 'Foundation (bucket, addresses, certificate)',
  needs: { backend: stateBackend },
  when: (config) => config.terraform.dir === undefined,
  repeat: 'safe',
  onCancel: 'drain',
  timeout: minutes(15),
  noProgressFor: minutes(5),
  locks: () => ['terraform/foundation'],
  inputs: (config, up) => ({ variables: variables(config, up.backend) }),
  check: async (ctx, up) => {
    const root = rootOf(ctx.config, up.backend);
    const { changes } = await ctx.terraform.plan(root, ctx.signal);
    if (changes.length > 0)
      return { state: 'needed', because: `Terraform has ${summarize(changes)}`, preview: previewOf(changes) };
    const outputs = await ctx.terraform.outputs(root, ctx.signal);
    // Without address, domain and bucket it holds nothing, so that a plan before the first apply has no changes either. This output is never null.
    if (outputs['elastic_ips'] === undefined)
      return { state: 'needed', because: 'Terraform has written no outputs yet' };
    return { state: 'satisfied', output: outputsOf(outputs), because: 'Terraform has no changes' };
  },
  settle: async (ctx, up) => {
    const facts = settleFacts(
      ctx.config,
      up.backend.clusterId,
      await ctx.aws.owned(up.backend.clusterId),
      'foundation',
    );
    for (const text of await ctx.terraform.settle(rootOf(ctx.config, up.backend), facts, ctx)) ctx.note(text);
  },
  apply: async (ctx, up) => {
    await adoptBucket(ctx, up.backend);
    const output = outputsOf(await ctx.terraform.apply(rootOf(ctx.config, up.backend), ctx));
    await ctx.ledger.record([
      ...(output.bucket === null
        ? []
        : [{ kind: 's3-bucket', id: output.bucket, unique: { account: up.backend.account }, step: 'foundation' }]),
      ...Object.entries(output.addresses).map(([name, address]) => ({
        kind: 'elastic-ip',
        id: address.allocation,
        name,
        unique: { address: address.address },
        step: 'foundation',
      })),
      ...(output.certificate === null
        ? []
        : [{ kind: 'certificate', id: output.certificate, unique: {}, step: 'foundation' }]),
    ]);
    return output;
  },
});

/** A teardown that kept the data left its bucket in no state: the next build of the same cluster id takes it up again. */
async function adoptBucket(ctx: StepContext, backend: StateBackend): Promise<void> {
  if (!ctx.config.addons.includes('etcd-backup')) return;
  const name = dataBucket(backend.clusterId, backend.account);
  const { exists, foreign, tags } = await ctx.aws.bucket(name);
  if (!exists || foreign !== undefined || tags['platform/cluster'] !== backend.clusterId) return;
  const facts = { existing: { 'aws_s3_bucket.this["data"]': name }, healthy: [] };
  for (const text of await ctx.terraform.settle(rootOf(ctx.config, backend), facts, ctx)) ctx.note(text);
}

const rootOf = (config: PlatformConfig, backend: StateBackend): TerraformRoot =>
  terraformRoot(config, 'foundation', backend, variables(config, backend));

const variables = (config: PlatformConfig, backend: StateBackend) => ({
  cluster_id: backend.clusterId,
  environment: config.environment,
  region: config.region,
  domain: config.domain ?? null,
  elastic_ips: Object.keys(config.nodes).filter((name) => config.nodes[name]?.eip === true),
  data_bucket: config.addons.includes('etcd-backup'),
});

const outputsOf = (outputs: Parameters<typeof readOutputs>[1]) =>
  readOutputs('foundation', outputs, {}, (read) => ({
    bucket: read.textOrNull('bucket'),
    addresses: read.each('elastic_ips', (ip) => ({
      allocation: ip.text('allocation_id'),
      address: ip.text('public_ip'),
    })),
    certificate: read.textOrNull('certificate_arn'),
    zone: read.textOrNull('zone_id'),
  }));
