import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLauncher } from '../../src/launcher/client.ts';
import { createAnsible } from '../../src/tools/ansible.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { childEnvironment } from '../../src/tools/environment.ts';
import { textFiles } from '../../src/tools/files.ts';
import type { Play } from '../../src/tools/ports.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { findAnsible } from '../helpers/ansible.ts';
import { environment } from '../helpers/environment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const found = findAnsible();
const never = new AbortController().signal;
const secret = 'correct-horse-battery';

/** Real Ansible on this machine, through a real launcher. */
function world() {
  const folder = temporaryFolder();
  const tree = join(folder, 'tree');
  cpSync(here('../fixtures/ansible/tree'), tree, { recursive: true });
  const stateFolder = join(folder, 'state');
  mkdirSync(stateFolder);
  const env = childEnvironment({ PATH: environment['PATH'], HOME: folder, LANG: 'C' });
  const launcher = createLauncher({
    stateFolder,
    entry: here('../../src/launcher/main.ts'),
    node: process.execPath,
    clock: systemClock,
    env,
  });
  onTestFinished(async () => {
    await launcher.close();
    await until('the launcher has ended', () => !existsSync(join(stateFolder, 'launcher.json')));
  });
  const ansible = createAnsible({
    processes: launcher.processesFor({ run: 'r1', step: 'node-base', attempt: 1, spawned: async () => {} }),
    read: createReadingProcesses(),
    program: found?.program ?? '',
    python: found?.python ?? '',
    inspector: here('../../ansible/checks/undefined_variables.py'),
    callbackPlugins: here('../../ansible/callback_plugins'),
    knownHosts: join(stateFolder, 'known hosts'),
    folder: stateFolder,
    environment: env,
    files: textFiles,
  });
  const local = { ansible_connection: 'local', ansible_python_interpreter: found?.python };
  const groups = {
    workers: { hosts: { 'k8s-worker-1': local, 'k8s-worker-2': local } },
    far: { hosts: { 'k8s-far': { ansible_host: '127.0.0.1', ansible_port: 1, ansible_user: 'nobody' } } },
  };
  writeFileSync(join(folder, 'inventory.json'), JSON.stringify({ all: { children: groups } }));
  writeFileSync(join(folder, 'variables.json'), JSON.stringify({ greeting: secret, target: join(folder, 'target') }));
  const play = (name: string, limit?: string): Play => ({
    playbook: join(tree, `${name}.yml`),
    inventory: join(folder, 'inventory.json'),
    variables: join(folder, 'variables.json'),
    ...(limit === undefined ? {} : { limit }),
  });
  const notes: string[] = [];
  return {
    folder,
    tree,
    stateFolder,
    ansible,
    launcher,
    play,
    notes,
    scope: { signal: never, note: (text: string) => notes.push(text) },
  };
}

