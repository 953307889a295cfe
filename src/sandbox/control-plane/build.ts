import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import type { Exit } from '../../tools/ports.ts';
import type { AcquireRequest, AcquireWorld, Attempt } from './acquire-types.ts';
import type { BuildDescription } from './description.ts';
import { programsIn } from './description.ts';
import { makeUnfinished } from './unfinished.ts';

/** A line of progress at most this often, in milliseconds. */
const noteEvery = 5_000;

/** Builds the one binary from the published modules. Cold: 8 minutes on two cores, 1.2 GB of modules and 2 GB of Go's cache. */
export async function buildPrograms(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
): Promise<Attempt> {
  const folder = await makeUnfinished(world, request);
  try {
    request.note('building the control plane with Go: about 8 minutes on two cores the first time, then never again');
    const total = await countPackages(world, request, description);
    if ('closed' in total) return total;
    const exit = await compile(world, request, description, folder, total.packages);
    if (exit.code !== 0) return { closed: lastWords('go build', exit) };
    await world.files.publish(folder, join(request.cache, description.key));
  } finally {
    await world.files.remove(folder);
  }
  const found = await programsIn(world.files, join(request.cache, description.key));
  if ('missing' in found) return { closed: 'go build succeeded, but left no binary' };
  return {
    programs: found.programs,
    because: `built from Kubernetes ${description.kubernetes} and kwok ${description.kwok}`,
  };
}

/** Also downloads the modules, and so finds out first whether Go and its proxy are there. */
async function countPackages(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
): Promise<{ packages: number } | { closed: string }> {
  try {
    const exit = await go(world, request, description, ['list', '-deps', '.']);
    if (exit.code !== 0) return { closed: lastWords('go list', exit) };
    return { packages: exit.stdout.split('\n').filter((line) => line !== '').length };
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'TOOL_MISSING') return { closed: 'go is not on PATH' };
    throw error;
  }
}

/** `-v` names each package as it is compiled, on stderr; those that Go's cache holds are not named. */
async function compile(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
  folder: string,
  packages: number,
): Promise<Exit> {
  let compiled = 0;
  let noted = world.clock.monotonic();
  const argv = ['build', '-v', ...description.arguments, '-o', join(folder, 'control-plane'), '.'];
  return go(world, request, description, argv, () => {
    compiled += 1;
    if (world.clock.monotonic() - noted < noteEvery) return;
    noted = world.clock.monotonic();
    request.note(`control plane: ${compiled} of at most ${packages} packages compiled`);
  });
}

function go(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
  argv: readonly string[],
  onLine?: (line: string) => void,
): Promise<Exit> {
  return world.processes.run({
    tool: 'go',
    argv: ['go', ...argv],
    cwd: request.source,
    env: { ...request.environment, ...description.environment },
    signal: request.signal,
    ...(onLine === undefined ? {} : { onLine }),
  });
}

function lastWords(tool: string, exit: Exit): string {
  const how = exit.code === null ? `ended by ${exit.signal ?? 'an unknown cause'}` : `exit code ${exit.code}`;
  return `${tool}: ${how}: ${exit.tail.slice(-3).join(' / ')}`;
}
