import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { secretsIn } from '../environment.ts';
import type { Clock, Exit, Processes, TerraformRoot, WritableTextFiles } from '../ports.ts';
import { explainTerraform } from './failures.ts';
import type { AllowReplace } from './guard.ts';
import type { TerraformLock } from './lock.ts';
import { prepareCopy, type WorkingCopy } from './working-copy.ts';

export interface TerraformOptions {
  /** Starts what changes something: through the launcher. */
  readonly processes: Processes;
  /** Starts what only reads. */
  readonly read: Processes;
  /** 'terraform', or where it is. */
  readonly program: string;
  /** Copies of the roots, variable files, plan files; below the state folder, or temporary for a command that leaves nothing behind. */
  readonly folder: string;
  /** Where local state lives for roots without a backend; default `folder`. */
  readonly localState?: string;
  /** The whole environment of Terraform. */
  readonly environment: Readonly<Record<string, string>>;
  /** Further `-backend-config` values, e.g. `use_path_style`. */
  readonly backendConfig?: Readonly<Record<string, string>>;
  readonly files: WritableTextFiles;
  readonly clock: Clock;
  /** The content of an object, so that a state can be read without starting Terraform; absent: Terraform is always asked. */
  readonly readObject?: (bucket: string, key: string) => Promise<string | undefined>;
  /** The content of KEY.tflock; undefined when there is none. */
  readonly readLock: (root: TerraformRoot) => Promise<TerraformLock | undefined>;
  /** True only when host, boot and time of the lock fit an attempt in our journal whose tool is proven dead. */
  readonly ownDeadAttempt: (lock: TerraformLock, root: TerraformRoot) => Promise<boolean>;
  /** Which precious resources an apply may replace or delete; default none. */
  readonly allowReplace?: AllowReplace;
}

export interface CallScope {
  readonly signal: AbortSignal;
  onLine?(line: string): void;
}

/** Runs Terraform in the copy of a root; 'offline' is a copy without backend, for what needs no state. */
export interface Terraform {
  prepare(root: TerraformRoot, signal: AbortSignal, backend?: 'offline'): Promise<WorkingCopy>;
  /** A reading call; the exit is a value. */
  read(copy: WorkingCopy, argv: readonly string[], scope: CallScope): Promise<Exit>;
  /** A writing call, through the launcher. */
  write(copy: WorkingCopy, argv: readonly string[], scope: CallScope): Promise<Exit>;
  /** The path of a file (0600) with the variables of a root. */
  variables(root: TerraformRoot): Promise<string>;
}

/** The plugin cache is not safe for inits side by side (Terraform's documentation of plugin_cache_dir): one queue for the process. */
let lastInit: Promise<unknown> = Promise.resolve();

async function oneAtATime(init: () => Promise<Exit>): Promise<Exit> {
  const running = lastInit.then(init);
  lastInit = running.catch(() => {});
  return await running;
}

/**
 * How much garbage Go lets stand before it collects, in percent of what lives; the user's own GOGC goes first. Terraform and a provider decode
 * the schemas of thousands of resources at each start: with 400 a plan took 4.2 s of processor time instead of 6.1 s and not a tenth more memory
 * (663 MB and 632 MB; Terraform 1.11, AWS provider 5.100).
 */
const garbage = '400';

export function createCalls(options: TerraformOptions): Terraform {
  const { program, environment, files } = options;
  const folder = join(options.folder, 'terraform');
  const copying = { folder, localState: localStateOf(options), environment };
  const env = { GOGC: garbage, ...environment, TF_IN_AUTOMATION: '1', TF_INPUT: '0', CHECKPOINT_DISABLE: '1' };
  const preparing = new Map<string, Promise<WorkingCopy>>();

  const call =
    (processes: Processes) => async (copy: Pick<WorkingCopy, 'directory'>, argv: readonly string[], scope: CallScope) =>
      await processes.run({
        tool: 'terraform',
        argv: [program, ...argv],
        cwd: copy.directory,
        env,
        secrets: secretsIn(environment),
        signal: scope.signal,
        ...(scope.onLine === undefined ? {} : { onLine: (line: string) => scope.onLine?.(line) }),
      });
  const read = call(options.read);

  const initialise = async (
    root: TerraformRoot,
    directory: string,
    signal: AbortSignal,
    offline: boolean,
  ): Promise<void> => {
    const values: Readonly<Record<string, string>> =
      root.backend === undefined
        ? {}
        : { ...root.backend, use_lockfile: 'true', encrypt: 'true', ...options.backendConfig };
    const backend = Object.entries(values).map(([name, value]) => `-backend-config=${name}=${value}`);
    const argv = ['init', '-input=false', '-json', ...(offline ? ['-backend=false'] : backend)];
    const exit = await oneAtATime(async () => await read({ directory }, argv, { signal }));
    if (exit.code !== 0) throw explainTerraform(root, 'init', exit);
  };

  return {
    read,
    write: call(options.processes),
    async prepare(root, signal, backend) {
      const offline = backend === 'offline';
      const place = JSON.stringify([root, offline]);
      let running = preparing.get(place);
      if (running === undefined) {
        running = prepareCopy(
          root,
          { ...copying, offline },
          async (directory) => await initialise(root, directory, signal, offline),
        );
        preparing.set(place, running);
        // Only calls at the same time share one answer: the next one looks at the sources again.
        const forget = (): void => void preparing.delete(place);
        running.then(forget, forget);
      }
      return await running;
    },
    async variables(root) {
      const text = JSON.stringify(root.variables ?? {});
      const path = join(
        folder,
        root.name,
        `variables-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.tfvars.json`,
      );
      await mkdir(join(folder, root.name), { recursive: true, mode: 0o700 });
      await files.write(path, text, 0o600);
      return path;
    },
  };
}

export const localStateOf = (options: TerraformOptions): string =>
  options.localState ?? join(options.folder, 'terraform');
export const copiesOf = (options: TerraformOptions) => ({
  folder: join(options.folder, 'terraform'),
  localState: localStateOf(options),
  environment: options.environment,
  offline: false,
});
