import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import * as ec2 from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { namesOf } from '../../../src/sandbox/hosts/names.ts';
import { lives } from '../../../src/sandbox/processes.ts';
import { stopSandbox } from '../../../src/sandbox/sandbox.ts';
import type { SandboxState } from '../../../src/sandbox/state.ts';
import { until } from '../../helpers/until.ts';
import { guestOf, knock, leftOf, long, program, region, run, startHosts, whyNoHosts } from './hosts-world.ts';
import type { Guest } from './hosts-world.ts';

const because = await whyNoHosts();
if (because !== '') process.stderr.write(`SKIPPED: real hosts: ${because}\n`);

/** One sandbox for all: each test goes on where the one before ended. */
describe.skipIf(because !== '')('machines that are real hosts', () => {
  let root = '';
  let folder = '';
  let state: SandboxState;
  let client: ec2.EC2Client;
  let group = '';
  let guests: readonly Guest[] = [];
  const [first, second] = [() => guests[0] as Guest, () => guests[1] as Guest];
  const marks: string[] = [];
  const began = performance.now();
  const mark = (what: string): void => void marks.push(`${((performance.now() - began) / 1000).toFixed(1)} s  ${what}`);

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'platform-hosts-'));
    folder = join(root, 'sandbox');
    state = await startHosts(folder, ['198.51.100.7/32']);
    mark('sandbox up');
    client = new ec2.EC2Client({
      region,
      endpoint: state.endpoint,
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    await client.send(
      new ec2.ImportKeyPairCommand({ KeyName: 'key', PublicKeyMaterial: await readFile(`${state.sshKey}.pub`) }),
    );
    const vpc = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const VpcId = vpc.Vpc?.VpcId ?? '';
    const [here, there] = await Promise.all(
      ['10.0.0.0/20', '10.0.16.0/20'].map((CidrBlock) =>
        client.send(new ec2.CreateSubnetCommand({ VpcId, CidrBlock })),
      ),
    );
    const made = await client.send(
      new ec2.CreateSecurityGroupCommand({ VpcId, GroupName: 'node', Description: 'nodes' }),
    );
    group = made.GroupId ?? '';
    await allow({ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '198.51.100.7/32' }] });
    const images = await client.send(new ec2.DescribeImagesCommand({ Owners: ['099720109477'] }));
    const ids = await Promise.all(
      [here, there].map(async (subnet, index) => {
        const started = await client.send(
          new ec2.RunInstancesCommand({
            ImageId: images.Images?.[0]?.ImageId,
            InstanceType: 't3.large',
            MinCount: 1,
            MaxCount: 1,
            KeyName: 'key',
            UserData: Buffer.from(`#cloud-config\nhostname: node-${index}\nmanage_etc_hosts: localhost\n`).toString(
              'base64',
            ),
            MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 },
            NetworkInterfaces: [
              { DeviceIndex: 0, SubnetId: subnet?.Subnet?.SubnetId, Groups: [group], AssociatePublicIpAddress: true },
            ],
          }),
        );
        return started.Instances?.[0]?.InstanceId ?? '';
      }),
    );
    mark('two instances asked for');
    guests = ids.map((id) => guestOf(client, id, state.sshKey, root));
  });
  afterAll(async () => {
    if (folder !== '') await stopSandbox({ folder, program, say: () => undefined });
    await rm(root, { recursive: true, force: true });
    process.stderr.write(`hosts:\n  ${marks.join('\n  ')}\n`);
  });

  const allow = (permission: ec2.IpPermission) =>
    client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId: group, IpPermissions: [permission] }));
  const among = (IpProtocol: string, port: number): ec2.IpPermission => ({
    IpProtocol,
    FromPort: port,
    ToPort: port,
    UserIdGroupPairs: [{ GroupId: group }],
  });
  const killSupervisor = async (): Promise<void> => {
    process.kill(state.supervisor.pid, 'SIGKILL');
    await until('the supervisor is dead', async () => !(await lives(state.supervisor)));
  };
  const stateOf = async (guest: Guest): Promise<string> => (await guest.described())?.State?.Name ?? '';
  const bootOf = async (guest: Guest): Promise<string> =>
    (await guest.login('cat /proc/sys/kernel/random/boot_id')).stdout.trim();

  test('a host lets in who has the key of its key pair, and shows the host key of its console', async () => {
    const private_ = (await first().described())?.PrivateIpAddress ?? '';
    const said = await first().login('hostname; id -un; sudo -n id -un; hostname -I; cat /proc/1/comm');
    mark('ssh on the first');
    expect(said.stdout.trim().split(/\s+/)).toEqual(['node-0', 'ubuntu', 'root', private_, 'systemd']);
    expect((await second().login('hostname')).stdout.trim()).toBe('node-1');
    mark('ssh on the second');
  });

  test('cloud-init is done, and says so in the words of cloud-init', async () => {
    const said = await first().login('cloud-init status --wait --format json');
    expect(said.code).toBe(0);
    expect(JSON.parse(said.stdout)).toMatchObject({ status: 'done', extended_status: 'done', errors: [] });
  });

  test('the guest finds itself by its metadata, others by their private names, and packages at Debian’s', async () => {
    const ask =
      'T=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token); ' +
      'curl -sf -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/instance-id; echo; ' +
      'curl -s -o /dev/null -w "%{http_code}\\n" http://169.254.169.254/latest/meta-data/instance-id';
    expect((await first().login(ask)).stdout.trim().split('\n')).toEqual([first().id, '401']);
    const other = (await second().described())?.PrivateIpAddress ?? '';
    const name = `ip-${other.replaceAll('.', '-')}.${region}.compute.internal`;
    expect((await first().login(`getent ahostsv4 ${name} | head -1`)).stdout.split(/\s+/)[0]).toBe(other);
    const installed = await first().login(
      'sudo apt-get -qq update && sudo apt-get -qqy install socat && socat -V | head -1',
    );
    expect(installed.stdout, installed.stderr).toContain('socat by Gerhard Rieger');
    mark('a package of Debian installed');
  });

  test('a missing rule blocks TCP 6443 from outside and from another node, and a rule opens it', async () => {
    await first().login('sudo systemd-run --unit=api python3 -m http.server 6443');
    const { PrivateIpAddress: inside = '', PublicIpAddress: outside = '' } = (await first().described()) ?? {};
    const fromOther = async (): Promise<number> =>
      (await second().login(`curl -s -o /dev/null --max-time 2 http://${inside}:6443/`)).code;
    expect((await first().login('until curl -sf -o /dev/null http://127.0.0.1:6443/; do sleep 0.2; done')).code).toBe(
      0,
    );
    expect(await knock(outside, 6443)).toBe('silent');
    expect(await fromOther()).toBe(28);

    await allow(among('tcp', 6443));
    await until('the other node gets through', async () => (await fromOther()) === 0, long);
    expect(await knock(outside, 6443)).toBe('silent');

    await allow({ IpProtocol: 'tcp', FromPort: 6443, ToPort: 6443, IpRanges: [{ CidrIp: '198.51.100.0/24' }] });
    await until('this machine gets through', async () => (await knock(outside, 6443)) === 'open', long);
    expect(await knock(outside, 6444)).toBe('silent');
    mark('6443 blocked and opened');
  });

  test('a missing rule blocks VXLAN (UDP 4789), while TCP between the same nodes goes on', async () => {
    const inside = (await first().described())?.PrivateIpAddress ?? '';
    const listen = `import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.bind(("",4789)); open("/tmp/heard","wb").write(s.recvfrom(99)[0])`;
    await first().login(`sudo systemd-run --unit=vxlan python3 -c '${listen}'`);
    await first().login('until ss -lun | grep -q :4789; do sleep 0.2; done');
    // The TCP exchange after it shows that the datagrams had their time.
    const send = `python3 -c 'import socket; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); [s.sendto(b"vxlan",("${inside}",4789)) for _ in range(5)]' && curl -sf -o /dev/null http://${inside}:6443/`;
    const heard = async (): Promise<string> => (await first().login('cat /tmp/heard 2>/dev/null')).stdout;
    expect((await second().login(send)).code).toBe(0);
    expect(await heard()).toBe('');
    await allow(among('udp', 4789));
    await until(
      'a datagram comes through',
      async () => {
        await second().login(send);
        return (await heard()) === 'vxlan';
      },
      long,
    );
    mark('4789 blocked and opened');
  });

  test('a reboot gives another boot id, and keeps disk and addresses', async () => {
    const [before, at] = [await bootOf(first()), await first().address()];
    await first().login('echo kept > /tmp/mark; sudo cp /tmp/mark /var/tmp/mark');
    await client.send(new ec2.RebootInstancesCommand({ InstanceIds: [first().id] }));
    await until('it boots again', async () => (await bootOf(first())) !== before, long);
    mark('rebooted');
    expect((await first().login('cat /var/tmp/mark; hostname')).stdout).toBe('kept\nnode-0\n');
    expect(await first().address()).toBe(at);
  });

  test('stop ends the host, start boots it with its disk and another public address', async () => {
    const at = await first().address();
    await client.send(new ec2.StopInstancesCommand({ InstanceIds: [first().id] }));
    await until('it is stopped', async () => (await stateOf(first())) === 'stopped', long);
    await until('the host is off', async () => (await knock(at, 22)) !== 'open', long);
    await client.send(new ec2.StartInstancesCommand({ InstanceIds: [first().id] }));
    expect((await first().login('cat /var/tmp/mark')).stdout).toBe('kept\n');
    mark('stopped and started');
    expect(await first().address()).not.toBe(at);
  });

  test('a guest that switches itself off is a stopped instance', async () => {
    // A moment later, so that the login ends before its machine does.
    await second().login('sudo systemd-run --on-active=1s systemctl poweroff');
    await until('AWS knows', async () => (await stateOf(second())) === 'stopped', long);
    mark('powered off by the guest');
  });

  test('a supervisor that was killed is followed by one that takes over the running hosts', async () => {
    const before = await bootOf(first());
    await killSupervisor();
    const next = await startHosts(folder, ['198.51.100.7/32']);
    expect(next.supervisor.pid).not.toBe(state.supervisor.pid);
    expect(next.serverId).toBe(state.serverId);
    state = next;
    expect(await bootOf(first())).toBe(before);
    mark('taken over');
  });

  test('a terminated instance takes its host along, and leaves nothing of it', async () => {
    await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [second().id] }));
    const { namespaceOf } = namesOf(folder);
    await until(
      'its network is gone',
      async () => !(await run('ip', 'netns', 'list')).stdout.includes(namespaceOf(second().id)),
      long,
    );
    expect(await stateOf(first())).toBe('running');
  });

  test('after a kill of everything, down finds all by name and leaves nothing', async () => {
    const { key, namespaceOf } = namesOf(folder);
    expect((await leftOf(key)).length).toBeGreaterThan(5);
    await killSupervisor();
    // Also the host's own keeper, in the middle of its work.
    const keepers = (await run('ip', 'netns', 'pids', namespaceOf(first().id))).stdout.trim().split('\n');
    process.kill(Number(keepers[0]), 'SIGKILL');
    await stopSandbox({ folder, program, say: () => undefined });
    expect(await leftOf(key)).toEqual([]);
    mark('removed');
  });
});
