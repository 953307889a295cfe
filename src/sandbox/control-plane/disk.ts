import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BinaryFiles } from './acquire-types.ts';

/** The cache on the real disk. */
export const diskFiles: BinaryFiles = {
  readText: (path) => readFile(path, 'utf8'),
  async isProgram(path) {
    try {
      await access(path, constants.X_OK);
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  },
  async makeTemporary(parent) {
    await mkdir(parent, { recursive: true });
    return mkdtemp(join(parent, '.unfinished-'));
  },
  async writeProgram(path, content) {
    await writeFile(path, content, { mode: 0o755 });
  },
  async publish(from, to) {
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
  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },
};