describe.skipIf(found === undefined)(
  `ansible${found ? '' : ' (SKIPPED: ansible-playbook is not installed; npm run setup does)'}`,
  () => {
    test('inspects hosts, tasks and undefined variables without touching a host', async () => {
      const { ansible, play, tree, stateFolder } = world();
      expect(await ansible.inspect(play('good'), never)).toEqual({
        plays: [
          {
            name: 'Say things',
            hosts: ['k8s-worker-1', 'k8s-worker-2'],
            tasks: ['greet', 'show the environment', 'change something'],
          },
        ],
        undefinedVariables: [],
      });
      const { undefinedVariables } = await ansible.inspect(play('undefined'), never);
      expect(undefinedVariables).toEqual([
        { file: join(tree, 'undefined.yml'), line: expect.any(Number), task: 'say', variable: 'greting' },
      ]);
      expect(readdirSync(join(stateFolder, 'ansible', 'plays'))).toEqual([]);
    });

    test('says file and line of a playbook that cannot be read', async () => {
      const { ansible, play, tree } = world();
      await expect(ansible.inspect(play('broken'), never)).rejects.toMatchObject({
        code: 'CONTRACT_BROKEN',
        facts: { file: join(tree, 'broken.yml'), line: expect.any(Number) },
      });
    });

    test('plays, says what it does to whom and how far it is, and leaves nothing in the tree', async () => {
      const { ansible, play, scope, notes, folder, tree, stateFolder } = world();
      const before = readdirSync(tree, { recursive: true });
      await ansible.inspect(play('good'), never);
      const hosts = await ansible.play(play('good'), scope);
      expect(hosts).toEqual({
        'k8s-worker-1': { ok: 3, changed: expect.any(Number), failures: 0, unreachable: 0, skipped: 0 },
        'k8s-worker-2': { ok: 3, changed: expect.any(Number), failures: 0, unreachable: 0, skipped: 0 },
      });
      expect(notes).toContain('k8s-worker-1: greet (1/3 tasks)');
      expect(notes).toContain('2 machines: change something (3/3 tasks)');
      expect(readFileSync(join(folder, 'target'), 'utf8')).toBe(secret);
      expect(readdirSync(tree, { recursive: true })).toEqual(before);
      expect(readdirSync(join(stateFolder, 'ansible', 'plays'))).toEqual([]);
      const log = readFileSync(join(stateFolder, 'logs', 'r1', 'node-base.1.1.log'), 'utf8');
      expect(log).toContain(`known hosts in ${join(stateFolder, 'known hosts')}`);
      expect(log).toContain('StrictHostKeyChecking=yes');
    });

    test('names the first failing task, machine and place, not what was rescued', async () => {
      const { ansible, play, scope, tree } = world();
      await expect(ansible.play(play('failing'), scope)).rejects.toMatchObject({
        code: 'STEP_FAILED',
        class: 'transient',
        message: 'k8s-worker-2: "install packages" failed: Failed to fetch the package index',
        facts: { host: 'k8s-worker-2', task: 'install packages', file: join(tree, 'failing.yml'), line: 15 },
      });
    });

    test('does not repeat what a task hides', async () => {
      const { ansible, play, scope, notes } = world();
      const failure = await ansible.play(play('failing', 'k8s-worker-1'), scope).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'STEP_FAILED',
        facts: { task: 'keep a secret' },
        message: expect.stringContaining('no_log'),
      });
      expect(`${String(failure)}${notes.join('\n')}`).not.toContain(secret);
    });

    test('calls a machine that does not answer UNREACHABLE, to be tried again', async () => {
      const { ansible, play, scope } = world();
      await expect(ansible.play(play('unreachable'), scope)).rejects.toMatchObject({
        code: 'UNREACHABLE',
        class: 'transient',
        facts: { host: 'k8s-far', task: 'reach' },
      });
    });

    test('calls a limit that matches nobody an error, whatever Ansible thinks', async () => {
      const { ansible, play, scope } = world();
      await expect(ansible.play(play('waiting', 'k8s-worker-2'), scope)).rejects.toMatchObject({
        code: 'CONTRACT_BROKEN',
      });
    });

    test('is INTERRUPTED by one SIGINT', async () => {
      const { ansible, launcher, play, scope, notes, folder } = world();
      const playing = ansible.play(play('waiting'), scope).catch((error: unknown) => error);
      await until('the play works', () => existsSync(join(folder, 'target')));
      await until('the next task waits', () => notes.some((note) => note.includes(': wait ')));
      // The note comes before Ansible forks, and a signal in the middle of that is swallowed now and then.
      await until('its module works', () => isRunning('AnsiballZ_wait_for'));
      await launcher.signal('node-base', 'SIGINT');
      expect(await playing).toMatchObject({ code: 'INTERRUPTED' });
      // The module goes on when Ansible is interrupted (measured): let it end.
      writeFileSync(join(folder, 'target.go'), '');
    });
  },
);

/** Whether a process with these words in its command line lives; true where there is no procfs to ask. */
function isRunning(words: string): boolean {
  if (!existsSync('/proc')) return true;
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words);
    } catch {
      return false;
    }
  });
}
