import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { parse } from 'yaml';
import { filesBelow, foldersIn, readBytes } from '../../tools/folders.ts';
import { packFiles } from './tar.ts';

/** One stand-in chart, packed. */
export interface PackedChart {
  readonly file: string;
  readonly archive: Buffer;
  readonly entry: Readonly<Record<string, unknown>>;
}

/** Packs every chart of a folder as `helm package` would. */
export async function packCharts(folder: string): Promise<readonly PackedChart[]> {
  const names = await foldersIn(folder);
  return Promise.all(
    names.map(async (name) => {
      const paths = await filesBelow(join(folder, name));
      const files = await Promise.all(
        paths.map(async (path) => ({ path: `${name}/${path}`, content: await readBytes(join(folder, name, path)) })),
      );
      const chart = parse((await readBytes(join(folder, name, 'Chart.yaml'))).toString('utf8')) as Record<
        string,
        unknown
      >;
      const archive = packFiles(files);
      const file = `${name}-${String(chart['version'])}.tgz`;
      return {
        file,
        archive,
        entry: { ...chart, digest: createHash('sha256').update(archive).digest('hex'), urls: [file] },
      };
    }),
  );
}

/** index.yaml of a repository that holds them all. JSON is YAML. */
export function indexOf(charts: readonly PackedChart[], address: string): string {
  const entries = Object.fromEntries(
    charts.map(({ file, entry }) => [String(entry['name']), [{ ...entry, urls: [`${address}/${file}`] }]]),
  );
  return `${JSON.stringify({ apiVersion: 'v1', entries, generated: '2000-01-01T00:00:00Z' }, undefined, 2)}\n`;
}
