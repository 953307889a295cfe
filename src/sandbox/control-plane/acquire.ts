import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import type { AcquiredPrograms, AcquireRequest, AcquireWorld, Attempt } from './acquire-types.ts';
import { buildPrograms } from './build.ts';
import { describeBuild, programsIn } from './description.ts';
import type { BuildDescription } from './description.ts';
import { downloadPrograms } from './download.ts';
import { sweepUnfinished } from './unfinished.ts';

type Way = (world: AcquireWorld, request: AcquireRequest, description: BuildDescription) => Promise<Attempt>;

/** Cheapest first. */
const ways: readonly (readonly [AcquiredPrograms['from'], string, Way])[] = [
  ['cache', 'the cache', fromCache],
  ['folder', 'PLATFORM_CONTROL_PLANE', fromFolder],
  ['download', 'the official releases', downloadPrograms],
  ['build', 'a build with Go', buildPrograms],
];

/**
 * Finds the five programs, or gets them: from the cache, from the folder that the user names, from the official releases
 * (checked against their published SHA-256), or by a Go build of about eight minutes on two cores. What was downloaded or
 * built is in the cache afterwards, and what earlier attempts left when they were killed is gone. When all four ways are closed, SANDBOX_FAILED says why each is.
 */
export async function acquirePrograms(world: AcquireWorld, request: AcquireRequest): Promise<AcquiredPrograms> {
  const description = await describeBuild(world.files, request.source);
  // What cannot be removed takes room, and nothing else.
  await sweepUnfinished(world, request).catch(() => undefined);
  const closed: string[] = [];
  for (const [from, title, attempt] of ways) {
    request.signal.throwIfAborted();
    const result = await attempt(world, request, description);
    if ('programs' in result) return { programs: result.programs, from, because: result.because };
    closed.push(`${title}: ${result.closed}`);
    if (from !== 'cache') request.note(`control plane: ${title}: ${result.closed}`);
  }
  throw new PlatformError('SANDBOX_FAILED', {
    message: `no Kubernetes ${description.kubernetes} control plane could be found or made: ${closed.join('; ')}`,
    next: [
      `name a folder that holds etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok in PLATFORM_CONTROL_PLANE`,
      `let this machine reach ${request.sites.kubernetes} and ${request.sites.kwok}`,
      'install Go and let it reach a Go module proxy (GOPROXY)',
    ],
  });
}

async function fromCache(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
): Promise<Attempt> {
  const folder = join(request.cache, description.key);
  const found = await programsIn(world.files, folder);
  if ('programs' in found) return { programs: found.programs, because: `${folder} holds it` };
  return { closed: `${folder} does not hold it` };
}

/** A cluster of another minor version would rehearse something else than what production gets, so it is refused. */
async function fromFolder(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
): Promise<Attempt> {
  if (request.folder === undefined) return { closed: 'not set' };
  const found = await programsIn(world.files, request.folder);
  if ('missing' in found) return { closed: `${request.folder} lacks ${found.missing.join(', ')}` };
  const exit = await world.processes.run({
    tool: 'kube-apiserver',
    argv: [...found.programs['kube-apiserver'], '--version'],
    cwd: request.folder,
    env: request.environment,
    signal: request.signal,
  });
  const said = exit.stdout.trim();
  const minor = description.kubernetes.split('.').slice(0, 2).join('.');
  if (exit.code !== 0 || !said.startsWith(`Kubernetes v${minor}.`)) {
    return { closed: `its kube-apiserver is not of ${minor}: it says ${JSON.stringify(said)}` };
  }
  return { programs: found.programs, because: `PLATFORM_CONTROL_PLANE names ${request.folder} (${said})` };
}
