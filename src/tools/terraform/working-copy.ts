import { createHash, randomUUID } from 'node:crypto';
import { copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { TerraformRoot } from '../ports.ts';
import { readSources, type Sources } from './sources.ts';

/** Left behind by Terraform in the user's tree, or ours to decide. */
const notCarried =
  /^(?:\.terraform|\.terraform\.tfstate\.lock\.info|.*\.tfstate(?:\..*)?|errored\.tfstate|crash.*\.log|\.git)$/;
/** Read by us when the key is made; copied, so that what was hashed is what Terraform sees. */
const copied = /(?:\.tf|\.tf\.json|\.tfvars|\.tfvars\.json|^\.terraform\.lock\.hcl)$/;
/** Override files are merged in the order of their names: this one is last. */
const overrideFile = 'zz_platform_override.tf';

export interface WorkingCopy {
  /** Where Terraform runs. */
  readonly directory: string;
  /** Names the content: sources, backend, command-line configuration. */
  readonly key: string;
}

export interface CopyOptions {
  /** Where the copies of all roots live. */
  readonly folder: string;
  /** Where local state is kept, for roots without a backend. */
  readonly localState: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Without backend: for validation, before the state bucket exists. */
  readonly offline: boolean;
}

/**
 * A copy of a root in our own folder, made once per content and initialised by `initialise` before anyone sees it.
 *
 * Terraform never runs in the tree itself, ours or the user's: `init` writes `.terraform.lock.hcl` and `.terraform`, a
 * failed apply `errored.tfstate`, and `settle` needs a file with import blocks. A lock file in the tree is carried over,
 * so its versions hold; what init adds to it stays in the copy. `../` keeps its meaning: above the copy stand links to
 * the neighbours of the original. Names outside the tree are not written either.
 */
export async function prepareCopy(
  root: TerraformRoot,
  options: CopyOptions,
  initialise: (directory: string) => Promise<void>,
): Promise<WorkingCopy> {
  const sources = await readSources(root.directory);
  const key = (options.offline ? 'offline-' : '') + (await keyOf(root, sources, options));
  const home = join(options.folder, root.name);
  const inside = join('tree', relative(sources.top, root.directory));
  const place = join(home, key);
  // What the environment itself has initialised serves a command that leaves nothing behind, too: reading writes nothing into it.
  for (const made of [place, join(options.localState, 'terraform', root.name, key)])
    if (await stat(made).catch(() => undefined)) return { directory: join(made, inside), key };
  const copy = { directory: join(place, inside), key };
  const partial = join(home, `${key}.${randomUUID()}`);
  try {
    await mirror(root.directory, sources.top, join(partial, 'tree'));
    await writeOverride(root, sources, join(partial, inside), options);
    await initialise(join(partial, inside));
    await rename(partial, place).catch(async (error: NodeJS.ErrnoException) => {
      // Someone else was faster with the same content.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return copy;
}

/** Removes the copies of earlier contents, except those that still hold a state that could not be saved. */
export async function removeOldCopies(root: TerraformRoot, options: CopyOptions, current: string): Promise<void> {
  const home = join(options.folder, root.name);
  for (const name of await readdir(home)) {
    if (!/^[0-9a-f]{16}(?:\..*)?$/.test(name) || name === current) continue;
    if ((await findErroredStates(join(home, name))).length === 0)
      await rm(join(home, name), { recursive: true, force: true });
  }
}

/** States that Terraform could not save to the backend and left beside the configuration, in any copy of the root. */
export async function erroredStates(root: TerraformRoot, options: CopyOptions): Promise<readonly string[]> {
  return await findErroredStates(join(options.folder, root.name));
}

async function findErroredStates(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (entry.name === 'errored.tfstate') found.push(join(folder, entry.name));
    else if (entry.isDirectory() && entry.name !== '.terraform')
      found.push(...(await findErroredStates(join(folder, entry.name))));
  }
  return found;
}

async function keyOf(
  root: TerraformRoot,
  { files, top }: Sources,
  { environment, localState }: CopyOptions,
): Promise<string> {
  const commandLine = environment['TF_CLI_CONFIG_FILE'];
  const parts = [
    root.directory,
    top,
    JSON.stringify(root.backend ?? localState),
    (await readdir(root.directory))
      .filter((name) => !notCarried.test(name))
      .sort()
      .join('\0'),
    commandLine === undefined ? '' : await readFile(commandLine, 'utf8').catch(() => ''),
    ...[...files].flat(),
  ];
  return parts
    .reduce((hash, part) => hash.update(`${part.length}:${part}`), createHash('sha256'))
    .digest('hex')
    .slice(0, 16);
}

/** Real folders from `top` down to the root, links to everything beside them. */
async function mirror(original: string, top: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o700 });
  const next = original === top ? undefined : relative(top, original).split(sep)[0];
  for (const name of await readdir(top)) {
    const from = join(top, name);
    const to = join(target, name);
    if (name === next) await mirror(original, from, to);
    else if (next === undefined && notCarried.test(name)) continue;
    else if (next === undefined && copied.test(name) && (await lstat(from)).isFile()) await copyFile(from, to);
    else await symlink(from, to);
  }
}

/**
 * The backend, where the tree does not say it itself: ours by `-backend-config` needs an S3 block; without a backend of ours
 * the state is a local file, unless the tree has a backend block with content of its own.
 */
async function writeOverride(
  root: TerraformRoot,
  { files }: Sources,
  directory: string,
  { localState }: CopyOptions,
): Promise<void> {
  const own = [...files]
    .filter(([path]) => dirname(path) === root.directory)
    .map(([, text]) => text)
    .join('\n');
  const block = /\bbackend\s+"(\w+)"\s*\{([^}]*)\}|\bcloud\s*\{/.exec(own);
  const path = join(localState, `${basename(root.name)}.tfstate`);
  let backend: string | undefined;
  if (root.backend !== undefined) backend = block?.[1] === 's3' ? undefined : 'backend "s3" {}';
  else if (block === null || block[2]?.trim() === '')
    backend = `backend "local" {\n    path = ${JSON.stringify(path)}\n  }`;
  if (backend !== undefined) await writeFile(join(directory, overrideFile), `terraform {\n  ${backend}\n}\n`);
}
