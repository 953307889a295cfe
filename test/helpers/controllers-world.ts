import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startControlPlane } from '../../src/sandbox/control-plane/cluster.ts';
import type { ControlPlane } from '../../src/sandbox/control-plane/cluster.ts';
import { nodeObject } from '../../src/sandbox/control-plane/node-object.ts';
import { openAws as openWire } from '../../src/sandbox/controllers/shared/aws.ts';
import type { Aws as Wire } from '../../src/sandbox/controllers/shared/aws.ts';
import { fieldOf, listOf, textOf } from '../../src/sandbox/controllers/shared/fields.ts';
import { openAws } from '../../src/tools/aws/aws.ts';
import { openCluster } from '../../src/tools/kube/cluster.ts';
import type { OpenCluster } from '../../src/tools/kube/cluster.ts';
import { systemClock } from '../../src/tools/clock.ts';
import type { AwsReader } from '../../src/tools/ports.ts';
import { cachedPrograms, childRunner, freePorts, plainFiles } from './control-plane.ts';
import { awsPython, helmProgram } from './tool-caches.ts';
import { until } from './until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const found = await cachedPrograms();

export const clusterId = 'sesacthon-dev-a1b2c';
export const region = 'ap-northeast-2';
export const nodeNames = ['k8s-master', 'k8s-worker-1', 'k8s-worker-2', 'k8s-storage'] as const;

/** Why the world cannot be made on this machine; empty when it can. */
export const missing = [
  ...('missing' in found.found ? ['no control plane in the cache'] : []),
  ...(helmProgram === undefined ? ['no helm in the cache'] : []),
  ...(awsPython === undefined ? ['no Python for the local AWS'] : []),
].join(', ');

/** A cluster of four simulated machines in a local AWS, with the stand-in controllers as the supervisor starts them. */
export interface ControllersWorld {
  readonly vpc: string;
  /** Of the local AWS. */
  readonly endpoint: string;
  readonly kubeconfig: string;
  /** Removed at the end. */
  readonly folder: string;
  readonly cluster: OpenCluster;
  readonly aws: AwsReader;
  /** Raw calls, for what the product never asks. */
  readonly wire: Wire;
  readonly instances: readonly string[];
  helm(...args: string[]): Promise<void>;
  valuesFile(name: string, text: string): string;
  /** Everything in AWS: type and id. */
  snapshot(): Promise<Readonly<Record<string, unknown>>>;
  setFaults(faults: object): void;
  /** Resident memory of the controllers' process in megabytes, and its processor time in seconds. */
  usage(): { readonly megabytes: number; readonly seconds: number };
  log(): string;
  killControllers(): Promise<void>;
  startControllers(): void;
  close(): Promise<void>;
}

