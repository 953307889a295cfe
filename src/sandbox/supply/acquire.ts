import { join } from 'node:path';
import { blobFiles } from '../../tools/blob-files.ts';
import { sweepUnfinished, makeUnfinished } from '../control-plane/unfinished.ts';
import { writeAptRepository } from './apt-repository.ts';
import { makeDebianLayer } from './debian-layer.ts';
import { describeSupply } from './description.ts';
import { buildPrograms, moduleFolder } from './go-programs.ts';
import { writeImages } from './images.ts';
import { describePackages } from './packages.ts';
import type { Supply } from './supply.ts';
import type { SupplyRequest, SupplyWorld } from './world.ts';

/**
 * Finds the supply, or makes what is missing of it. Each program is kept as soon as it is built, and the whole is renamed
 * into place when it is finished: killed at any moment, the same call goes on. Two at once make the same twice, and one of them stays.
 */
export async function makeSupply(world: SupplyWorld, request: SupplyRequest): Promise<Supply> {
  const description = await describeSupply(request.program, request.kubernetes, request.machine);
  const folder = join(request.cache, description.key);
  const supply: Supply = {
    folder,
    packages: join(folder, 'packages'),
    images: join(folder, 'images'),
    manifests: join(folder, 'manifests'),
    kubernetes: description.kubernetes,
  };
  if ((await blobFiles.size(join(supply.images, 'index.json'))) !== undefined) return supply;
  // What cannot be removed takes room, and nothing else.
  await sweepUnfinished(world, request).catch(() => undefined);
  request.note(
    'supply: making packages and images for the machines: up to 15 minutes on two cores the first time, then never again',
  );
  const programs = await buildPrograms(world, request, description);
  const debianLayer = await makeDebianLayer(world, request, description);
  request.signal.throwIfAborted();
  const unfinished = await makeUnfinished(world, request);
  try {
    await writeAptRepository(
      world,
      request,
      join(unfinished, 'packages'),
      await describePackages(description, programs),
    );
    await writeImages(description, programs, debianLayer, join(unfinished, 'images'));
    for (const { module, file, path } of description.manifests)
      await blobFiles.write(join(unfinished, 'manifests', path), [
        { file: join(await moduleFolder(world, request, description, module), file) },
      ]);
    request.signal.throwIfAborted();
    await world.files.publish(unfinished, folder);
  } finally {
    await world.files.remove(unfinished);
  }
  request.note(`supply: packages and images are in ${folder}`);
  return supply;
}
