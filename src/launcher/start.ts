import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../errors.ts';
import { type Connection, greet, speaksOurs } from './connection.ts';
import { connectTo, readLauncherRecord, socketPath } from './socket.ts';

export interface LauncherPlace {
  readonly stateFolder: string;
  /** The launcher's program: dist/launcher/main.js, or src/launcher/main.ts under test. */
  readonly entry: string;
  /** The Node.js that runs it. */
  readonly node: string;
  /** Its environment: PATH, HOME, TMPDIR, XDG_RUNTIME_DIR. Tools get only what their command lists. */
  readonly env: Readonly<Record<string, string>>;
}

/** Connects to the launcher of the state folder if one answers. */
export async function findLauncher(place: LauncherPlace): Promise<Connection | undefined> {
  const recorded = readLauncherRecord(place.stateFolder)?.socket;
  for (const path of new Set([recorded, pathOrUndefined(place)])) {
    const socket = path === undefined ? undefined : await connectTo(path);
    const met = socket && (await greet(socket));
    if (met === undefined) continue;
    if (speaksOurs(met.protocol)) return met.connection;
    met.connection.end();
    throw new PlatformError('LOCKED', {
      message: 'tools started by another version of platform still run in this environment',
      next: ['wait until they have ended (platform status), or go on with the version that started them'],
      class: 'transient',
    });
  }
  return undefined;
}

/** Connects to the launcher of the state folder, starting one when none answers. STATE_FOLDER when it does not come up. */
export async function ensureLauncher(place: LauncherPlace): Promise<Connection> {
  // A launcher that was just about to end may answer and vanish: the next round starts a new one.
  for (let round = 0; round < 3; round++) {
    const found = await findLauncher(place);
    if (found !== undefined) return found;
    await startLauncher(place);
  }
  throw new PlatformError('STATE_FOLDER', {
    message: 'the launcher of tools did not come up',
    next: [
      `read ${join(place.stateFolder, 'logs', 'launcher.log')}`,
      'check that the state folder is on a local disk that allows sockets',
    ],
    facts: { folder: place.stateFolder },
  });
}

/** Starts a launcher in a session of its own, and waits until it says that it listens, or ends. */
async function startLauncher(place: LauncherPlace): Promise<void> {
  mkdirSync(join(place.stateFolder, 'logs'), { recursive: true, mode: 0o700 });
  const log = openSync(join(place.stateFolder, 'logs', 'launcher.log'), 'a', 0o600);
  try {
    const child = spawn(place.node, [place.entry, place.stateFolder], {
      cwd: place.stateFolder,
      env: place.env,
      detached: true,
      stdio: ['ignore', 'pipe', log],
    });
    await new Promise<void>((done) => {
      child.stdout?.once('data', () => done());
      child.once('error', () => done());
      child.once('exit', () => done());
    });
    child.stdout?.destroy();
    child.unref();
  } finally {
    closeSync(log);
  }
}

function pathOrUndefined(place: LauncherPlace): string | undefined {
  try {
    return socketPath(place.stateFolder, place.env);
  } catch {
    return undefined;
  }
}