export async function makeControllersWorld(): Promise<ControllersWorld> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-controllers-'));
  const undo: (() => Promise<unknown> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const one of undo.splice(0).toReversed()) await one();
  };
  try {
    const [endpoint, plane] = await Promise.all([startAws(folder, undo), startPlane(folder, undo)]);
    const wire = openWire({ endpoint, region, userAgent: 'test' });
    const { vpc, machines } = await makeNetwork(wire);
    await until('the machines run', async () =>
      listOf(await wire.ec2('DescribeInstances', {}), 'reservationSet').every(
        (reservation) => textOf(reservation, 'instancesSet', 0, 'instanceState', 'name') === 'running',
      ),
    );
    const cluster = await openCluster({ kubeconfig: plane.kubeconfig, clock: systemClock, version: 'test' });
    undo.push(() => {
      cluster.close();
      wire.close();
    });
    const admin = await plane.connect('platform-test');
    for (const body of machines.map((machine, index) => nodeOf(machine, index)))
      await admin.send({ method: 'POST', path: '/api/v1/nodes', body });
    admin.close();

    const faults = join(folder, 'faults.json');
    const output: string[] = [];
    let child: ChildProcess | undefined;
    const startControllers = (): void => {
      child = spawn(process.execPath, [here('../../src/sandbox/controllers/main.ts')], {
        env: {
          PATH: process.env['PATH'],
          PLATFORM_SANDBOX_KUBECONFIG: plane.kubeconfig,
          PLATFORM_SANDBOX_AWS_ENDPOINT: endpoint,
          PLATFORM_SANDBOX_REGION: region,
          PLATFORM_SANDBOX_FAULTS: faults,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (part: Buffer) => output.push(part.toString()));
    };
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child?.once('exit', resolve));
      child.kill(signal);
      await ended;
    };
    undo.push(() => end('SIGTERM'));
    startControllers();
    return {
      vpc,
      endpoint,
      kubeconfig: plane.kubeconfig,
      folder,
      cluster,
      aws: openAws({ region, endpoint }),
      wire,
      instances: machines.map(({ id }) => id),
      helm: async (...args) => {
        const env = {
          HOME: folder,
          HELM_CACHE_HOME: folder,
          HELM_CONFIG_HOME: folder,
          HELM_DATA_HOME: folder,
          KUBECONFIG: plane.kubeconfig,
        };
        await promisify(execFile)(helmProgram ?? '', args, { env, maxBuffer: 64 * 1024 * 1024 });
      },
      valuesFile: (name, text) => {
        const file = join(folder, `${name}.yaml`);
        writeFileSync(file, text);
        return file;
      },
      snapshot: async () => (await (await fetch(`${endpoint}/_sandbox/snapshot`)).json()) as Record<string, unknown>,
      // A half-written file would be no fault.
      setFaults: (value) => {
        writeFileSync(`${faults}.next`, JSON.stringify(value));
        renameSync(`${faults}.next`, faults);
      },
      usage: () => usageOf(child?.pid ?? 0),
      log: () => output.join(''),
      killControllers: () => end('SIGKILL'),
      startControllers,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Undo = (() => Promise<unknown> | void)[];

async function startAws(folder: string, undo: Undo): Promise<string> {
  const portFile = join(folder, 'port.json');
  const server = spawn(awsPython ?? '', ['-m', 'platform_aws_sandbox', '--port-file', portFile, '--delay', '1'], {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      PYTHONPATH: here('../../sandbox/aws'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  undo.push(async () => {
    if (server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  });
  const text = await until('the local AWS answers', () => plainFiles.read(portFile), 60_000);
  return `http://127.0.0.1:${(JSON.parse(text) as { port: number }).port}`;
}

async function startPlane(folder: string, undo: Undo): Promise<ControlPlane> {
  if ('missing' in found.found) throw new Error(missing);
  const [api = 0, etcd = 0, etcdPeer = 0] = await freePorts(3);
  const plane = await startControlPlane(
    { runner: childRunner(), files: plainFiles, clock: systemClock },
    found.found.programs,
    {
      folder: join(folder, 'cluster'),
      stages: [here('../../sandbox/stages/node.yaml'), here('../../sandbox/stages/pod.yaml')],
      ports: { api, etcd, etcdPeer },
      names: [],
      advertise: '10.0.1.10',
      podCidr: '192.168.0.0/16',
      serviceCidr: '10.96.0.0/12',
    },
    new AbortController().signal,
  );
  undo.push(() => plane.stop());
  return plane;
}

interface Machine {
  readonly id: string;
  readonly zone: string;
}

/** What Terraform would make: a VPC, public subnets in two zones, the nodes' security group and four machines. */
async function makeNetwork(wire: Wire): Promise<{ vpc: string; machines: readonly Machine[] }> {
  const made = await wire.ec2('CreateVpc', { CidrBlock: '10.0.0.0/16' });
  const vpc = textOf(made, 'vpc', 'vpcId') ?? '';
  const tag = (ResourceType: string, Key: string, Value: string) => [{ ResourceType, Tag: [{ Key, Value }] }];
  const zones = [`${region}a`, `${region}b`];
  const subnets = await Promise.all(
    zones.map(async (zone, index) => {
      const subnet = await wire.ec2('CreateSubnet', {
        VpcId: vpc,
        CidrBlock: `10.0.${index + 1}.0/24`,
        AvailabilityZone: zone,
        TagSpecification: tag('subnet', 'kubernetes.io/role/elb', '1'),
      });
      return textOf(subnet, 'subnet', 'subnetId') ?? '';
    }),
  );
  const group = await wire.ec2('CreateSecurityGroup', {
    GroupName: `${clusterId}-node`,
    GroupDescription: 'nodes',
    VpcId: vpc,
    TagSpecification: tag('security-group', `kubernetes.io/cluster/${clusterId}`, 'owned'),
  });
  const image = textOf(listOf(await wire.ec2('DescribeImages', {}), 'imagesSet')[0], 'imageId') ?? '';
  const machines: Machine[] = [];
  for (const index of nodeNames.keys()) {
    const run = await wire.ec2('RunInstances', {
      ImageId: image,
      InstanceType: 't3.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: subnets[index % 2],
      SecurityGroupId: [textOf(group, 'groupId') ?? ''],
    });
    machines.push({ id: textOf(fieldOf(run, 'instancesSet', 0), 'instanceId') ?? '', zone: zones[index % 2] ?? '' });
  }
  return { vpc, machines };
}

const nodeOf = ({ id, zone }: Machine, index: number) =>
  nodeObject({
    name: nodeNames[index] ?? '',
    providerId: `aws:///${zone}/${id}`,
    role: index === 0 ? 'control-plane' : 'worker',
    labels: nodeNames[index] === 'k8s-storage' ? { workload: 'storage' } : {},
    taints: [],
    zone,
    region,
    instanceType: 't3.large',
    privateAddress: `10.0.1.${10 + index}`,
    kubernetesVersion: found.description.kubernetes,
    containerdVersion: '2.2.1',
    capacity: { processors: 2, memory: 8 * 1024 ** 3, disk: 80 * 1024 ** 3 },
    network: 'pending',
  });

/** Read from /proc: 100 ticks a second, pages of 4 KiB. */
function usageOf(pid: number): { megabytes: number; seconds: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { megabytes: (Number(fields[21]) * 4096) / 1e6, seconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}
