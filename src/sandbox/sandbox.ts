import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '../errors.ts';
import { startChild } from '../tools/children.ts';
import { systemClock } from '../tools/clock.ts';
import { textFiles } from '../tools/files.ts';
import { removeFolder, writeQuick } from '../tools/folders.ts';
import { createReadingProcesses } from '../tools/process.ts';
import { systemProcessTable } from '../tools/process-table.ts';
import { programFolders } from '../tools/program-folder.ts';
import { acquirePrograms } from './control-plane/acquire.ts';
import { officialSites } from './control-plane/acquire-types.ts';
import { findTools, terraformMirror } from './find-tools.ts';
import { endProcess, lives, recordOf } from './processes.ts';
import { readSandbox, recordedSandbox } from './read.ts';
import { acquireImage } from './hosts/image.ts';
import { removeHosts } from './hosts/removal.ts';
import { requireHosts } from './hosts/requirements.ts';
import type { SandboxSettings } from './settings.ts';
import { childrenFile, logFile, settingsFile } from './state.ts';
import { acquireSupply } from './supply/supply.ts';
import type { RecordedProcess, SandboxState } from './state.ts';
import type { ChildrenRecord } from './supervisor/children.ts';

/** What starting and stopping do, in order. */
export const phases = {
  up: [
    { id: 'programs', title: 'Programs that it runs' },
    { id: 'services', title: 'Local AWS, DNS and mirrors' },
  ],
  down: [
    { id: 'supervisor', title: 'Supervisor and what it started' },
    { id: 'files', title: 'Files' },
  ],
} as const;

export type Phase = (typeof phases)['up' | 'down'][number]['id'];

export interface StartOptions {
  /** The part of the configuration that a sandbox stands for. */
  readonly config: {
    readonly region: string;
    readonly domain?: string;
    readonly network: { readonly pods: string; readonly services: string };
    readonly sandbox: { readonly delay: number; readonly machines?: 'simulated' | 'hosts' };
    /** With hosts: who logs in, and from where. */
    readonly access?: { readonly sshUser: string; readonly allow: readonly string[] };
    readonly versions: { readonly kubernetes: string };
  };
  /** `.platform/ENV/sandbox` */
  readonly folder: string;
  /** Folder of the installed program. */
  readonly program: string;
  readonly node: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Progress for people, one line each, with the phase that it belongs to. */
  say(text: string, phase: Phase): void;
  readonly signal?: AbortSignal;
}

/** The first start with hosts makes their image and their supply; how it goes on is told meanwhile. */
const startWithin = 600_000;
/** The same from src/ and from dist/. */
const installedProgram = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** What programs of the sandbox may inherit: where programs are, and how the Go build reaches its modules. */
const inherited = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LANG',
  'GOPROXY',
  'GOFLAGS',
  'GONOSUMDB',
  'GOSUMDB',
  'GOCACHE',
  'GOMODCACHE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/** Starts the stand-ins of an environment, or finds them running. SANDBOX_FAILED says what could not be started, and where its log is. */
export async function startSandbox(options: StartOptions): Promise<SandboxState> {
  const running = await readSandbox(options.folder);
  if (running !== undefined) {
    options.say(`sandbox runs already (pid ${running.supervisor.pid})`, 'services');
    return running;
  }
  options.say('looking for the programs that it runs', 'programs');
  const settings = await settingsOf(options);
  const log = logFile(options.folder, 'supervisor');
  await writeQuick(settingsFile(options.folder), `${JSON.stringify(settings, undefined, 2)}\n`);
  options.say('starting the local AWS, DNS and mirrors', 'services');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`./supervisor/main.${extension}`, import.meta.url));
  const child = await startChild({
    argv: [options.node, '--no-warnings', entry, options.folder],
    env: settings.environment,
    cwd: options.folder,
    log,
    detached: true,
  });
  let over: string | undefined;
  void child.ended.then((how) => (over = how));
  for (const end = systemClock.monotonic() + startWithin; systemClock.monotonic() < end; ) {
    if (over !== undefined) break;
    const state = await readSandbox(options.folder);
    if (state?.supervisor.pid === child.pid) {
      options.say(`sandbox is up: ${state.endpoint}`, 'services');
      return state;
    }
    if (options.signal?.aborted === true) break;
    await systemClock.sleep(40, options.signal);
  }
  const record = await recordOf(child.pid);
  if (record !== undefined) await endProcess(record, 'SIGTERM');
  options.signal?.throwIfAborted();
  const words = ((await textFiles.read(log)) ?? '').trim().split('\n').slice(-3).join(' / ');
  throw new PlatformError('SANDBOX_FAILED', {
    message: `the supervisor of the sandbox ${over === undefined ? `was not ready within ${startWithin / 1000} s` : `ended: ${over}`}: ${words}`,
    next: [`read ${log}`],
    facts: { log },
  });
}

