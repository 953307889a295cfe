import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, the closing zero included (unix(7)). */
const longestPath = 103;

/** What launcher.json says about the launcher that lives. */
export interface LauncherRecord {
  readonly socket: string;
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

const recordPath = (stateFolder: string): string => join(stateFolder, 'launcher.json');

/** Where the launcher of a state folder listens: inside it, or in a private folder of ours where the path would be too long. */
export function socketPath(stateFolder: string, env: Readonly<Record<string, string | undefined>>): string {
  const inside = join(realpathSync(stateFolder), 'launcher.sock');
  if (Buffer.byteLength(inside) <= longestPath) return inside;
  const user = userInfo().uid;
  const folder = join(env['XDG_RUNTIME_DIR'] ?? env['TMPDIR'] ?? tmpdir(), `platform-${user}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  if (uid !== user || (mode & 0o077) !== 0)
    throw new Error(`${folder} is not private: it must belong to you with mode 0700`);
  return join(folder, `${createHash('sha256').update(inside).digest('hex').slice(0, 16)}.sock`);
}

/** Connects; undefined when nothing answers there. */
export async function connectTo(path: string): Promise<Socket | undefined> {
  return await new Promise((answer) => {
    const socket = connect(path);
    socket.once('connect', () => answer(socket));
    socket.once('error', () => answer(undefined));
  });
}

/** Whether somebody accepts connections there. */
export async function answers(path: string): Promise<boolean> {
  const socket = await connectTo(path);
  socket?.destroy();
  return socket !== undefined;
}

/** Listens on a path that is free, with mode 0600. */
export async function listenOn(server: Server, path: string): Promise<void> {
  await new Promise<void>((listening, fail) => {
    const umask = process.umask(0o177);
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      listening();
    });
    process.umask(umask);
  });
}

export function writeLauncherRecord(stateFolder: string, record: LauncherRecord): void {
  const path = recordPath(stateFolder);
  writeFileSync(`${path}.${record.pid}`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
  renameSync(`${path}.${record.pid}`, path);
}

export function readLauncherRecord(stateFolder: string): LauncherRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordPath(stateFolder), 'utf8')) as LauncherRecord;
  } catch {
    return undefined;
  }
}

/** Removes record and socket, if they are still those of this process. */
export function removeLauncherRecord(stateFolder: string, pid: number): void {
  const record = readLauncherRecord(stateFolder);
  if (record?.pid !== pid) return;
  rmSync(recordPath(stateFolder), { force: true });
  rmSync(record.socket, { force: true });
}
