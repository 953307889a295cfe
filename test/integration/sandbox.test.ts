import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { recordOf } from '../../src/sandbox/processes.ts';
import { readSandbox } from '../../src/sandbox/read.ts';
import { sandboxStatus, startSandbox, stopSandbox } from '../../src/sandbox/sandbox.ts';
import type { SandboxState } from '../../src/sandbox/state.ts';
import { awsPython, helmProgram } from '../helpers/tool-caches.ts';
import { cachedPrograms } from '../helpers/control-plane.ts';
import { until } from '../helpers/until.ts';

const program = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const region = 'ap-northeast-2';
const ready = 'programs' in (await cachedPrograms()).found && helmProgram !== undefined && awsPython !== undefined;
if (!ready) process.stderr.write('SKIPPED: no control plane and no Helm in the cache; run `npm run setup`\n');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, words: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(file, words, { env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr }),
    );
  });
}

describe.skipIf(!ready)('a sandbox, beside another one', () => {
  let root = '';
  let state: SandboxState;
  let other: SandboxState;
  const pids = new Set<number>();

  const start = (name: string): Promise<SandboxState> =>
    startSandbox({
      config: {
        region,
        domain: 'example.dev',
        network: { pods: '192.168.0.0/16', services: '10.96.0.0/12' },
        sandbox: { delay: 0.3 },
        versions: { kubernetes: '1.36.3' },
      },
      folder: join(root, name),
      program,
      node: process.execPath,
      environment: process.env,
      home: homedir(),
      say: () => undefined,
    });
  /** Notes every process of a sandbox, so that the end can be judged. */
  const note = async (name: string): Promise<void> => {
    const { parts } = await sandboxStatus(join(root, name));
    for (const { detail } of parts) pids.add(Number(detail?.replace('pid ', '')));
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'platform-sandbox-'));
    [state, other] = await Promise.all([start('one'), start('two')]);
  });
  afterAll(async () => {
    for (const name of ['one', 'two']) await stopSandbox({ folder: join(root, name), say: () => undefined });
    await rm(root, { recursive: true, force: true });
  });

  test('two do not share an address, and each is found by its folder', async () => {
    const addresses = [state, other].flatMap((one) => [
      one.endpoint,
      one.dns,
      one.controlApi,
      ...Object.values(one.connectTo).map(({ port }) => String(port)),
    ]);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(state.serverId).not.toBe(other.serverId);
    expect((await readSandbox(join(root, 'one')))?.serverId).toBe(state.serverId);
    expect(await readSandbox(join(root, 'three'))).toBeUndefined();
  });

  test('Helm pulls a stand-in chart from the mirror, and a manifest has the checksum of its pin', async () => {
    const versions = parse(await readFile(join(program, 'versions.yaml'), 'utf8')) as {
      charts: Record<string, { chart: string; version: string }>;
    };
    const { chart, version } = versions.charts['metrics-server'] ?? { chart: '', version: '' };
    const words = ['pull', chart, '--repo', state.mirrors.charts, '--version', version, '--destination', root];
    expect(await run(state.tools.helm, words, { HOME: root })).toMatchObject({ code: 0 });
    expect(await readdir(root)).toContain(`${chart}-${version}.tgz`);

    const pins = parse(await readFile(join(program, 'sandbox/manifests/versions.yaml'), 'utf8')) as {
      cni: { flannel: { manifests: { url: string; sha256: string }[] } };
    };
    const [pin] = pins.cni.flannel.manifests;
    const answer = await fetch(`${state.mirrors.manifests}/${pin?.url.replace('https://', '')}`);
    expect(
      createHash('sha256')
        .update(await answer.text())
        .digest('hex'),
    ).toBe(pin?.sha256);
    expect((await fetch(`${state.mirrors.manifests}/..%2f..%2fpackage.json`)).status).toBe(404);
  });

  test('the name server knows the seeded zone only', async () => {
    const resolver = new Resolver();
    resolver.setServers([state.dns]);
    await expect(resolver.resolve4('argocd.example.dev')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    await expect(resolver.resolve4('example.dev')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  test('a machine boots, prints its host key, and lets in who pinned it; plays change it once', async () => {
    const client = new ec2.EC2Client({
      region,
      endpoint: state.endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    const images = await client.send(new ec2.DescribeImagesCommand({ Owners: ['099720109477'] }));
    const started = await client.send(
      new ec2.RunInstancesCommand({
        ImageId: images.Images?.[0]?.ImageId,
        InstanceType: 't3.large',
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'platform/node', Value: 'm1' }] }],
      }),
    );
    const id = started.Instances?.[0]?.InstanceId ?? '';
    const described = async (): Promise<ec2.Instance | undefined> =>
      (await client.send(new ec2.DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations?.[0]?.Instances?.[0];
    const text = await until('the console shows a host key', async () => {
      const { Output = '' } = await client.send(new ec2.GetConsoleOutputCommand({ InstanceId: id }));
      return Buffer.from(Output, 'base64').toString('utf8');
    });
    const hostKey = /ssh-ed25519 [\w+/=]+/.exec(text)?.[0] ?? '';
    const machine = await described();
    const address = machine?.PublicIpAddress ?? '';
    const knownHosts = join(root, 'known_hosts');
    const ssh = (...words: string[]): Promise<Ended> =>
      run(state.tools.ssh, [
        '-o',
        'StrictHostKeyChecking=yes',
        '-o',
        `UserKnownHostsFile=${knownHosts}`,
        '-i',
        state.sshKey,
        `ubuntu@${address}`,
        '--',
        ...words,
      ]);

    expect(await ssh('true')).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('No ED25519 host key is known'),
    });
    await writeFile(knownHosts, `${address} ssh-ed25519 AAAAC3Nz\n`);
    expect(await ssh('true')).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('REMOTE HOST IDENTIFICATION HAS CHANGED'),
    });
    await writeFile(knownHosts, `${address} ${hostKey}\n`);
    expect(await ssh('true')).toMatchObject({ code: 0 });
    expect(await ssh('kubelet', '--version')).toMatchObject({ code: 127 });

    const host = {
      ansible_host: address,
      instance_id: id,
      provider_id: `aws:///${region}a/${id}`,
      node_role: 'control-plane',
      node_labels: { tier: 'one' },
    };
    await writeFile(
      join(root, 'inventory.yml'),
      JSON.stringify({ all: { children: { cluster: { children: { control_plane: { hosts: { m1: host } } } } } } }),
    );
    await writeFile(
      join(root, 'node-base.yml'),
      JSON.stringify([{ hosts: 'cluster', tasks: [{ name: 'x', 'ansible.builtin.ping': {} }] }]),
    );
    await writeFile(
      join(root, 'control-plane.yml'),
      JSON.stringify([
        { hosts: 'control_plane', tasks: [{ name: 'x', 'ansible.builtin.debug': { msg: '{{ nobody_set_this }}' } }] },
      ]),
    );
    await writeFile(
      join(root, 'variables.json'),
      JSON.stringify({ kubernetes_version: '1.36.3', containerd_version: '2.2' }),
    );
    const play = (name: string): Promise<Ended> =>
      run(state.tools['ansible-playbook'], [
        '-i',
        join(root, 'inventory.yml'),
        '-e',
        `@${join(root, 'variables.json')}`,
        join(root, `${name}.yml`),
      ]);
    await until('cloud-init is done', async () =>
      (await ssh('cloud-init', 'status')).stdout.includes('"done"') ? 'done' : '',
    );
    expect(await play('node-base')).toMatchObject({ code: 0, stdout: expect.stringMatching(/m1 .*changed=1/) });
    expect(await play('node-base')).toMatchObject({ code: 0, stdout: expect.stringMatching(/m1 .*changed=0/) });
    expect(await ssh('kubelet', '--version')).toMatchObject({ stdout: 'Kubernetes v1.36.3\n' });
    expect(await play('control-plane')).toMatchObject({ code: 4, stderr: expect.stringContaining('nobody_set_this') });
    await writeFile(
      join(root, 'control-plane.yml'),
      JSON.stringify([{ hosts: 'control_plane', tasks: [{ name: 'x', 'ansible.builtin.ping': {} }] }]),
    );
    expect(await play('control-plane')).toMatchObject({ code: 0, stdout: expect.stringMatching(/m1 .*changed=1/) });
    expect((await ssh('sudo', '-n', 'cat', '/etc/kubernetes/admin.conf')).stdout).toMatch(
      /^\s+server: https:\/\/127\.0\.0\.1:\d+$/m,
    );
    await note('one');
  });

  test('a killed supervisor is followed by one that takes over AWS, machines and cluster', async () => {
    process.kill(state.supervisor.pid, 'SIGKILL');
    await until('it is gone', async () => ((await readSandbox(join(root, 'one'))) === undefined ? 'gone' : ''));
    const next = await start('one');
    await note('one');
    expect(next).toMatchObject({
      endpoint: state.endpoint,
      serverId: state.serverId,
      mirrors: state.mirrors,
      controlApi: state.controlApi,
    });
    expect((await sandboxStatus(join(root, 'one'))).parts.filter(({ alive }) => alive).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['supervisor', 'aws', 'etcd', 'kube-apiserver', 'kwok']),
    );
    const machines = (await (await fetch(`${next.controlApi}/machines`)).json()) as {
      name: string;
      packages?: object;
    }[];
    expect(machines).toMatchObject([{ name: 'm1', packages: { kubernetes: '1.36.3' } }]);
    state = next;
  });

  test('down ends all, also what a killed supervisor left, leaves nothing, and leaves the other alone', async () => {
    process.kill(state.supervisor.pid, 'SIGKILL');
    await stopSandbox({ folder: join(root, 'one'), say: () => undefined });
    // A zombie counts as dead: who reaps it is not our affair.
    expect(await Promise.all([...pids].map((pid) => recordOf(pid)))).toEqual([...pids].map(() => undefined));
    expect(await readdir(root)).not.toContain('one');
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(join(root, 'one'));
    expect((await readSandbox(join(root, 'two')))?.serverId).toBe(other.serverId);
    expect((await fetch(`${other.endpoint}/_sandbox/identity`)).status).toBe(200);
  });
});
