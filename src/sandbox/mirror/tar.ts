import { gzipSync } from 'node:zlib';

/** A file to be packed. */
export interface PackedFile {
  readonly path: string;
  readonly content: Buffer;
}

const block = 512;

/** A gzipped tar archive (POSIX ustar). The same files give the same bytes: no time, no owner. RangeError for a path above 100 bytes. */
export function packFiles(files: readonly PackedFile[]): Buffer {
  const parts = files.flatMap(({ path, content }) => {
    const padding = Buffer.alloc((block - (content.length % block)) % block);
    return [header(path, content.length), content, padding];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]), { level: 6 });
}

function header(path: string, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`${path}: too long for a tar header`);
  const bytes = Buffer.alloc(block);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;
  bytes.write(path, 0);
  bytes.write(octal(0o644, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  // The checksum is summed up over spaces in its own place.
  bytes.write('        ', 148);
  bytes.write('0', 156);
  bytes.write('ustar\u000000', 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return bytes;
}
