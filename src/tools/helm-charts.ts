import { createHash } from 'node:crypto';
import { helmError } from './helm-errors.ts';
import type { Exit, Release, WritableTextFiles } from './ports.ts';

export interface ChartOptions {
  /** Folder of the packages; each has a folder of its own by repository, name and version. */
  readonly folder: string;
  readonly files: WritableTextFiles;
  /** Replaces every repository: a site without internet. */
  readonly mirror?: string;
  /** Runs helm with these words. */
  helm(argv: readonly string[], signal: AbortSignal): Promise<Exit>;
}

/** Gives the path of a chart's package, which is pulled once and then kept: a resumed run needs no network. */
export function openCharts(options: ChartOptions): { fetch(release: Release, signal: AbortSignal): Promise<string> } {
  const running = new Map<string, Promise<string>>();

  const pull = async (release: Release, signal: AbortSignal): Promise<string> => {
    const repository = options.mirror ?? release.repository;
    const id = createHash('sha256')
      .update(`${repository}\n${release.chart}\n${release.version}`)
      .digest('hex')
      .slice(0, 12);
    const folder = `${options.folder}/${release.chart}-${release.version}-${id}`;
    const kept = await packageIn(options.files, folder);
    if (kept !== undefined) return kept;

    // Also makes the folder, which helm does not.
    await options.files.write(
      `${folder}/source.json`,
      `${JSON.stringify({ repository, chart: release.chart, version: release.version }, undefined, 2)}\n`,
    );
    const source = repository.startsWith('oci://')
      ? [`${repository.replace(/\/$/, '')}/${release.chart}`]
      : [release.chart, '--repo', repository];
    const exit = await options.helm(['pull', ...source, '--version', release.version, '--destination', folder], signal);
    const pulled = exit.code === 0 ? await packageIn(options.files, folder) : undefined;
    if (pulled === undefined) throw helmError(exit, 'pull', { ...release, repository });
    return pulled;
  };

  return {
    fetch(release, signal) {
      const key = `${release.repository} ${release.chart} ${release.version}`;
      const current = running.get(key) ?? pull(release, signal).finally(() => running.delete(key));
      running.set(key, current);
      return current;
    },
  };
}

/** Helm writes a package by rename (helm pkg/downloader, DownloadTo): one that is there is whole. */
async function packageIn(files: WritableTextFiles, folder: string): Promise<string | undefined> {
  const name = (await files.list(folder)).find((file) => file.endsWith('.tgz'));
  return name === undefined ? undefined : `${folder}/${name}`;
}
