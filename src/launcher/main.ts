import { systemClock } from '../tools/clock.ts';
import { listenAlone } from './alone.ts';
import { identityOf } from './identity.ts';
import { createLauncherServer } from './server.ts';
import { removeLauncherRecord, socketPath, writeLauncherRecord } from './socket.ts';

/** How long a launcher waits for its first client, in milliseconds. */
const firstClient = 10_000;

/**
 * The launcher: `node main.js STATE_FOLDER`. Says one line on stdout once it can be spoken to (or when another one already
 * answers), serves until the last tool has ended and no client is connected, and survives the terminal that it came from.
 */
async function main(stateFolder: string): Promise<void> {
  // Ctrl-C and a closed terminal are for the client to judge: it sends what a tool should get. A tool must not lose its launcher.
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGQUIT'] as const) process.on(signal, () => {});
  process.stdout.on('error', () => {});
  const path = socketPath(stateFolder, process.env);
  const end = (): void => {
    if (busy()) return;
    removeLauncherRecord(stateFolder, process.pid);
    process.exit(0);
  };
  process.on('SIGTERM', end);
  const after = (duration: number, action: () => void): (() => void) => {
    const cancelled = new AbortController();
    void systemClock.sleep(duration, cancelled.signal).then(() => cancelled.signal.aborted || action());
    return () => cancelled.abort();
  };
  let waited = false;
  const { server, busy } = createLauncherServer({ stateFolder, after }, (asked) => {
    if (asked || waited) end();
  });
  if (!(await listenAlone(server, path, stateFolder))) {
    process.stdout.write('another launcher answers\n', () => process.exit(0));
    return;
  }
  writeLauncherRecord(stateFolder, {
    socket: path,
    pid: process.pid,
    ...(await identityOf(process.pid)),
  });
  after(firstClient, () => {
    waited = true;
    end();
  });
  process.stdout.write('listening\n');
}

await main(process.argv[2] ?? '.');
