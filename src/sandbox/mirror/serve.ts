import { join } from 'node:path';
import { filesBelow, readBytes } from '../../tools/folders.ts';
import type { Asked, Reply } from '../http.ts';
import { indexOf, packCharts } from './charts.ts';

const notFound: Reply = { status: 404, type: 'text/plain', body: 'not here\n' };

/**
 * What a site without internet would mirror. `/charts`: one repository with every stand-in chart, under any path, so that
 * it can take the place of one repository or of all. `/manifests/HOST/PATH`: the stand-in of https://HOST/PATH, or what
 * the folder of real ones holds.
 */
export async function openMirror(data: string, real?: string): Promise<(asked: Asked) => Promise<Reply>> {
  const charts = await packCharts(join(data, 'charts'));
  const archives = new Map(charts.map(({ file, archive }) => [file, archive]));
  const manifests = new Map<string, string>();
  for (const folder of [join(data, 'manifests'), ...(real === undefined ? [] : [real])])
    for (const path of await filesBelow(folder)) manifests.set(path, join(folder, path));
  return async ({ method, url }) => {
    if (method !== 'GET' && method !== 'HEAD') return { ...notFound, status: 405 };
    const path = decodeURIComponent(url.pathname);
    if (path.startsWith('/charts/')) {
      const file = path.split('/').at(-1) ?? '';
      if (file === 'index.yaml')
        return { status: 200, type: 'application/yaml', body: indexOf(charts, `http://${url.host}/charts`) };
      const archive = archives.get(file);
      return archive === undefined ? notFound : { status: 200, type: 'application/gzip', body: archive };
    }
    const manifest = path.startsWith('/manifests/') ? manifests.get(path.slice('/manifests/'.length)) : undefined;
    if (manifest === undefined) return notFound;
    return { status: 200, type: 'application/yaml', body: await readBytes(manifest) };
  };
}