async function settingsOf(options: StartOptions): Promise<SandboxSettings> {
  const { config, folder, program, node, home } = options;
  const environment = Object.fromEntries(
    Object.entries(options.environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && inherited.includes(entry[0]),
    ),
  );
  const cache = join(options.environment['XDG_CACHE_HOME'] || join(home, '.cache'), 'platform');
  const real = config.sandbox.machines === 'hosts';
  if (real) await requireHosts(process.platform, process.getuid?.());
  const read = createReadingProcesses();
  const named = options.environment['PLATFORM_CONTROL_PLANE'];
  const ownerPid = Number(options.environment['PLATFORM_SANDBOX_OWNER'] ?? 0);
  const owner = ownerPid > 0 ? await recordOf(ownerPid) : undefined;
  const signal = options.signal ?? new AbortController().signal;
  const supplied = real && options.environment['PLATFORM_SANDBOX_SUPPLY'] !== 'none';
  const note = (text: string): void => options.say(text, 'programs');
  const [tools, mirror, acquired, image, supply] = await Promise.all([
    findTools({ cache, program, home, environment, read }),
    terraformMirror(home),
    acquirePrograms(
      {
        processes: read,
        table: systemProcessTable(process.pid, process.platform),
        files: programFolders,
        clock: systemClock,
        fetch: globalThis.fetch,
      },
      {
        cache: join(cache, 'control-plane'),
        source: join(program, 'sandbox', 'control-plane'),
        ...(named === undefined ? {} : { folder: named }),
        ...(options.environment['CI'] === undefined ? {} : { noDownload: 'CI is set' }),
        sites: officialSites,
        platform: process.platform,
        architecture: process.arch,
        environment,
        signal,
        note: (text) => options.say(text, 'programs'),
      },
    ),
    real ? acquireImage({ cache, program, environment, signal, note }) : undefined,
    supplied
      ? acquireSupply({
          cache: join(cache, 'supply'),
          program,
          kubernetes: config.versions.kubernetes,
          note,
          signal,
          environment,
        })
      : undefined,
  ]);
  return {
    folder,
    program,
    node,
    platform: process.platform,
    region: config.region,
    zones: config.domain === undefined ? [] : [config.domain],
    delay: config.sandbox.delay,
    controlPlane: acquired.programs,
    network: config.network,
    kubernetes: config.versions.kubernetes,
    tools,
    ...(mirror === undefined ? {} : { terraformConfiguration: mirror }),
    ...(owner === undefined ? {} : { owner }),
    ...(image === undefined
      ? {}
      : {
          hosts: {
            image,
            user: config.access?.sshUser ?? 'ubuntu',
            allow: config.access?.allow ?? [],
            ...(supply === undefined ? {} : { caches: dirname(cache), manifests: supply.manifests }),
          },
        }),
    environment,
  };
}

/** Ends everything and removes everything, logs too; also when the supervisor was killed. Fine when there is nothing. */
export async function stopSandbox({
  folder,
  program = installedProgram,
  say,
}: {
  readonly folder: string;
  /** Folder of the installed program. */
  readonly program?: string;
  say(text: string, phase: Phase): void;
}): Promise<void> {
  const state = await recordedSandbox(folder);
  if (state !== undefined) say('stopping the local AWS, DNS and mirrors', 'supervisor');
  if (state !== undefined) await endProcess(state.supervisor, 'SIGTERM', 30_000);
  const left = await childrenOf(folder);
  const alive = (await Promise.all(left.map(async ([name, child]) => ((await lives(child)) ? [name] : [])))).flat();
  if (alive.length > 0) say(`ending what the supervisor left behind: ${alive.join(', ')}`, 'supervisor');
  await Promise.all(left.map(([, child]) => endProcess(child, 'SIGKILL')));
  if (process.platform === 'linux') await removeHosts(folder, program);
  await removeFolder(folder);
  say(state === undefined ? 'no sandbox ran' : 'sandbox is down, and all that it held is gone', 'files');
}

export interface SandboxStatus {
  readonly serverId?: string;
  readonly parts: readonly { readonly name: string; readonly alive: boolean; readonly detail?: string }[];
}

/** What of a sandbox runs; no parts when there is none. */
export async function sandboxStatus(folder: string): Promise<SandboxStatus> {
  const state = await recordedSandbox(folder);
  if (state === undefined) return { parts: [] };
  const supervisor = {
    name: 'supervisor',
    alive: await lives(state.supervisor),
    detail: `pid ${state.supervisor.pid}`,
  };
  const children = await Promise.all(
    (await childrenOf(folder)).map(async ([name, child]) => ({
      name,
      alive: await lives(child),
      detail: `pid ${child.pid}`,
    })),
  );
  return { serverId: state.serverId, parts: [supervisor, ...children] };
}

async function childrenOf(folder: string): Promise<readonly (readonly [string, RecordedProcess])[]> {
  const text = await textFiles.read(childrenFile(folder));
  return Object.entries(text === undefined ? {} : (JSON.parse(text) as ChildrenRecord));
}
