import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ErrorCode, PlatformError } from '../errors.ts';
import type { WritableTextFiles } from './ports.ts';
import type { LockFolder } from './ports-engine.ts';

/** Text files of this machine. Writing is whole or not at all. Errors are STATE_FOLDER, or DISK_FULL. */
export const textFiles: WritableTextFiles = {
  read: (path) => named(path, () => readIfThere(path)),
  list: (folder) =>
    named(folder, async () => {
      const names = await readdir(folder).catch(absent);
      return (names ?? []).sort();
    }),
  write: (path, text, mode) => named(path, () => writeWhole(path, text, mode)),
  remove: (path) => named(path, () => rm(path, { force: true })),
};

/** Lock files in a folder, made by linking a whole file into place, so that nobody reads half of one. */
export function lockFolder(folder: string): LockFolder {
  const path = (name: string): string => join(folder, name);
  return {
    create: (name, text) =>
      named(path(name), async () => {
        const temporary = await writeTemporary(path(name), text, 0o600);
        try {
          await link(temporary, path(name));
          await syncFolder(folder);
          return true;
        } catch (error) {
          if (codeOf(error) === 'EEXIST') return false;
          throw error;
        } finally {
          await rm(temporary, { force: true });
        }
      }),
    read: (name) => named(path(name), () => readIfThere(path(name))),
    replace: (name, text) => named(path(name), () => writeWhole(path(name), text, 0o600)),
    remove: (name) => named(path(name), () => rm(path(name), { force: true })),
  };
}

/** Temporary file, fsync, rename, fsync of the folder; throws the system's own errors. */
export async function writeWhole(path: string, text: string, mode = 0o644): Promise<void> {
  const temporary = await writeTemporary(path, text, mode);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(absent);
}

/** Makes a new name in the folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** undefined for what is not there; every other error goes on. */
export function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
  throw error;
}

async function writeTemporary(path: string, text: string, mode: number): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
}

async function named<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reason = codeOf(error);
    const code: ErrorCode = reason === 'ENOSPC' || reason === 'EDQUOT' ? 'DISK_FULL' : 'STATE_FOLDER';
    const next = code === 'DISK_FULL' ? 'free some space on that disk' : 'check that the folder exists and is yours';
    throw new PlatformError(code, {
      message: `${path}: ${reason}`,
      next: [next],
      facts: { path, reason },
      cause: error,
    });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
