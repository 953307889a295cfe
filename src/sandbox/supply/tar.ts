import type { Part } from '../../tools/blob-files.ts';

/** One member of an archive. Everything belongs to root and has no time, so that the same content gives the same bytes. */
export type TarEntry =
  | { readonly path: string; readonly is: 'folder'; readonly mode?: number }
  | { readonly path: string; readonly is: 'link'; readonly to: string }
  | { readonly path: string; readonly is: 'text'; readonly text: string; readonly mode?: number }
  | {
      readonly path: string;
      readonly is: 'file';
      readonly from: string;
      readonly size: number;
      readonly mode?: number;
    };

const block = 512;
const types = { text: '0', file: '0', link: '2', folder: '5' } as const;

/** An archive (POSIX ustar) as pieces. The folders above each member are added; RangeError for a path above 100 bytes. */
export function* packTar(entries: readonly TarEntry[]): Iterable<Part> {
  for (const entry of withFolders(entries)) {
    const content = contentOf(entry);
    const size = content === undefined ? 0 : sizeOf(content);
    yield header(entry, size);
    if (content !== undefined) yield content instanceof Uint8Array ? content : { file: content.file };
    yield Buffer.alloc(paddingOf(size));
  }
  yield Buffer.alloc(2 * block);
}

/** Bytes of the archive that `packTar` gives. */
export function sizeOfTar(entries: readonly TarEntry[]): number {
  return withFolders(entries).reduce((total, entry) => {
    const content = contentOf(entry);
    const size = content === undefined ? 0 : sizeOf(content);
    return total + block + size + paddingOf(size);
  }, 2 * block);
}

type Content = Buffer | { readonly file: string; readonly size: number };

const contentOf = (entry: TarEntry): Content | undefined =>
  entry.is === 'text'
    ? Buffer.from(entry.text)
    : entry.is === 'file'
      ? { file: entry.from, size: entry.size }
      : undefined;

const sizeOf = (content: Content): number => (Buffer.isBuffer(content) ? content.length : content.size);
const paddingOf = (size: number): number => (block - (size % block)) % block;

/** Parents before children: dpkg and containerd want to be told each folder. */
function withFolders(entries: readonly TarEntry[]): readonly TarEntry[] {
  const known = new Set(entries.filter(({ is }) => is === 'folder').map(({ path }) => path));
  const missing = new Set<string>();
  for (const { path } of entries) {
    const names = path.split('/');
    for (let depth = 1; depth < names.length; depth += 1) {
      const folder = names.slice(0, depth).join('/');
      if (!known.has(folder)) missing.add(folder);
    }
  }
  const added = [...missing].map((path): TarEntry => ({ path, is: 'folder' }));
  return [...added, ...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function header(entry: TarEntry, size: number): Buffer {
  const name = entry.is === 'folder' ? `./${entry.path}/` : `./${entry.path}`;
  const target = entry.is === 'link' ? entry.to : '';
  for (const text of [name, target])
    if (Buffer.byteLength(text) > 100) throw new RangeError(`${text}: too long for a tar header`);
  const mode =
    ('mode' in entry ? entry.mode : undefined) ?? { folder: 0o755, link: 0o777, text: 0o644, file: 0o755 }[entry.is];
  const bytes = Buffer.alloc(block);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  bytes.write(name, 0);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  // The checksum is summed up over spaces in its own place.
  bytes.write('        ', 148);
  bytes.write(types[entry.is], 156);
  bytes.write(target, 157);
  bytes.write('ustar\u000000', 257);
  bytes.write('root', 265);
  bytes.write('root', 297);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}
