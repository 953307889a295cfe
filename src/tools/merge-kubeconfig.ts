import { open, realpath, rm } from 'node:fs/promises';
import { PlatformError } from '../errors.ts';
import { type Access, mergedKubeconfig } from './kubeconfig-file.ts';
import type { WritableTextFiles } from './ports.ts';

/**
 * Merges an access into a kubeconfig of the user: under the lock that kubectl itself takes, whole or not at all, after a copy of the file as it was.
 * Tells the path of that copy; undefined when there was no file, or when it changed nothing.
 */
export async function mergeKubeconfig(
  files: WritableTextFiles,
  named: string,
  access: Access,
  stamp: string,
): Promise<string | undefined> {
  // A link to the real file stays a link.
  const path = await realpath(named).catch(() => named);
  // Made without a lock where the folder is not there yet: nobody else can have the file open.
  const lock = `${path}.lock`;
  const held = await open(lock, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw locked(lock);
    if (error.code === 'ENOENT') return undefined;
    throw new PlatformError('STATE_FOLDER', {
      message: `${path} cannot be written: ${error.message}`,
      next: ['write to a file elsewhere: --out FILE'],
      facts: { file: path },
    });
  });
  try {
    const before = await files.read(path);
    const after = mergedKubeconfig(before ?? '', access, path);
    if (after === before) return undefined;
    const copy = before === undefined ? undefined : `${path}.before-platform-${stamp}`;
    if (copy !== undefined) await files.write(copy, before ?? '', 0o600);
    await files.write(path, after, 0o600);
    return copy;
  } finally {
    await held?.close();
    if (held !== undefined) await rm(lock, { force: true });
  }
}

/** client-go tools/clientcmd/config.go, lockFile: whoever writes makes this file first, and fails where it is there. */
const locked = (lock: string): PlatformError =>
  new PlatformError('LOCKED', {
    message: `somebody writes that kubeconfig right now, or was cut off while writing: ${lock} is there`,
    next: ['type the same command again', `if nobody does: rm ${lock}`],
    facts: { file: lock },
  });
