import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../src/host.ts';
import { systemClock } from '../../src/tools/clock.ts';
import type { AwsInstance, Clock, Exit, Play, WriteWorld } from '../../src/tools/ports.ts';
import { exampleText, versionsText } from './configuration.ts';
import { fakeWorld } from './fake-world.ts';
import { MemoryLocks } from './memory-locks.ts';
import { journalOf, recordedHosts } from './recorded-platform.ts';
import { SimulatedTools } from './simulated-tools.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Waits a hundredth of what is asked, so that pauses of seconds cost a test nothing, and deadlines of minutes still hold. */
const hasty: Clock = { ...systemClock, sleep: (duration, signal) => systemClock.sleep(duration / 100, signal) };

export const exitOf = (code: number, stdout = ''): Exit => ({ code, signal: null, tail: [], stdout, log: '' });

export const instanceOf = (node: string, state: AwsInstance['state'] = 'running'): AwsInstance => ({
  id: recordedHosts[node as keyof typeof recordedHosts]?.instance ?? 'i-0zz',
  node,
  state,
  publicAddress: '203.0.113.4',
  privateAddress: '10.0.1.10',
  zone: '',
  type: '',
  launchTime: '',
  clientToken: '',
});

/** A platform that stands, for commands of day two: journals and locks are real, the world is made of fakes, and plays are written down. */
export async function dayTwoWorld(
  fakes: Parameters<typeof fakeWorld>[0],
  {
    text = exampleText,
    play,
  }: { readonly text?: string; play?(play: Play, variables: Record<string, string>): void } = {},
) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'platform.yaml'), text);
  writeFileSync(join(folder, 'versions.yaml'), versionsText);
  let drawn = 0.1;
  const did: string[] = [];
  const said = { stdout: '', stderr: '' };
  const written = new Map<string, string>();
  const identity = { server: 's', authority: 'ca', uid: 'uid' };
  const journals = await journalOf({ 'control-plane': { kubeconfig: '', identity } });
  const { context, ledger } = fakeWorld({
    files: {
      read: async (path) => (path.endsWith('variables.json') ? '{"cluster_id":"shop-dev-abcde"}' : written.get(path)),
      write: async (path, value) => void written.set(path, value),
    },
    ansible: {
      play: async (one) => {
        const name = one.playbook.split('/').at(-1) ?? '';
        const variables = JSON.parse(written.get(one.variables) ?? '{}') as Record<string, string>;
        did.push(
          `${name} on ${one.limit}${variables['etcd_restore_phase'] ? `: ${variables['etcd_restore_phase']}` : ''}`,
        );
        play?.(one, variables);
        return {};
      },
    },
    ...fakes,
  });
  const world = Object.assign(context, { clock: hasty }) as unknown as WriteWorld;
  const locks = new MemoryLocks();
  const host = {
    folder,
    program: folder,
    home: folder,
    version: '0.0.0',
    environment: {},
    stdin: { isTTY: false },
    stdout: { isTTY: false, columns: 0, write: (value: string) => (said.stdout += value) },
    stderr: { isTTY: false, columns: 0, write: (value: string) => (said.stderr += value) },
    signals: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }),
    open: async (config: { sandbox: object }) => ({
      config: { ...config, target: 'aws', environment: 'prod' },
      clock: hasty,
      random: { next: () => (drawn += 0.618) % 1 },
      files: world.files,
      host: { pid: 1, startTime: '1', bootId: 'boot', pidNamespace: '', host: 'here', user: 'me' },
      processes: { lives: async () => 'dead', facts: async () => ({}) },
      locks,
      journals,
      ledger: { path: 'ledger', read: async () => '' },
      launcher: new SimulatedTools(new SimulatedClock()).launcher(),
      observe: () => undefined,
      contexts: {
        read: (scope: object) => ({ ...world, ...scope }),
        write: (scope: object) => ({ ...world, ...scope }),
      },
      look: () => world,
      close: async () => undefined,
    }),
  } as unknown as Host;
  return { host, did, said, written, journals, ledger };
}

/** Options as the command line gives them, with every question answered. */
export const dayTwoFlags = { env: 'sandbox', logLevel: 'info', color: false, parallel: 4, yes: true } as const;
