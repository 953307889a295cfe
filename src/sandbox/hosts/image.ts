import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import { startChild } from '../../tools/children.ts';
import { systemClock } from '../../tools/clock.ts';
import { textFiles } from '../../tools/files.ts';
import { filesBelow, readBytes } from '../../tools/folders.ts';
import { programFolders } from '../../tools/program-folder.ts';
import { succeeds } from './shell.ts';

/** What hosts boot from. Never written after it was made. */
export interface HostImage {
  /** Root of a Debian system. */
  readonly root: string;
  /** Flat apt repository of Debian's packages that the roles install. */
  readonly packages: string;
}

interface PackageLists {
  readonly suite: string;
  readonly installed: readonly string[];
  readonly offered: readonly string[];
}

export interface ImageRequest {
  /** `${XDG_CACHE_HOME:-~/.cache}/platform` */
  readonly cache: string;
  /** Folder of the installed program. */
  readonly program: string;
  /** PATH, and what apt needs to reach Debian. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  note(text: string): void;
}

/** Finds the image in the cache, or makes it with mmdebstrap: two minutes. Two at once make it twice and keep one. */
export async function acquireImage(request: ImageRequest): Promise<HostImage> {
  const source = join(request.program, 'sandbox', 'hosts');
  const kept = join(request.cache, 'hosts', await hashOf(source));
  const image: HostImage = { root: join(kept, 'root'), packages: join(kept, 'packages') };
  if (await programFolders.isProgram(join(image.root, 'usr', 'bin', 'cloud-init'))) return image;
  if (!(await succeeds('sh', '-c', 'command -v mmdebstrap')))
    throw new PlatformError('SANDBOX_FAILED', {
      message: 'the image of the hosts is made with mmdebstrap, which is not installed',
      next: ['apt-get install mmdebstrap'],
    });
  request.note('making the image of the hosts (Debian, once, about two minutes)');
  const temporary = await programFolders.makeTemporary(join(request.cache, 'hosts'), 'part-');
  try {
    await build(request, source, temporary);
    await programFolders.publish(temporary, kept);
  } finally {
    await succeeds('rm', '-rf', '--one-file-system', temporary);
  }
  return image;
}

/** Another list, script or file makes another image. */
async function hashOf(source: string): Promise<string> {
  const hash = createHash('sha256');
  const paths = (await filesBelow(source)).filter((path) => path.startsWith('image/') && !path.includes('__pycache__'));
  for (const path of ['packages.json', 'build.sh', ...paths])
    hash.update(`${path}\0`).update(await readBytes(join(source, path)));
  return hash.digest('hex').slice(0, 12);
}

async function build({ environment, signal, note }: ImageRequest, source: string, target: string): Promise<void> {
  const lists = JSON.parse(await programFolders.readText(join(source, 'packages.json'))) as PackageLists;
  const words = [source, target, lists.suite, lists.installed.join(','), lists.offered.join(',')];
  const log = join(target, 'build.log');
  // mmdebstrap lets an unprivileged user of its own in: the folder of a cache is closed to others.
  await succeeds('chmod', '755', target);
  const child = await startChild({
    // What it mounts is seen by nobody else, and gone with it.
    argv: ['unshare', '--mount', '--propagation', 'private', 'sh', join(source, 'build.sh'), ...words],
    env: environment,
    cwd: target,
    log,
    detached: true,
  });
  const running = new AbortController();
  void tell(note, running.signal);
  const abort = (): void => void end(child.pid);
  signal.addEventListener('abort', abort);
  const how = await child.ended;
  signal.removeEventListener('abort', abort);
  running.abort();
  signal.throwIfAborted();
  if (how === 'exit code 0') return;
  const said = ((await textFiles.read(log)) ?? '').trim().split('\n').slice(-4).join(' / ');
  throw new PlatformError('SANDBOX_FAILED', {
    message: `the image of the hosts was not made (${how}): ${said}`,
    next: ['see whether apt can reach Debian: apt-get update', 'then the same command again'],
  });
}

async function tell(note: (text: string) => void, signal: AbortSignal): Promise<void> {
  for (let passed = 15; ; passed += 15) {
    await systemClock.sleep(15_000, signal);
    if (signal.aborted) return;
    note(`still making the image of the hosts (${passed} s)`);
  }
}

/** With all that it started: it leads a session of its own. */
const end = (pid: number): Promise<boolean> => succeeds('kill', '-TERM', '--', `-${pid}`);
