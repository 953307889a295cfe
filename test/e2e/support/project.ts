import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PlatformEvent } from '../../../src/engine/events.ts';
import type { SandboxState } from '../../../src/sandbox/state.ts';

const program = realpathSync(join(import.meta.dirname, '../../..'));

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly events: readonly PlatformEvent[];
}

export interface RunControl {
  /** Called for each event of a `--json` run, while it is there to be killed. */
  onEvent?(event: PlatformEvent, child: { kill(signal: NodeJS.Signals): void }): void;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder with a platform.yaml and a sandbox of its own, spoken to as a person would: by the built program. */
export interface Project {
  readonly folder: string;
  readonly stateFolder: string;
  platform(args: readonly string[], control?: RunControl): Promise<Ended>;
  sandbox(): SandboxState;
  /** Every file below the state folder but the sandbox's own, for "leaves nothing behind". */
  files(): readonly string[];
  remove(): Promise<void>;
}

export function makeProject(yaml: string, trees: Readonly<Record<string, string>> = {}): Project {
  sweep();
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-e2e-'));
  writeFileSync(join(folder, 'owner'), String(process.pid));
  writeFileSync(join(folder, 'platform.yaml'), yaml);
  for (const [to, from] of Object.entries(trees)) cpSync(join(program, from), join(folder, to), { recursive: true });
  const stateFolder = join(folder, '.platform', 'sandbox');
  const platform = (args: readonly string[], control: RunControl = {}): Promise<Ended> =>
    runPlatform(folder, args, control);
  return {
    folder,
    stateFolder,
    platform,
    sandbox: () => JSON.parse(readFileSync(join(stateFolder, 'sandbox', 'state.json'), 'utf8')) as SandboxState,
    files: () =>
      existsSync(stateFolder)
        ? readdirSync(stateFolder, { recursive: true, encoding: 'utf8' })
            .filter((path) => path !== 'sandbox' && !path.startsWith('sandbox/'))
            .toSorted()
        : [],
    remove: async () => {
      if (!existsSync(folder)) return;
      await platform(['sandbox', 'down']);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Removes what a test process that was killed left behind; its sandboxes have ended with it. */
function sweep(): void {
  const parent = realpathSync(tmpdir());
  for (const name of readdirSync(parent).filter((one) => one.startsWith('platform-e2e-'))) {
    const owner = join(parent, name, 'owner');
    if (existsSync(owner) && !existsSync(`/proc/${readFileSync(owner, 'utf8')}`))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function runPlatform(folder: string, args: readonly string[], control: RunControl): Promise<Ended> {
  const { PATH = '', HOME = '', XDG_CACHE_HOME } = process.env;
  const child = spawn(process.execPath, [join(program, 'bin/platform.js'), ...args], {
    cwd: folder,
    env: {
      PATH,
      HOME,
      PLATFORM_SANDBOX_OWNER: String(process.pid),
      ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
      ...control.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  const events: PlatformEvent[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    texts.stdout += chunk;
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // Only a run prints one event a line; documents of other commands span several.
      if (!line.startsWith('{"')) continue;
      const event = JSON.parse(line) as PlatformEvent;
      events.push(event);
      control.onEvent?.(event, { kill: (signal) => child.kill(signal) });
    }
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...texts, events }));
  });
}
