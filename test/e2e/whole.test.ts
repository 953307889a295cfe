import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformEvent } from '../../src/engine/events.ts';
import { until } from '../helpers/until.ts';
import {
  awsCalls,
  awsResources,
  clusterWrites,
  fault,
  locksLeft,
  processesOf,
  repeatedSteps,
} from './support/far-side.ts';
import { makeProject, type Project } from './support/project.ts';
import { wholePlatform } from './support/platforms.ts';
import { takenApart } from './support/taken-apart.ts';

let project: Project;
beforeAll(async () => {
  project = makeProject(wholePlatform);
  expect(await project.platform(['sandbox', 'up'])).toMatchObject({ code: 0 });
});
afterAll(async () => project?.remove());

const up = ['up', '--json', '--yes'];
const spawned = (event: PlatformEvent, step: string, tool: string): boolean =>
  event.type === 'step.spawned' && event.step.split('/')[0] === step && event.process.tool === tool;
const killTool = (event: PlatformEvent): void => {
  if (event.type === 'step.spawned') process.kill(-event.process.pid, 'SIGKILL');
};

/** One story: nothing, three deaths, finished, nothing to do, drift, repaired, rebuilt, taken apart, gone. Each test goes on from the one before. */
describe('the whole platform in its sandbox', () => {
  it('plan on nothing: changes pending, no write, nothing left behind', async () => {
    const before = awsCalls(project).filter(({ write }) => write).length;
    const plan = await project.platform(['plan', '--exit-code', '--json']);
    expect(plan.code, plan.stderr).toBe(7);
    expect(JSON.parse(plan.stdout)).toMatchObject({ schema: 'platform/plan/v1', pending: true });
    expect(awsCalls(project).filter(({ write }) => write).length).toBe(before);
    expect(project.files()).toEqual([]);
  });

  it('dies with Terraform inside RunInstances: power cut', async () => {
    await fault(project, [{ action: 'ec2:RunInstances', when: 'after', latency: 4, times: -1 }]);
    let dying: Promise<void> | undefined;
    const run = await project.platform(up, {
      onEvent: (event, child) => {
        if (!spawned(event, 'infrastructure', 'terraform') || dying !== undefined) return;
        dying = (async () => {
          const terraform = event;
          await until(
            'a machine in AWS',
            () => awsCalls(project).some(({ action }) => action === 'RunInstances'),
            180_000,
          );
          child.kill('SIGKILL');
          killTool(terraform);
        })();
      },
    });
    await dying;
    expect(run.signal).toBe('SIGKILL');
    await fault(project, []);
  });

  it('plan of what half exists, the lock still held by the dead: no write, and it says what is in doubt', async () => {
    // The other Terraform was not hit: it lives on under the launcher, and its writes are no plan's.
    await until(
      'the tools that live on have ended',
      () => processesOf(project).every((one) => !one.includes('launcher')),
      180_000,
    );
    const before = { writes: awsCalls(project).filter(({ write }) => write).length, files: project.files() };
    const plan = await project.platform(['plan', '--exit-code', '--json']);
    expect(plan.code, plan.stderr).toBe(7);
    const { rows } = JSON.parse(plan.stdout) as { rows: { step: string; action: string; because: string }[] };
    expect(rows.find(({ step }) => step === 'state-backend')).toMatchObject({ action: 'keep' });
    expect(rows.find(({ step }) => step === 'infrastructure')).toMatchObject({ action: 'run' });
    expect(awsCalls(project).filter(({ write }) => write).length).toBe(before.writes);
    expect(project.files()).toEqual(before.files);
  });

  it('goes on, and dies inside Ansible: the launcher lives on', async () => {
    const run = await project.platform(up, {
      onEvent: (event, child) => {
        if (spawned(event, 'control-plane', 'ansible-playbook')) child.kill('SIGKILL');
      },
    });
    expect(run.signal, run.stderr).toBe('SIGKILL');
    expect(run.events.some((event) => event.type === 'step.settled' && event.step === 'infrastructure')).toBe(true);
  });

  it('goes on, and dies with Helm in the middle of an install', async () => {
    const run = await project.platform(up, {
      onEvent: (event, child) => {
        if (!spawned(event, 'monitoring', 'helm')) return;
        child.kill('SIGKILL');
        killTool(event);
      },
    });
    expect(run.signal, run.stderr).toBe('SIGKILL');
    expect(run.events.some((event) => event.type === 'step.adopted' && event.step === 'control-plane')).toBe(true);
  });

  it('goes on to the end; nothing was done twice, no machine exists twice, no lock is left', async () => {
    const run = await project.platform(up);
    expect(run.code, run.stderr).toBe(0);
    expect(repeatedSteps(project)).toEqual([]);
    const machines = (await awsResources(project))
      .filter(({ kind }) => kind === 'instance')
      .map(({ tags }) => tags?.['platform/node'] ?? 'without a name');
    expect(machines.toSorted()).toEqual(['k8s-master', 'k8s-storage', 'k8s-worker-1', 'k8s-worker-2']);
    const calls = awsCalls(project);
    expect(calls.filter(({ action }) => action === 'TerminateInstances')).toEqual([]);
    expect(calls.filter(({ action, status }) => action === 'RunInstances' && status === 200)).toHaveLength(4);
    expect(await locksLeft(project)).toEqual([]);
  });

  it('a second up: exit 0, no write anywhere, a reason for every step', async () => {
    const before = { aws: awsCalls(project).length, cluster: clusterWrites(project).length };
    const run = await project.platform(['up', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('Nothing is to be done');
    expect(run.stderr).toContain('Terraform has no changes');
    expect(run.stderr).toContain('is installed and nothing differs');
    expect(
      awsCalls(project)
        .slice(before.aws)
        .filter(({ write }) => write),
    ).toEqual([]);
    expect(clusterWrites(project).slice(before.cluster)).toEqual([]);
  });

  it('status: every part is well', async () => {
    const status = await project.platform(['status', '--json']);
    expect(status.code, status.stdout).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({
      target: 'sandbox',
      clusterId: expect.stringMatching(/^whole-sandbox-[a-z0-9]{5}$/),
    });
  });

  it('drift is seen with its reason, and repaired', async () => {
    const { PATH = '' } = process.env;
    const { execFileSync } = await import('node:child_process');
    const kubectl = (...args: string[]) =>
      execFileSync(
        project.sandbox().tools.helm.replace(/helm$/, 'kubectl'),
        ['--kubeconfig', join(project.stateFolder, 'kubeconfig'), ...args],
        { env: { PATH, HOME: project.folder } },
      );
    kubectl('-n', 'data', 'delete', 'service', 'redis');
    kubectl('-n', 'argocd', 'delete', 'service', 'argocd-repo-server');
    const plan = await project.platform(['plan', '--exit-code', '--json']);
    expect(plan.code, plan.stderr).toBe(7);
    const { rows } = JSON.parse(plan.stdout) as { rows: { step: string; action: string; because: string }[] };
    const row = (step: string) => rows.find((one) => one.step === step);
    expect(row('redis')).toMatchObject({
      action: 'run',
      because: expect.stringContaining('Service data/redis does not exist'),
    });
    expect(row('argocd')).toMatchObject({ action: 'run', because: expect.stringContaining('argocd-repo-server') });
    expect(row('infrastructure')).toMatchObject({ action: 'keep' });
    const run = await project.platform(['up', '--json', '--yes']);
    expect(run.code, run.stderr).toBe(0);
  });

  it('plan --exit-code is 0 then, and leaves no file', async () => {
    const before = project.files();
    const plan = await project.platform(['plan', '--exit-code']);
    expect(plan.code, plan.stderr).toBe(0);
    expect(project.files()).toEqual(before);
  });

  takenApart(() => project);

  it('sandbox down leaves nothing', async () => {
    expect(await project.platform(['sandbox', 'down'])).toMatchObject({ code: 0 });
    expect(existsSync(join(project.stateFolder, 'sandbox'))).toBe(false);
    await until('no process of the project', () => processesOf(project).length === 0);
  });
});
