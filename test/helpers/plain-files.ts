import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { WritableTextFiles } from '../../src/tools/ports.ts';

/** Files of this machine without the promises about power cuts: enough for tests. */
export const plainFiles: WritableTextFiles = {
  read: async (path) => await readFile(path, 'utf8').catch(() => undefined),
  list: async (folder) => await readdir(folder).catch(() => []),
  async write(path, text, mode = 0o644) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode });
  },
  remove: async (path) => await rm(path, { force: true }),
};
