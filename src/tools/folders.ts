import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** Paths of all files below a folder, relative to it, with `/`, in order; none when there is no such folder. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Names of the folders in a folder, in order; none when it is not there. */
export async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export const readBytes = (path: string): Promise<Buffer> => readFile(path);

/** Removes a folder with everything in it; fine when there is none. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Whole or not at all, without the fsync of the state folder's files: for what a restart makes anew. */
export async function writeQuick(path: string, text: string, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.part`, text, { mode });
  await chmod(`${path}.part`, mode);
  await rename(`${path}.part`, path);
}

/** One line for each file below a folder, which changes when the file is written: path, size and time. */
export async function fileMarks(folder: string): Promise<readonly string[]> {
  const paths = (await filesBelow(folder)).filter((path) => !path.includes('__pycache__'));
  return Promise.all(
    paths.map(async (path) => {
      // A file that vanishes meanwhile has its mark, too.
      const found = await stat(join(folder, path)).catch(() => undefined);
      return `${path} ${found?.size} ${found?.mtimeMs}`;
    }),
  );
}
