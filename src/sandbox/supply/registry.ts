import { join } from 'node:path';
import { blobFiles } from '../../tools/blob-files.ts';
import { readBytes } from '../../tools/folders.ts';
import { imageOf, mediaTypes, referenceName } from './oci.ts';
import type { ImageIndex, Manifest } from './oci.ts';
import { pathOf, standInEnvironment } from './stand-ins.ts';
import type { StandInTable } from './stand-ins.ts';

/** The image whose layers every stand-in has. */
const standIn = 'platform.invalid/stand-in:1';

/** What a request of the registry finds. */
export interface Found {
  readonly mediaType: string;
  readonly digest?: string;
  readonly size: number;
  readonly body: Buffer | { readonly file: string };
}

/** Error codes of the distribution specification 1.1. */
export interface Missing {
  readonly status: number;
  readonly code: 'BLOB_UNKNOWN' | 'MANIFEST_UNKNOWN' | 'NAME_UNKNOWN' | 'UNSUPPORTED';
}

/** Answers by path below /v2 and by the namespace that a mirror is told: the registry that is mirrored. */
export type Registry = (path: string, namespace: string | undefined) => Promise<Found | Missing>;

/**
 * A registry over an image layout. A repository that the layout holds has the tags that it holds and no others; every other
 * repository has every tag, and each is the stand-in image. Only what is pinned by digest cannot be made up.
 */
export async function openRegistry(folder: string, standIns: StandInTable): Promise<Registry> {
  const index = JSON.parse((await readBytes(join(folder, 'index.json'))).toString('utf8')) as ImageIndex;
  const tags = tagsOf(index);
  const base = await standInBase(folder, index);
  const file = (digest: string) => join(folder, 'blobs', ...digest.split(':'));
  const blob = async (digest: string, mediaType: string): Promise<Found | undefined> => {
    const path = /^sha256:[0-9a-f]{64}$/.test(digest) ? file(digest) : undefined;
    const size = path === undefined ? undefined : await blobFiles.size(path);
    return path === undefined || size === undefined ? undefined : { mediaType, digest, size, body: { file: path } };
  };
  /** Made anew each time, with the same digests each time: nothing is lost when the registry is started again. */
  const madeUp = (repository: string) => {
    const image = imageOf(base.architecture, base.layers, {
      entrypoint: ['/stand-in'],
      user: '65532',
      environment: standInEnvironment(standIns, repository),
    });
    return [image.manifest, image.configuration].map(({ descriptor, content }): Found & { digest: string } => ({
      ...descriptor,
      body: content,
    }));
  };
  return async (path, namespace) => {
    if (path === '' || path === '/') return textOf('application/json', '{}');
    const [, name = '', kind, reference = ''] = /^\/(.+?)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path) ?? [];
    if (kind === undefined) return { status: 404, code: 'NAME_UNKNOWN' };
    const repository = namespace === undefined ? name : `${namespace}/${name}`;
    const held = tags.get(repository) ?? (namespace === undefined ? byPath(tags, name) : undefined);
    if (kind === 'tags') {
      if (reference !== 'list' || held === undefined) return { status: 404, code: 'NAME_UNKNOWN' };
      return textOf('application/json', JSON.stringify({ name, tags: [...held.keys()] }));
    }
    if (kind === 'blobs') {
      const found =
        (await blob(reference, 'application/octet-stream')) ??
        madeUp(repository).find(({ digest }) => digest === reference);
      return found ?? { status: 404, code: 'BLOB_UNKNOWN' };
    }
    const digest = reference.includes(':') ? reference : held?.get(reference);
    if (digest !== undefined) {
      const found =
        (await blob(digest, mediaTypes.manifest)) ?? madeUp(repository).find((made) => made.digest === digest);
      return found ?? { status: 404, code: 'MANIFEST_UNKNOWN' };
    }
    const [manifest] = held === undefined ? madeUp(repository) : [];
    return manifest ?? { status: 404, code: 'MANIFEST_UNKNOWN' };
  };
}

type Tags = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Digest by tag by repository. */
function tagsOf({ manifests }: ImageIndex): Tags {
  const tags = new Map<string, Map<string, string>>();
  for (const { digest, annotations } of manifests) {
    const reference = annotations?.[referenceName] ?? '';
    if (reference === standIn) continue;
    const colon = reference.lastIndexOf(':');
    const repository = reference.slice(0, colon);
    tags.set(repository, (tags.get(repository) ?? new Map<string, string>()).set(reference.slice(colon + 1), digest));
  }
  return tags;
}

const byPath = (tags: Tags, path: string) => [...tags].find(([repository]) => pathOf(repository) === path)?.[1];

async function standInBase(folder: string, { manifests }: ImageIndex) {
  const read = async (digest: string): Promise<unknown> =>
    JSON.parse((await readBytes(join(folder, 'blobs', ...digest.split(':')))).toString('utf8'));
  const digest = manifests.find(({ annotations }) => annotations?.[referenceName] === standIn)?.digest;
  if (digest === undefined) throw new RangeError(`${folder} holds no ${standIn}`);
  const { layers, config } = (await read(digest)) as Manifest;
  const { architecture } = (await read(config.digest)) as { readonly architecture: string };
  return { layers, architecture };
}

function textOf(mediaType: string, text: string): Found {
  const body = Buffer.from(text);
  return { mediaType, size: body.length, body };
}
