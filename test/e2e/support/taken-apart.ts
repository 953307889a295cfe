import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PlatformEvent } from '../../../src/engine/events.ts';
import { makeDecoys } from './decoys.ts';
import { awsCalls, awsResources, clusterWrites, locksLeft } from './far-side.ts';
import type { Project } from './project.ts';

const began = (event: PlatformEvent, step: string): boolean => event.type === 'step.intent' && event.step === step;

/** The tests that take the finished platform of a project apart and build it again, in an account full of other things. */
export function takenApart(existing: () => Project): void {
  let project: Project;
  let clusterId: string;
  /** What is not ours: it must be the same to the letter at the end. */
  let foreign: string;
  const writes = (): number => awsCalls(project).filter(({ write }) => write).length;
  const isOurs = (one: { readonly id: string; readonly name?: string }): boolean =>
    `${one.id} ${one.name ?? ''}`.includes(clusterId);
  const idOfCluster = async (): Promise<string> => {
    const status = await project.platform(['status', '--json']);
    return (JSON.parse(status.stdout) as { clusterId: string }).clusterId;
  };

  it('the account fills with what is not ours', async () => {
    project = existing();
    clusterId = await idOfCluster();
    const before = new Set((await awsResources(project)).map((one) => one.id));
    await makeDecoys(project, clusterId);
    const added = (await awsResources(project)).filter((one) => !before.has(one.id));
    expect(added.length).toBeGreaterThan(10);
    foreign = JSON.stringify(added);
  });

  it('plan destroy: what goes and what stays, no write, nothing left behind', async () => {
    const before = { writes: writes(), files: project.files() };
    const plan = await project.platform(['plan', 'destroy', '--cleanup', '--exit-code', '--json']);
    expect(plan.code, plan.stderr).toBe(7);
    const { removal } = JSON.parse(plan.stdout) as {
      removal: { counts: { kind: string; class: string; count: number }[] };
    };
    const count = (kind: string) => removal.counts.find((one) => one.kind === kind && one.class === 'owned')?.count;
    expect(count('instance')).toBe(4);
    expect(count('load-balancer')).toBe(1);
    expect(count('vpc')).toBe(1);
    expect({ writes: writes(), files: project.files() }).toEqual(before);
  });

  it('nobody there to ask: exit 6, and nothing is touched', async () => {
    const before = writes();
    expect(await project.platform(['destroy', '--cleanup'])).toMatchObject({ code: 6 });
    expect(writes()).toBe(before);
  });

  it('without --cleanup it is refused while leftovers would block Terraform', async () => {
    const before = writes();
    const run = await project.platform(['destroy', '--yes']);
    expect(run.code, run.stderr).toBe(13);
    expect(run.stderr).toContain('--cleanup');
    expect(writes()).toBe(before);
  });

  it('rebuild takes it apart and builds it again, across a kill on either side', async () => {
    const cut = await project.platform(['rebuild', '--yes', '--json', '--keep', 'foundation'], {
      onEvent: (event, child) => {
        if (began(event, 'destroy-leftovers')) child.kill('SIGKILL');
      },
    });
    expect(cut.signal, cut.stderr).toBe('SIGKILL');
    const again = await project.platform(['rebuild', '--yes', '--json', '--keep', 'foundation'], {
      onEvent: (event, child) => {
        if (began(event, 'control-plane')) child.kill('SIGKILL');
      },
    });
    expect(again.signal, again.stderr).toBe('SIGKILL');
    const terminated = awsCalls(project).filter(({ action }) => action === 'TerminateInstances').length;
    const done = await project.platform(['rebuild', '--yes', '--json', '--keep', 'foundation']);
    expect(done.code, done.stderr).toBe(0);
    expect(awsCalls(project).filter(({ action }) => action === 'TerminateInstances')).toHaveLength(terminated);
    expect((await awsResources(project)).filter(({ kind }) => kind === 'instance')).toHaveLength(4);
    expect(await idOfCluster()).toBe(clusterId);
    const before = clusterWrites(project).length;
    const up = await project.platform(['up', '--yes']);
    expect(up.stderr).toContain('Nothing is to be done');
    expect(clusterWrites(project)).toHaveLength(before);
  });

  it('dies in the drain, then in Terraform; up refuses to build on what half exists', async () => {
    const first = await project.platform(['destroy', '--cleanup', '--yes', '--json'], {
      onEvent: (event, child) => {
        if (began(event, 'destroy-entrances')) child.kill('SIGKILL');
      },
    });
    expect(first.signal, first.stderr).toBe('SIGKILL');
    const up = await project.platform(['up', '--yes']);
    expect(up.code, up.stderr).toBe(8);
    expect(up.stderr).toContain('settle --abandon destroy');
    const second = await project.platform(['destroy', '--cleanup', '--yes', '--json'], {
      onEvent: (event, child) => {
        if (event.type !== 'step.spawned' || event.step !== 'destroy-terraform-cluster') return;
        child.kill('SIGKILL');
        process.kill(-event.process.pid, 'SIGKILL');
      },
    });
    expect(second.signal, second.stderr).toBe('SIGKILL');
  });

  it('goes on to the end: nothing of ours is left, everything else is as it was', async () => {
    const run = await project.platform(['destroy', '--cleanup', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    const left = await awsResources(project);
    expect(left.filter(({ kind }) => ['instance', 'load-balancer', 'target-group', 'address'].includes(kind))).toEqual(
      [],
    );
    const decoys = new Set((JSON.parse(foreign) as { id: string }[]).map((one) => one.id));
    expect(JSON.stringify(left.filter((one) => decoys.has(one.id)))).toBe(foreign);
    expect(left.filter((one) => !decoys.has(one.id) && isOurs(one))).toEqual([]);
    expect(await locksLeft(project)).toEqual([]);
    expect(existsSync(join(project.stateFolder, 'kubeconfig'))).toBe(false);
  });

  it('once more: there is nothing to remove, and nothing is written', async () => {
    const before = writes();
    const run = await project.platform(['destroy', '--cleanup', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(writes()).toBe(before);
    expect(await project.platform(['status', '--orphans'])).toMatchObject({ code: 0 });
  });

  it('a new life gets a new id', async () => {
    const built = await project.platform(['up', '--yes', '--until', 'foundation']);
    expect(built.code, built.stderr).toBe(0);
    expect(await idOfCluster()).not.toBe(clusterId);
  });
}
