import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { foldersIn } from './folders.ts';

/** Folders of programs on the real disk: a cache that many runs fill and share at the same time. */
export const programFolders = {
  readText: (path: string) => readFile(path, 'utf8'),
  /** Whether it is a file that may be executed. */
  async isProgram(path: string) {
    try {
      await access(path, constants.X_OK);
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  },
  /** An empty folder beside where the finished one will be, on the same file system. */
  async makeTemporary(parent: string, prefix: string) {
    await mkdir(parent, { recursive: true });
    return mkdtemp(join(parent, prefix));
  },
  list: foldersIn,
  async writeProgram(path: string, content: Uint8Array) {
    await writeFile(path, content, { mode: 0o755 });
  },
  /** Renames a finished folder into place; one that is there already stays, and this one is removed. */
  async publish(from: string, to: string) {
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(from, to);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      // Another run was faster: its folder has the same content, because its name is the hash of what it was made from.
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      await rm(from, { recursive: true, force: true });
    }
  },
  async remove(path: string) {
    await rm(path, { recursive: true, force: true });
  },
};
