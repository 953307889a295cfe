import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lookUp } from '../../src/sandbox/dns/zone.ts';
import { routeOf } from '../../src/sandbox/front/routing.ts';
import { runCommand } from '../../src/sandbox/machines/commands.ts';
import type { SimulatedMachine } from '../../src/sandbox/machines/machine.ts';
import { packFiles } from '../../src/sandbox/mirror/tar.ts';
import { readPlaybookCall } from '../../src/sandbox/shims/ansible-playbook/arguments.ts';
import { stepOf } from '../../src/sandbox/shims/ansible-playbook/play.ts';
import { readSshCall } from '../../src/sandbox/shims/ssh/arguments.ts';
import { makeSshKey } from '../../src/sandbox/user-key.ts';
import { sshArguments } from '../../src/tools/ssh.ts';
import { readKey } from '../../src/tools/ssh-key.ts';
import type { KubernetesObject } from '../../src/tools/ports.ts';

const ingress = (
  name: string,
  host: string | undefined,
  path: string,
  annotations: Record<string, string>,
): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name, namespace: 'web', annotations },
  spec: {
    ingressClassName: 'alb',
    rules: [
      {
        ...(host === undefined ? {} : { host }),
        http: { paths: [{ path, pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } }] },
      },
    ],
  },
  status: { loadBalancer: { ingress: [{ hostname: 'k8s-x.elb.amazonaws.com' }] } },
});
const both = {
  'alb.ingress.kubernetes.io/listen-ports': '[{"HTTP": 80}, {"HTTPS": 443}]',
  'alb.ingress.kubernetes.io/ssl-redirect': '443',
};

describe('the load balancer front', () => {
  const all = [
    ingress('shop', 'shop.example.dev', '/', both),
    ingress('cart', 'shop.example.dev', '/cart', both),
    ingress('open', undefined, '/', {}),
  ];

  test('takes the longest path of the exact host', () => {
    expect(routeOf(all, { port: 443, host: 'shop.example.dev', path: '/cart/1' })).toEqual({
      to: 'service',
      namespace: 'web',
      service: 'cart',
      port: { number: 80 },
    });
    expect(routeOf(all, { port: 443, host: 'shop.example.dev', path: '/carton' })).toEqual({
      to: 'service',
      namespace: 'web',
      service: 'shop',
      port: { number: 80 },
    });
  });

  test('redirects where the Ingress asks for it, and counts a rule only on the ports of its own Ingress', () => {
    expect(routeOf(all, { port: 80, host: 'shop.example.dev', path: '/' })).toEqual({ to: 'redirect', port: 443 });
    expect(routeOf(all, { port: 443, host: 'other.example.dev', path: '/' })).toEqual({ to: 'nowhere' });
    expect(routeOf(all, { port: 80, host: 'other.example.dev', path: '/' })).toEqual({
      to: 'service',
      namespace: 'web',
      service: 'open',
      port: { number: 80 },
    });
  });

  test('knows no Ingress before its load balancer has a name', () => {
    const waiting = all.map(({ status: _, ...rest }) => rest as KubernetesObject);
    expect(routeOf(waiting, { port: 443, host: 'shop.example.dev', path: '/' })).toEqual({ to: 'nowhere' });
  });
});

test('names: an alias resolves only while its load balancer exists, and a wildcard serves what has no record', () => {
  const records = [
    { name: 'argocd.example.dev', type: 'A', ttl: 60, values: [], alias: 'lb.elb.amazonaws.com' },
    { name: '*.example.dev', type: 'TXT', ttl: 60, values: ['"any"'] },
  ];
  const address = [{ type: 'A', ttl: 5, address: '127.0.0.1' }];
  expect(lookUp({ records, loadBalancers: ['lb.elb.amazonaws.com'] }, 'argocd.example.dev', 1)).toEqual({
    code: 0,
    answers: address,
  });
  expect(lookUp({ records, loadBalancers: [] }, 'argocd.example.dev', 1)).toEqual({ code: 0, answers: [] });
  expect(lookUp({ records, loadBalancers: [] }, 'lb.elb.amazonaws.com', 1)).toEqual({ code: 3, answers: [] });
  expect(lookUp({ records, loadBalancers: [] }, 'x.example.dev', 16)).toEqual({
    code: 0,
    answers: [{ type: 'TXT', ttl: 60, text: 'any' }],
  });
});

