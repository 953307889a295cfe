import { constants } from 'node:fs';
import { copyFile, mkdir, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { absent, readIfThere, syncFolder, writeWhole } from './files.ts';
import type { AppendFile, JournalFolder, LineFile } from './ports-engine.ts';

const ending = '.ndjson';

/** The journals of an environment: one file a run. */
export function journalFolder(folder: string): JournalFolder {
  return {
    async runs() {
      const names = (await readdir(folder).catch(absent)) ?? [];
      return names
        .filter((name) => name.endsWith(ending))
        .map((name) => basename(name, ending))
        .sort();
    },
    file: (run) => lineFile(join(folder, `${run}${ending}`)),
  };
}

/** A file that only grows; throws the system's own errors. */
export function lineFile(path: string): LineFile {
  return {
    path,
    read: async () => (await readIfThere(path)) ?? '',
    open: () => openForAppend(path),
    async truncate(length) {
      const handle = await open(path, 'r+');
      try {
        await handle.truncate(length);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    async keepCopy() {
      for (let number = 1; ; number++) {
        const copy = `${path}.copy-${number}`;
        if ((await stat(copy).catch(absent)) !== undefined) continue;
        await copyFile(path, copy, constants.COPYFILE_EXCL);
        await syncFolder(dirname(path));
        return copy;
      }
    },
    replace: (text) => writeWhole(path, text, 0o600),
  };
}

async function openForAppend(path: string): Promise<AppendFile> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'a', 0o600);
  await syncFolder(dirname(path));
  return {
    append: (text) => handle.appendFile(text),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}
