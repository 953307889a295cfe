import { join } from 'node:path';
import { blobFiles } from '../../tools/blob-files.ts';
import type { Part } from '../../tools/blob-files.ts';
import type { LayerDescription, SupplyDescription } from './description.ts';
import { blobOf, imageOf, mediaTypes, referenceName } from './oci.ts';
import type { Descriptor, ImageIndex } from './oci.ts';
import { programEntry } from './packages.ts';
import { packTar } from './tar.ts';
import type { TarEntry } from './tar.ts';

/**
 * Writes the images as an image layout: blobs by digest, and index.json with their references. Each layer is written once,
 * however many images share it. Nothing is compressed: hosts read over loopback, and would spend the time to unpack.
 */
export async function writeImages(
  description: SupplyDescription,
  programs: ReadonlyMap<string, string>,
  debianLayer: string,
  folder: string,
): Promise<void> {
  const layers = new Map<string, Descriptor>();
  const layerOf = async (name: string): Promise<Descriptor> => {
    const known = layers.get(name);
    if (known !== undefined) return known;
    const layer = description.layers[name];
    const parts = layer === undefined ? [{ file: debianLayer }] : packTar(await entriesOf(layer, programs));
    const written = await writeBlob(folder, mediaTypes.layer, parts);
    layers.set(name, written);
    return written;
  };
  const manifests: Descriptor[] = [];
  for (const { reference, layers: names, entrypoint, user } of description.images) {
    const descriptors: Descriptor[] = [];
    for (const name of names) descriptors.push(await layerOf(name));
    const { configuration, manifest } = imageOf(description.architecture, descriptors, {
      entrypoint,
      ...(user === undefined ? {} : { user }),
    });
    await writeBlob(folder, mediaTypes.configuration, [configuration.content]);
    await writeBlob(folder, mediaTypes.manifest, [manifest.content]);
    manifests.push({ ...manifest.descriptor, annotations: { [referenceName]: reference } });
  }
  const index: ImageIndex = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  await blobFiles.write(join(folder, 'index.json'), [blobOf(mediaTypes.index, index).content]);
  await blobFiles.write(join(folder, 'oci-layout'), [Buffer.from('{"imageLayoutVersion":"1.0.0"}')]);
}

async function writeBlob(folder: string, mediaType: string, parts: Iterable<Part>): Promise<Descriptor> {
  const unfinished = join(folder, 'blobs', 'unnamed');
  const { sha256, size } = await blobFiles.write(unfinished, parts);
  await blobFiles.rename(unfinished, join(folder, 'blobs', 'sha256', sha256));
  return { mediaType, digest: `sha256:${sha256}`, size };
}

async function entriesOf(
  { folders = [], texts = {}, links = {}, programs: files = {} }: LayerDescription,
  programs: ReadonlyMap<string, string>,
): Promise<readonly TarEntry[]> {
  return [
    // Programs that give up their rights still want to write there.
    ...folders.map((path): TarEntry => ({ path, is: 'folder', mode: path === 'tmp' ? 0o1777 : 0o755 })),
    ...Object.entries(texts).map(([path, text]): TarEntry => ({ path, is: 'text', text })),
    ...Object.entries(links).map(([path, to]): TarEntry => ({ path, is: 'link', to })),
    ...(await Promise.all(Object.entries(files).map(([path, name]) => programEntry(programs, path, name)))),
  ];
}
