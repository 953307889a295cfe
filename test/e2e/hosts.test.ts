import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformEvent } from '../../src/engine/events.ts';
import { namesOf } from '../../src/sandbox/hosts/names.ts';
import { describeSupply } from '../../src/sandbox/supply/description.ts';
import { leftOf, program, run, whyNoHosts } from '../integration/sandbox/hosts-world.ts';
import { locksLeft } from './support/far-side.ts';
import { hostsPlatform } from './support/platforms.ts';
import { makeProject, type Ended, type Project } from './support/project.ts';

const because = await whyNot();
if (because !== '') process.stderr.write(`SKIPPED: a cluster on real hosts: ${because}\n`);

/** It takes minutes, so it is asked for. */
async function whyNot(): Promise<string> {
  if (process.env['PLATFORM_HOSTS'] !== '1') return 'npm run hosts plays it';
  const missing = await whyNoHosts();
  if (missing !== '') return missing;
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const { key } = await describeSupply(program, '1.36.3', process.arch);
  return existsSync(join(cache, 'platform', 'supply', key, 'images', 'index.json'))
    ? ''
    : 'no supply in the cache: npm run sandbox:hosts makes it';
}

const up = ['up', '--json', '--yes'];
const nodes = ['first', 'second', 'third'];

/** One story: two deaths of one build, then the cluster, then nothing more to do, then nothing left. */
describe.skipIf(because !== '')(`a cluster on real hosts${because === '' ? '' : ` (SKIPPED: ${because})`}`, () => {
  let project: Project;
  beforeAll(async () => {
    project = makeProject(hostsPlatform);
    expect(await project.platform(['sandbox', 'up'])).toMatchObject({ code: 0 });
  });
  afterAll(async () => project?.remove());

  it.each(['Run kubeadm init', 'Run kubeadm join'])('dies by SIGKILL at the task "%s"', async (task) => {
    const cut = await project.platform(up, {
      onEvent: (event, child) => {
        if (notes([event]).some((text) => text.includes(task))) child.kill('SIGKILL');
      },
    });
    expect(cut.signal, `not cut at ${task}: ${tail(cut)}`).toBe('SIGKILL');
  });

  it('the same command again: every node is Ready, with its own identity, and pods have names of the cluster', async () => {
    const built = await project.platform(up);
    expect(built.code, tail(built)).toBe(0);
    expect(await locksLeft(project)).toEqual([]);
    const asked = await kubectl(project, 'get', 'nodes', '--output', 'json');
    const { items } = JSON.parse(asked.stdout) as { items: readonly KubernetesNode[] };
    expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual(nodes);
    for (const { status, spec } of items) {
      expect(status.conditions.find(({ type }) => type === 'Ready')?.status).toBe('True');
      expect(spec.providerID).toMatch(/^aws:\/\/\/[-a-z0-9]+\/i-[0-9a-f]{17}$/);
    }
    const tokens = await kubectl(project, 'get', 'secrets', '--namespace', 'kube-system', '--output', 'name');
    expect(tokens.stdout).not.toContain('bootstrap-token');
  });

  it('a second up has nothing to do', async () => {
    const again = await project.platform(['up', '--yes']);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).toContain('Nothing is to be done');
    expect(await project.platform(['status'])).toMatchObject({ code: 0 });
  });

  it('the roles, run once more by hand, change nothing on any machine', async () => {
    const { tools } = project.sandbox();
    const file = (name: string): string => join(project.stateFolder, name);
    const played = await run(
      'env',
      `ANSIBLE_CONFIG=${join(program, 'ansible', 'ansible.cfg')}`,
      `PLATFORM_KNOWN_HOSTS=${file('known_hosts')}`,
      tools['ansible-playbook'],
      `--inventory=${file('inventory.yml')}`,
      `--extra-vars=@${file('variables.json')}`,
      join(program, 'ansible', 'playbooks', 'site.yml'),
    );
    expect(played.code, played.stdout.slice(-4000)).toBe(0);
    expect(played.stdout.match(/ changed=\d+ /g)).toEqual(nodes.map(() => ' changed=0 '));
  });

  it('down leaves nothing in the kernel', async () => {
    const { key } = namesOf(join(project.stateFolder, 'sandbox'));
    expect(await project.platform(['sandbox', 'down'])).toMatchObject({ code: 0 });
    expect(await leftOf(key)).toEqual([]);
  });
});

interface KubernetesNode {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly providerID: string };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

const notes = (events: readonly PlatformEvent[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'step.note' ? [event.text] : []));

/** Why a run ended: its last failures, its last notes. */
function tail({ events, stderr }: Ended): string {
  const failures = events.filter(({ type }) => type === 'step.failed').map((event) => JSON.stringify(event));
  return [...failures, ...notes(events).slice(-3), stderr.slice(-2000)].join('\n');
}

function kubectl(project: Project, ...words: readonly string[]): ReturnType<typeof run> {
  const kubeconfig = join(project.stateFolder, 'kubeconfig');
  expect(readFileSync(kubeconfig, 'utf8')).toContain('server: https://203.0.113.');
  return run(project.sandbox().tools.kubectl, '--kubeconfig', kubeconfig, ...words);
}
