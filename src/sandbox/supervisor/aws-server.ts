import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import { systemClock } from '../../tools/clock.ts';
import { textFiles } from '../../tools/files.ts';
import { writeQuick } from '../../tools/folders.ts';
import { lives, recordOf } from '../processes.ts';
import type { SandboxSettings } from '../settings.ts';
import { logFile } from '../state.ts';
import type { Children } from './children.ts';

export interface AwsServer {
  readonly endpoint: string;
  /** Another one after a restart: the server keeps all in memory. */
  readonly id: string;
}

interface PortFile {
  readonly port: number;
  readonly server: string;
  readonly pid: number;
}

/** It is over at once when the program ends; a busy machine is no failure. */
const startWithin = 300_000;

/** Starts the local AWS, or takes over the one that an earlier supervisor left behind. SANDBOX_FAILED when it does not come up. */
export async function startAwsServer(
  settings: SandboxSettings,
  children: Children,
  /** First and last of the public addresses that it may give, by their last number; absent: all. */
  addresses?: readonly [number, number],
): Promise<AwsServer & { readonly adopted: boolean }> {
  const folder = join(settings.folder, 'aws');
  const portFile = join(folder, 'port.json');
  const left = await runningServer(portFile);
  if (left !== undefined) {
    const process = await recordOf(left.pid);
    if (process !== undefined) await children.adopt('aws', process);
    return { endpoint: `http://127.0.0.1:${left.port}`, id: left.server, adopted: true };
  }
  await textFiles.remove(portFile);
  // Host keys are the machines' own affair: they are put into the console when a machine has booted.
  const seed = { region: settings.region, zones: settings.zones, console: 'none', ...(addresses && { addresses }) };
  await writeQuick(join(folder, 'seed.json'), JSON.stringify(seed));
  const log = logFile(settings.folder, 'aws');
  const child = await children.start({
    name: 'aws',
    argv: [
      settings.tools.python,
      '-m',
      'platform_aws_sandbox',
      '--port-file',
      portFile,
      '--seed',
      join(folder, 'seed.json'),
      '--journal',
      join(settings.folder, 'logs', 'aws-calls.ndjson'),
      '--delay',
      String(settings.delay),
    ],
    env: {
      PATH: settings.environment['PATH'] ?? '',
      HOME: folder,
      PYTHONPATH: join(settings.program, 'sandbox', 'aws'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    log,
  });
  let over: string | undefined;
  void child.ended.then((how) => (over = how));
  for (const end = systemClock.monotonic() + startWithin; systemClock.monotonic() < end; await systemClock.sleep(50)) {
    const found = await readPortFile(portFile);
    if (found !== undefined) return { endpoint: `http://127.0.0.1:${found.port}`, id: found.server, adopted: false };
    if (over !== undefined) break;
  }
  throw new PlatformError('SANDBOX_FAILED', {
    message: `the local AWS did not come up: ${over ?? `no answer within ${startWithin / 1000} s`}`,
    next: [`read ${log}`],
    facts: { log },
  });
}

async function readPortFile(path: string): Promise<PortFile | undefined> {
  const text = await textFiles.read(path);
  return text === undefined ? undefined : (JSON.parse(text) as PortFile);
}

/** The server of the port file, when it answers as the one that wrote it. */
async function runningServer(path: string): Promise<PortFile | undefined> {
  const found = await readPortFile(path);
  const process = found === undefined ? undefined : await recordOf(found.pid);
  if (found === undefined || process === undefined || !(await lives(process))) return undefined;
  const answer = await fetch(`http://127.0.0.1:${found.port}/_sandbox/identity`, { signal: AbortSignal.timeout(5_000) })
    .then(async (response) => (await response.json()) as { server: string })
    .catch(() => undefined);
  return answer?.server === found.server ? found : undefined;
}
