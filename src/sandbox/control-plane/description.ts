import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BinaryFiles } from './acquire-types.ts';
import { programs } from './programs.ts';
import type { ProgramPaths } from './programs.ts';

/** What build.json says, and `key`: the name of the cache folder, which changes with every file that shapes the binary. */
export interface BuildDescription {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly kwok: string;
  /** What `go build` gets beside its own environment and arguments. */
  readonly environment: Readonly<Record<string, string>>;
  readonly arguments: readonly string[];
  readonly key: string;
}

/** Reads sandbox/control-plane. */
export async function describeBuild(files: BinaryFiles, source: string): Promise<BuildDescription> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) hash.update(await files.readText(join(source, name)));
  const text = await files.readText(join(source, 'build.json'));
  const description = JSON.parse(text) as Omit<BuildDescription, 'key'>;
  return { ...description, key: `${description.kubernetes}-${hash.update(text).digest('hex').slice(0, 12)}` };
}

/** The one binary that Go builds, or one file for each program, as they lie in a folder. Names what is missing. */
export async function programsIn(
  files: BinaryFiles,
  folder: string,
): Promise<{ programs: ProgramPaths } | { missing: readonly string[] }> {
  const all = join(folder, 'control-plane');
  if (await files.isProgram(all)) return { programs: pathsOf((name) => [all, name]) };
  const missing: string[] = [];
  for (const name of programs) if (!(await files.isProgram(join(folder, name)))) missing.push(name);
  return missing.length > 0 ? { missing } : { programs: pathsOf((name) => [join(folder, name)]) };
}

function pathsOf(path: (name: string) => readonly string[]): ProgramPaths {
  return Object.fromEntries(programs.map((name) => [name, path(name)])) as unknown as ProgramPaths;
}
