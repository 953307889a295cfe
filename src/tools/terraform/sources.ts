import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';

/** A root as it is on disk, with everything local that it refers to. */
export interface Sources {
  /** Path -> text of every configuration file of the root and of its local modules. */
  readonly files: ReadonlyMap<string, string>;
  /** The nearest folder that holds the root and all that it refers to by `../`. */
  readonly top: string;
}

const configuration = /\.tf(?:\.json)?$/;
const rootOnly = /(?:\.tfvars(?:\.json)?|^\.terraform\.lock\.hcl)$/;

/** Reads a root and, through `source = "./…"` and `"../…"`, its local modules. */
export async function readSources(directory: string): Promise<Sources> {
  const files = new Map<string, string>();
  const waiting = [directory];
  const seen = new Set<string>();
  let top = directory;
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    for (const name of (await readdir(folder).catch((): string[] => [])).sort()) {
      if (!configuration.test(name) && !(folder === directory && rootOnly.test(name))) continue;
      const text = await readFile(join(folder, name), 'utf8');
      files.set(join(folder, name), text);
      for (const [, path = ''] of text.matchAll(/\bsource"?\s*[=:]\s*"(\.{1,2}\/[^"]*)"/g))
        waiting.push(resolve(folder, path));
      for (const [path] of text.matchAll(/(?:\.\.\/)+[\w.-]*/g)) top = common(top, resolve(folder, path));
    }
    top = common(top, folder);
  }
  return { files, top };
}

function common(one: string, other: string): string {
  let folder = one;
  while (folder !== other && !other.startsWith(folder.endsWith(sep) ? folder : folder + sep)) folder = dirname(folder);
  return folder;
}
