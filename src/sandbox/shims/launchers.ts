import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeQuick } from '../../tools/folders.ts';
import type { SandboxSettings } from '../settings.ts';

/** What a shim must know; in a file beside its launcher, 0600, for it holds the secret word of the control API. */
export interface ShimSettings {
  readonly folder: string;
  readonly controlApi: string;
  readonly python: string;
  /** Path of the check for undefined variables. */
  readonly inspector: string;
  /** The folder sandbox/ansible. */
  readonly ansible: string;
}

/** Writes the programs that stand for ssh and ansible-playbook, and gives their paths. */
export async function writeShims(
  settings: SandboxSettings,
  controlApi: string,
): Promise<{ readonly ssh: string; readonly 'ansible-playbook': string }> {
  const folder = join(settings.folder, 'bin');
  const shim: ShimSettings = {
    folder: settings.folder,
    controlApi,
    python: settings.tools.python,
    inspector: join(settings.program, 'ansible', 'checks', 'undefined_variables.py'),
    ansible: join(settings.program, 'sandbox', 'ansible'),
  };
  const file = join(folder, 'shims.json');
  await writeQuick(file, `${JSON.stringify(shim, undefined, 2)}\n`);
  const write = async (name: 'ssh' | 'ansible-playbook'): Promise<string> => {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const entry = fileURLToPath(new URL(`./${name}/main.${extension}`, import.meta.url));
    const words = [settings.node, '--no-warnings', entry, file].map(quoted).join(' ');
    await writeQuick(join(folder, name), `#!/bin/sh\nexec ${words} "$@"\n`, 0o700);
    return join(folder, name);
  };
  return { ssh: await write('ssh'), 'ansible-playbook': await write('ansible-playbook') };
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
