import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteNetworkInterfaceCommand,
  DeleteSecurityGroupCommand,
  DeleteVolumeCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  EC2Client,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroup,
} from '@aws-sdk/client-ec2';
import {
  DeleteLoadBalancerCommand,
  DescribeLoadBalancersCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { World } from './world.ts';

export interface OldRun {
  /** Milliseconds. */
  readonly wall: number;
  readonly slept: number;
  readonly terraform: number;
  readonly exitCode: number;
  /** What Terraform said last, when it failed. */
  readonly error: string;
}

/**
 * What the shell script that platform takes the place of did to the same world: its order of calls, its sleeps (times `scale`), its filters
 * (eco2-team/backend at 2d3a6819, destroy-with-cleanup; steps D2 to D16 of the catalogue). Written anew from that description. In its favour: what
 * blocked for ever there (deleting claims that pods still use) is not waited for, its two Terraform roots run side by side, and each call of
 * the AWS command line is one of the SDK, without the second of start-up.
 */
export async function replayOldOrder(
  world: World,
  { scale, kubernetes }: { readonly scale: number; readonly kubernetes: 'answers' | 'does not answer' },
): Promise<OldRun> {
  const start = performance.now();
  let slept = 0;
  const pause = async (seconds: number): Promise<void> => {
    slept += seconds * 1000 * scale;
    await sleep(seconds * 1000 * scale);
  };
  if (kubernetes === 'answers') {
    await cleanThroughKubernetes(world);
    await pause(30);
  }
  await cleanByFilters(world, pause);
  await pause(60);
  const begun = performance.now();
  const roots = await Promise.all(['cluster', 'foundation'].map((root) => destroyRoot(world, root)));
  const failed = roots.find(({ code }) => code !== 0);
  return {
    wall: performance.now() - start,
    slept,
    terraform: performance.now() - begun,
    exitCode: failed?.code ?? 0,
    error: failed === undefined ? '' : (/Error: [^\n]+/.exec(failed.text)?.[0] ?? failed.text.slice(-300)),
  };
}

async function cleanThroughKubernetes({ project }: World): Promise<void> {
  const { tools } = project.sandbox();
  const env = { KUBECONFIG: join(project.stateFolder, 'kubeconfig') };
  const kubectl = (...words: string[]) => run(tools.kubectl, words, project.folder, env);
  const uninstall = (release: string, namespace: string) =>
    run(tools.helm, ['uninstall', release, '--namespace', namespace], project.folder, env);
  await kubectl('delete', 'ingresses', '--all', '--all-namespaces');
  // Services of type LoadBalancer: the loop never had a name to delete.
  await kubectl('delete', 'persistentvolumeclaims', '--all', '--all-namespaces', '--wait=false');
  await uninstall('prometheus', 'monitoring');
  await kubectl('delete', 'rabbitmqclusters', 'rabbitmq', '--namespace', 'messaging');
  await uninstall('argocd', 'argocd');
  await uninstall('aws-load-balancer-controller', 'kube-system');
}

async function cleanByFilters(world: World, pause: (seconds: number) => Promise<void>): Promise<void> {
  const settings = {
    region: 'ap-northeast-2',
    endpoint: world.endpoint,
    credentials: { accessKeyId: 'old', secretAccessKey: 'old' },
  };
  const ec2 = new EC2Client(settings);
  const elb = new ElasticLoadBalancingV2Client(settings);
  const vpc = (await world.everything()).find(({ kind, id }) => kind === 'vpc' && world.made.has(`vpc ${id}`))?.id;
  const inVpc = { Name: 'vpc-id', Values: [vpc ?? ''] };

  const volumes = await ec2.send(
    new DescribeVolumesCommand({
      Filters: [
        { Name: 'tag-key', Values: ['kubernetes.io/created-for/pvc/name'] },
        { Name: 'status', Values: ['available'] },
      ],
    }),
  );
  for (const { VolumeId } of volumes.Volumes ?? []) await tried(ec2.send(new DeleteVolumeCommand({ VolumeId })));

  const groups = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [inVpc, { Name: 'group-name', Values: ['k8s-*'] }] }),
  );
  for (const group of groups.SecurityGroups ?? []) {
    const remove = () => tried(ec2.send(new DeleteSecurityGroupCommand({ GroupId: group.GroupId })));
    if (await remove()) continue;
    await revokeOwnRules(ec2, group);
    await pause(2);
    await remove();
  }

  const balancers = await elb.send(new DescribeLoadBalancersCommand({}));
  const found = (balancers.LoadBalancers ?? []).filter(({ VpcId }) => VpcId === vpc);
  for (const { LoadBalancerArn } of found) await tried(elb.send(new DeleteLoadBalancerCommand({ LoadBalancerArn })));
  if (found.length > 0) await pause(10);

  const interfaces = await ec2.send(
    new DescribeNetworkInterfacesCommand({ Filters: [inVpc, { Name: 'status', Values: ['available'] }] }),
  );
  for (const { NetworkInterfaceId } of interfaces.NetworkInterfaces ?? [])
    await tried(ec2.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })));
  ec2.destroy();
  elb.destroy();
}

async function revokeOwnRules(ec2: EC2Client, group: SecurityGroup): Promise<void> {
  const { GroupId, IpPermissions = [], IpPermissionsEgress = [] } = group;
  if (IpPermissions.length > 0)
    await tried(ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions })));
  if (IpPermissionsEgress.length > 0)
    await tried(ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: IpPermissionsEgress })));
}

/** Errors went to /dev/null. */
async function tried(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}

/** In the copy in which `up` has initialised it, with the variables of `up`. */
async function destroyRoot(
  { project, endpoint }: World,
  root: string,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const home = join(project.stateFolder, 'terraform', root);
  const newest = (suffix: string): string =>
    readdirSync(home)
      .filter((name) => (suffix === '' ? !name.includes('.') : name.endsWith(suffix)))
      .map((name) => join(home, name))
      .toSorted((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs)[0] ?? '';
  const configuration = project.sandbox().terraformConfiguration;
  const env = {
    AWS_ACCESS_KEY_ID: 'old',
    AWS_SECRET_ACCESS_KEY: 'old',
    AWS_REGION: 'ap-northeast-2',
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    CHECKPOINT_DISABLE: '1',
    ...(configuration === undefined ? {} : { TF_CLI_CONFIG_FILE: configuration }),
  };
  const folder = join(newest(''), 'tree');
  const words = ['destroy', '-auto-approve', '-input=false', '-no-color', `-var-file=${newest('.tfvars.json')}`];
  return run('terraform', words, folder, env);
}

function run(
  program: string,
  words: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, words, { cwd, env: { PATH, HOME, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, text });
    });
  });
}

const running = new Set<{ kill(signal: NodeJS.Signals): boolean }>();

/** Tools that this replay has started end with it. */
export function stopOldOrder(): void {
  for (const child of running) child.kill('SIGTERM');
}
