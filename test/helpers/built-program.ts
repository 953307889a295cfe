import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { environment } from './environment.ts';

const program = realpathSync(join(import.meta.dirname, '../..'));

export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder of its own, removed when the test ends, in which the built program is run as a person would run it. */
export class BuiltProgram {
  readonly folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-test-'));
  /** Stands in place of `bin/platform.js` of this repository. */
  readonly entry: string;

  constructor(entry = join(program, 'bin/platform.js')) {
    this.entry = entry;
    mkdirSync(join(this.folder, 'home'));
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string, mode = 0o644): string {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  /** Every file below the folder but those of the home, with its text: to compare before and after. */
  files(): Readonly<Record<string, string>> {
    const paths = readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => !path.startsWith('home') && statSync(this.path(path)).isFile())
      .toSorted();
    return Object.fromEntries(paths.map((path) => [path, this.read(path)]));
  }

  /** Runs it with nothing on stdin and an empty home; `through` is a command line that starts it, such as one that changes the machine's view. */
  run(
    args: readonly string[],
    options: { readonly env?: Readonly<Record<string, string>>; readonly through?: readonly string[] } = {},
  ): Promise<Said> {
    const [command = '', ...rest] = [...(options.through ?? []), process.execPath, this.entry, ...args];
    const child = spawn(command, rest, {
      cwd: this.folder,
      env: { PATH: environment['PATH'], HOME: this.path('home'), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (said.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said.stderr += chunk));
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, ...said }));
    });
  }

  /** What was said, without what differs between machines and days. */
  plain(text: string): string {
    return text
      .replaceAll(this.folder, 'PROJECT')
      .replaceAll(program, 'PROGRAM')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-[a-z]{4,5})?/g, 'RUN')
      .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT');
  }
}