test('the ssh shim reads the command line that the product writes', () => {
  const machine = { name: 'k8s-master', address: '203.0.113.10', user: 'ubuntu', key: '/a b/100%/id' };
  expect(readSshCall([...sshArguments(machine, '/c d/known_hosts'), 'cloud-init', 'status'])).toMatchObject({
    host: '203.0.113.10',
    user: 'ubuntu',
    identity: '/a b/100%/id',
    options: { userknownhostsfile: '/c d/known_hosts', stricthostkeychecking: 'yes', hostkeyalias: '203.0.113.10' },
    silent: false,
    command: 'cloud-init status',
  });
  expect(readSshCall(['-N', '-L', '127.0.0.1:7000:localhost:6443', 'me@host'])).toMatchObject({
    host: 'host',
    user: 'me',
    silent: true,
    forwards: [{ listen: 7000, host: 'localhost', port: 6443 }],
    command: '',
  });
});

test('the ansible-playbook shim tells a run from a look, and knows the step', () => {
  expect(readPlaybookCall(['--inventory', 'i.yml', '--extra-vars', '@v.json', '--limit', 'w1', 'p/join.yml'])).toEqual({
    playbook: 'p/join.yml',
    inventories: ['i.yml'],
    variables: ['@v.json'],
    limit: 'w1',
    looks: false,
    options: ['--inventory', 'i.yml', '--extra-vars', '@v.json', '--limit', 'w1'],
  });
  expect(readPlaybookCall(['-i', 'i.yml', '--syntax-check', 'p.yml']).looks).toBe(true);
  expect(stepOf('playbooks/cni.yml')).toBe('cni');
  expect(stepOf('mine/site.yml', 'run-1/join/k8s-worker-1/2')).toBe('join');
  expect(stepOf('mine/site.yml')).toBeUndefined();
});

test('a machine answers what gates read, in the words of the real programs, and refuses the rest', () => {
  const bare: SimulatedMachine = {
    id: 'i-1',
    name: 'n',
    type: 't3.large',
    address: 'a',
    privateAddress: 'b',
    state: 'running',
    hostKey: 'k',
    bootedAt: 0,
    printed: true,
    units: [],
  };
  const world = { delay: 2, now: 1_000, adminConfiguration: undefined };
  expect(runCommand(bare, 'cloud-init status --format json', world).stdout).toContain('"status":"running"');
  expect(runCommand(bare, 'cloud-init status --format json', { ...world, now: 2_000 }).stdout).toContain(
    '"status":"done"',
  );
  expect(runCommand(bare, 'kubelet --version', world).code).toBe(127);
  const built = { ...bare, packages: { kubernetes: '1.36.3', containerd: '2.2.1' } };
  expect(runCommand(built, 'kubelet --version', world)).toEqual({
    code: 0,
    stdout: 'Kubernetes v1.36.3\n',
    stderr: '',
  });
  expect(runCommand(built, 'systemctl is-active platform-etcd-backup.timer', world)).toEqual({
    code: 4,
    stdout: 'inactive\n',
    stderr: '',
  });
  expect(runCommand(built, 'rm -rf /', world)).toMatchObject({
    code: 127,
    stderr: expect.stringContaining('not simulated'),
  });
});

test('a packed chart is an archive that tar reads, and the key is one that OpenSSH and the product read', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'platform-parts-'));
  try {
    await writeFile(
      join(folder, 'a.tgz'),
      packFiles([{ path: 'chart/Chart.yaml', content: Buffer.from('name: chart\n') }]),
    );
    expect(execFileSync('tar', ['-xzOf', join(folder, 'a.tgz'), 'chart/Chart.yaml'], { encoding: 'utf8' })).toBe(
      'name: chart\n',
    );
    const made = makeSshKey('someone');
    await writeFile(join(folder, 'id'), made.privateKey, { mode: 0o600 });
    expect((await readKey(join(folder, 'id'))).publicKey).toBe(made.publicKey);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
