import type { Part } from '../../tools/blob-files.ts';
import { packTar, sizeOfTar } from './tar.ts';
import type { TarEntry } from './tar.ts';

/** A Debian package before it is packed. */
export interface DebianPackage {
  readonly name: string;
  /** With its revision: "1.36.3-1.1". */
  readonly version: string;
  readonly architecture: string;
  readonly summary: string;
  /** Depends, Recommends, Conflicts ... */
  readonly relations?: Readonly<Record<string, string>>;
  readonly files: readonly TarEntry[];
  /** Files that dpkg keeps as the user changed them; absolute. */
  readonly configuration?: readonly string[];
  /** postinst, prerm ... */
  readonly scripts?: Readonly<Record<string, string>>;
}

export const fileNameOf = ({ name, version, architecture }: DebianPackage): string =>
  `${name}_${version}_${architecture}.deb`;

/** The fields that both the package and the list of a repository carry. */
export function controlOf(item: DebianPackage): string {
  const bytes = item.files.reduce((total, file) => total + (file.is === 'file' ? file.size : 0), 0);
  const fields: readonly (readonly [string, string])[] = [
    ['Package', item.name],
    ['Version', item.version],
    ['Architecture', item.architecture],
    ['Maintainer', 'The sandbox of platform <sandbox@platform.invalid>'],
    ['Installed-Size', String(Math.ceil(bytes / 1024))],
    ...Object.entries(item.relations ?? {}),
    ['Section', 'net'],
    ['Priority', 'optional'],
    ['Homepage', 'https://kubernetes.io'],
    ['Description', item.summary],
  ];
  return fields.map(([name, value]) => `${name}: ${value}\n`).join('');
}

/**
 * The package as pieces of a file: an ar archive of two tar archives (deb(5)). Nothing is compressed: it goes over loopback
 * only, and a host would spend more time to unpack it than to read it.
 */
export function* packDebianPackage(item: DebianPackage): Iterable<Part> {
  const control: readonly TarEntry[] = [
    { path: 'control', is: 'text', text: controlOf(item) },
    ...(item.configuration === undefined
      ? []
      : [{ path: 'conffiles', is: 'text', text: item.configuration.map((path) => `${path}\n`).join('') } as const]),
    ...Object.entries(item.scripts ?? {}).map(([path, text]): TarEntry => ({ path, is: 'text', text, mode: 0o755 })),
  ];
  const version = Buffer.from('2.0\n');
  yield Buffer.from('!<arch>\n');
  yield* member('debian-binary', version.length, [version]);
  yield* member('control.tar', sizeOfTar(control), packTar(control));
  yield* member('data.tar', sizeOfTar(item.files), packTar(item.files));
}

/** Tar archives have even sizes, as ar wants them; the version has one, too. */
function* member(name: string, size: number, parts: Iterable<Part>): Iterable<Part> {
  const fields: readonly (readonly [string, number])[] = [
    [name, 16],
    ['0', 12],
    ['0', 6],
    ['0', 6],
    ['100644', 8],
    [String(size), 10],
  ];
  yield Buffer.from(`${fields.map(([text, width]) => text.padEnd(width)).join('')}\`\n`);
  yield* parts;
}
