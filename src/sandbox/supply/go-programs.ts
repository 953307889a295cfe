import { join } from 'node:path';
import { blobFiles } from '../../tools/blob-files.ts';
import { filesBelow, readBytes } from '../../tools/folders.ts';
import { makeUnfinished } from '../control-plane/unfinished.ts';
import type { PatchDescription, ProgramDescription, SupplyDescription } from './description.ts';
import { runTool } from './world.ts';
import type { SupplyRequest, SupplyWorld } from './world.ts';

/** A line of progress at most this often, in milliseconds. */
const noteEvery = 10_000;
/** Whoever waits for this still wants to work on the machine. */
const nicely = ['nice', '-n', '10', 'go', 'build', '-v'];
const reachGo = 'install Go and let it reach a Go module proxy (GOPROXY)';

/**
 * The path of each program, by name. What the cache has is taken; the others are built one after the other, each kept as
 * soon as it is finished, so that a killed build goes on with the next.
 */
export async function buildPrograms(
  world: SupplyWorld,
  request: SupplyRequest,
  description: SupplyDescription,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string>();
  let asked = false;
  for (const program of description.programs) {
    const place = join(request.cache, 'programs', description.keyOf(program));
    const path = join(place, program.name);
    paths.set(program.name, path);
    if (await world.files.isProgram(path)) continue;
    // Without Go nothing is begun; through `nice` a missing program would only be an exit code.
    if (!asked)
      await runTool(world, request, {
        argv: ['go', 'version'],
        cwd: description.source,
        what: 'the programs',
        next: reachGo,
      });
    asked = true;
    request.signal.throwIfAborted();
    const since = world.clock.monotonic();
    const folder = await makeUnfinished(world, request);
    try {
      await build(world, request, description, program, folder);
      await world.files.remove(join(folder, 'patched'));
      await world.files.publish(folder, place);
    } finally {
      await world.files.remove(folder);
    }
    request.note(`supply: ${program.name} built in ${((world.clock.monotonic() - since) / 1000).toFixed(0)} s`);
  }
  return paths;
}

async function build(
  world: SupplyWorld,
  request: SupplyRequest,
  description: SupplyDescription,
  program: ProgramDescription,
  folder: string,
): Promise<void> {
  const patch = program.patch === undefined ? undefined : description.patches[program.patch];
  const modules =
    patch === undefined
      ? []
      : [`-modfile=${await patchModule(world, request, description, patch, join(folder, 'patched'))}`];
  let compiled = 0;
  let noted = world.clock.monotonic();
  await runTool(world, request, {
    tool: 'go build',
    argv: [
      ...nicely,
      ...modules,
      ...linkerArguments(description.build.arguments, program.variables ?? {}),
      '-o',
      join(folder, program.name),
      program.package,
    ],
    cwd: join(description.source, program.module ?? ''),
    environment: description.build.environment,
    what: program.name,
    next: reachGo,
    // `-v` names each package as it is compiled; those that Go's cache holds are not named.
    onLine() {
      compiled += 1;
      if (world.clock.monotonic() - noted < noteEvery) return;
      noted = world.clock.monotonic();
      request.note(`supply: ${program.name}: ${compiled} packages compiled`);
    },
  });
}

/** The build arguments with more variables for the linker. They touch the last step only: what is compiled is shared. */
function linkerArguments(all: readonly string[], variables: Readonly<Record<string, string>>): readonly string[] {
  const more = Object.entries(variables).map(([name, value]) => ` -X ${name}=${value}`);
  return all.map((argument, index) => (all[index - 1] === '-ldflags' ? argument + more.join('') : argument));
}

/** Copies a module with its files replaced, and answers a go.mod that takes the copy. What needs a C compiler is left out. */
async function patchModule(
  world: SupplyWorld,
  request: SupplyRequest,
  description: SupplyDescription,
  { module, files }: PatchDescription,
  folder: string,
): Promise<string> {
  const from = await moduleFolder(world, request, description, module);
  const copy = join(folder, 'module');
  for (const path of await filesBelow(from)) {
    if (/\.[ch]$/.test(path)) continue;
    const replaced = files[path];
    await blobFiles.write(join(copy, path), [
      replaced === undefined ? { file: join(from, path) } : Buffer.from(replaced),
    ]);
  }
  const original = await readBytes(join(description.source, 'go.mod'));
  await blobFiles.write(join(folder, 'go.mod'), [original, Buffer.from(`\nreplace ${module} => ${copy}\n`)]);
  await blobFiles.write(join(folder, 'go.sum'), [{ file: join(description.source, 'go.sum') }]);
  return join(folder, 'go.mod');
}

/** Where Go keeps the sources of a module, at the version that go.mod says. */
export async function moduleFolder(
  world: SupplyWorld,
  request: SupplyRequest,
  description: SupplyDescription,
  module: string,
): Promise<string> {
  const exit = await runTool(world, request, {
    argv: ['go', 'mod', 'download', '-json', module],
    cwd: description.source,
    environment: description.build.environment,
    what: module,
    next: reachGo,
  });
  return (JSON.parse(exit.stdout) as { Dir: string }).Dir;
}
