import { createHash } from 'node:crypto';

/** Media types of the image specification 1.1. */
export const mediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  configuration: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

export const referenceName = 'org.opencontainers.image.ref.name';

/** Points to a blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** index.json of an image layout: the references, and which manifest each names. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** How a container of the image starts. */
export interface Start {
  readonly entrypoint: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A small document as the blob that it becomes: the same value gives the same digest. */
export function blobOf(
  mediaType: string,
  value: unknown,
): { readonly content: Buffer; readonly descriptor: Descriptor } {
  const content = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { content, descriptor: { mediaType, digest, size: content.length } };
}

/** Configuration and manifest of an image of uncompressed layers, whose digests are those of their content. */
export function imageOf(architecture: string, layers: readonly Descriptor[], start: Start) {
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const configuration = blobOf(mediaTypes.configuration, {
    architecture,
    os: 'linux',
    config: {
      ...(start.user === undefined ? {} : { User: start.user }),
      Env: [path, ...Object.entries(start.environment ?? {}).map(([name, value]) => `${name}=${value}`)],
      Entrypoint: start.entrypoint,
      WorkingDir: '/',
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest = blobOf(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: configuration.descriptor,
    layers,
  } satisfies Manifest);
  return { configuration, manifest };
}
