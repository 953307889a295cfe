import { expect, it } from 'vitest';
import type { PlatformEvent } from '../../../src/engine/events.ts';
import { awsCalls, awsResources, locksLeft } from './far-side.ts';
import type { Ended, Project } from './project.ts';

const works = (event: PlatformEvent, step: string, tool: string): boolean =>
  event.type === 'step.spawned' && event.step === step && event.process.tool === tool;

/** Runs `up` and sends signals when a tool of a step has started to work. */
function cancel(project: Project, step: string, tool: string, signals: readonly NodeJS.Signals[]): Promise<Ended> {
  let sent = false;
  return project.platform(['up', '--json', '--yes'], {
    onEvent: (event, child) => {
      if (sent || !works(event, step, tool)) return;
      sent = true;
      for (const signal of signals) child.kill(signal);
    },
  });
}

const ofType = <Type extends PlatformEvent['type']>(
  run: Ended,
  type: Type,
): readonly Extract<PlatformEvent, { type: Type }>[] =>
  run.events.filter((event): event is Extract<PlatformEvent, { type: Type }> => event.type === type);

/** What every cancelled run must leave: an announced budget, an end on record, no lock. */
async function endedCleanly(project: Project, run: Ended, exitCode: number): Promise<void> {
  expect(run.code, run.stderr).toBe(exitCode);
  const [announced] = ofType(run, 'run.cancelling');
  expect(announced?.budget).toBeGreaterThanOrEqual(0);
  const [asked] = ofType(run, 'signal.received');
  const [ended] = ofType(run, 'run.finished');
  expect(ended).toMatchObject({ ending: 'interrupted', exitCode });
  expect((ended?.at ?? 0) - (asked?.at ?? 0)).toBeLessThanOrEqual((announced?.budget ?? 0) + 5000);
  expect(await locksLeft(project)).toEqual([]);
}

/** The tests that build the small platform of a project and cancel the build in each tool. */
export function cancelled(existing: () => Project): void {
  let project: Project;
  /** Calls that AWS had answered before. */
  let before: number;

  it('TERM: ends within its budget with its own exit code', async () => {
    project = existing();
    before = awsCalls(project).length;
    const run = await project.platform(['up', '--json', '--yes'], {
      onEvent: (event, child) => event.type === 'step.intent' && child.kill('SIGTERM'),
    });
    await endedCleanly(project, run, 143);
  });

  it('Ctrl-C during Terraform: it is let finish, its state is saved, no lock is left', async () => {
    const run = await cancel(project, 'infrastructure', 'terraform', ['SIGINT']);
    await endedCleanly(project, run, 130);
    expect((await awsResources(project)).filter(({ kind }) => kind === 'instance')).toHaveLength(2);
  });

  it('Ctrl-C during Ansible: the play is let finish; the next run does not repeat Terraform', async () => {
    const run = await cancel(project, 'node-base', 'ansible-playbook', ['SIGINT']);
    await endedCleanly(project, run, 130);
    expect(ofType(run, 'step.intent').map(({ step }) => step)).not.toContain('infrastructure');
  });

  it('Ctrl-C twice during Ansible: the second one is answered, the tool is interrupted', async () => {
    const run = await cancel(project, 'control-plane', 'ansible-playbook', ['SIGINT', 'SIGINT']);
    await endedCleanly(project, run, 130);
    expect(ofType(run, 'signal.received').length).toBeGreaterThanOrEqual(1);
  });

  it('Ctrl-C during Helm: the release is left in a state that the next run can settle', async () => {
    const run = await cancel(project, 'metrics-server', 'helm', ['SIGINT']);
    await endedCleanly(project, run, 130);
  });

  it('and then the run ends well: two machines, made once', async () => {
    const run = await project.platform(['up', '--json', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    const calls = awsCalls(project).slice(before);
    expect(calls.filter(({ action, status }) => action === 'RunInstances' && status === 200)).toHaveLength(2);
    expect(calls.filter(({ action }) => action === 'TerminateInstances')).toEqual([]);
  });
}
