import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { WritableTextFiles } from '../../src/tools/ports.ts';

/** Real files without the care for power cuts: for adapters under test. */
export const realFiles: WritableTextFiles = {
  read: (path) => readFile(path, 'utf8').catch(() => undefined),
  list: (folder) => readdir(folder).catch(() => []),
  async write(path, text, mode) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    if (mode !== undefined) await chmod(path, mode);
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
};
