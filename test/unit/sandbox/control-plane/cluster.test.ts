import { expect, test } from 'vitest';
import { startControlPlane } from '../../../../src/sandbox/control-plane/cluster.ts';
import type {
  Program,
  ProgramPaths,
  ProgramRunner,
  ProgramStart,
} from '../../../../src/sandbox/control-plane/programs.ts';
import { programs } from '../../../../src/sandbox/control-plane/programs.ts';
import { systemClock } from '../../../../src/tools/clock.ts';
import { freePorts, plainFiles } from '../../../helpers/control-plane.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const paths = Object.fromEntries(programs.map((name) => [name, [`/opt/${name}`]])) as unknown as ProgramPaths;

/** Programs that do nothing; those named end at once. */
function runner(ending: Partial<Record<Program, string>>) {
  const started: ProgramStart[] = [];
  const stopped: string[] = [];
  const fake: ProgramRunner = {
    async startProgram(start) {
      started.push(start);
      const because = ending[start.name];
      return { pid: started.length, ended: because === undefined ? new Promise(() => {}) : Promise.resolve(because) };
    },
    async stopProgram(pid, signal) {
      stopped.push(`${started[pid - 1]?.name} ${signal}`);
    },
  };
  return { fake, started, stopped };
}

async function start(fake: ProgramRunner, signal: AbortSignal) {
  const [api = 0, etcd = 0, etcdPeer = 0] = await freePorts(3);
  return startControlPlane(
    { runner: fake, files: plainFiles, clock: systemClock },
    paths,
    {
      folder: temporaryFolder(),
      stages: ['stage.yaml'],
      ports: { api, etcd, etcdPeer },
      names: [],
      advertise: '10.0.0.10',
      podCidr: '192.168.0.0/16',
      serviceCidr: '10.96.0.0/12',
    },
    signal,
  );
}

test('a program that ends while starting is named with its log, and the others are stopped in order', async () => {
  const { fake, started, stopped } = runner({ etcd: 'exit code 1' });
  const error = await start(fake, new AbortController().signal).catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    code: 'SANDBOX_FAILED',
    message: 'etcd ended while the control plane was starting: exit code 1',
    next: [expect.stringMatching(/^read .*\/logs\/etcd\.log$/)],
  });
  expect(started.map((program) => program.name)).toStrictEqual(['etcd', 'kube-apiserver']);
  expect(stopped).toStrictEqual(['kube-apiserver SIGKILL', 'etcd SIGTERM']);
});

test('a cancelled start leaves nothing running, and no environment leaks into the programs', async () => {
  const { fake, started, stopped } = runner({});
  await expect(start(fake, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  expect(stopped).toStrictEqual(['kube-apiserver SIGKILL', 'etcd SIGTERM']);
  expect(started.map((program) => Object.keys(program.env))).toStrictEqual([
    ['PATH', 'HOME', 'GOGC'],
    ['PATH', 'HOME', 'GOGC'],
  ]);
});
