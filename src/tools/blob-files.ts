import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

/** What a file holds, without holding it. */
export interface Digest {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly size: number;
}

/** A piece of a large file: bytes, or another file whose content stands there. */
export type Part = Uint8Array | { readonly file: string };

/** Large files: read and written in pieces, never whole in memory. */
export const blobFiles = {
  /** Writes the pieces one after the other, then gives the file its name. */
  async write(path: string, parts: Iterable<Part>, mode = 0o644): Promise<Digest> {
    await mkdir(dirname(path), { recursive: true });
    const unfinished = `${path}.part`;
    const hash = createHash('sha256');
    let size = 0;
    const handle = await open(unfinished, 'w', mode);
    try {
      for (const part of parts) {
        for await (const chunk of chunksOf(part)) {
          hash.update(chunk);
          size += chunk.length;
          await handle.writeFile(chunk);
        }
      }
    } finally {
      await handle.close();
    }
    await chmod(unfinished, mode);
    await rename(unfinished, path);
    return { sha256: hash.digest('hex'), size };
  },
  async digest(path: string): Promise<Digest> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of chunksOf({ file: path })) {
      hash.update(chunk);
      size += chunk.length;
    }
    return { sha256: hash.digest('hex'), size };
  },
  /** Bytes of a regular file; undefined when there is none. */
  async size(path: string): Promise<number | undefined> {
    const found = await stat(path).catch(() => undefined);
    return found?.isFile() ? found.size : undefined;
  },
  /** Reads from `start` on. */
  read: (path: string, start = 0): Readable => createReadStream(path, { start }),
  async rename(from: string, to: string): Promise<void> {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  },
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  },
};

async function* chunksOf(part: Part): AsyncIterable<Uint8Array> {
  if (part instanceof Uint8Array) yield part;
  else yield* createReadStream(part.file, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>;
}
