import { openCharts } from './helm-charts.ts';
import { compareRelease } from './helm-compare.ts';
import { helmError } from './helm-errors.ts';
import { readRelease } from './helm-release.ts';
import type { ClusterWriter } from './ports-cluster.ts';
import type { Command, Exit, HelmWriter, InstalledRelease, Processes, Release, WritableTextFiles } from './ports.ts';

export interface HelmOptions {
  /** Starts what changes the cluster: logged, and outlives us. */
  readonly processes: Processes;
  /** Starts what only reads. */
  readonly read: Processes;
  readonly files: WritableTextFiles;
  /** The helm program (4, or 3.18 and newer), a path or a name on PATH. */
  readonly program: string;
  /** Working folder; charts, values and Helm's homes go to `helm` below it. The user's are never read or written. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** Opened when it is first needed. */
  readonly cluster: () => Promise<ClusterWriter>;
  /** PATH, HOME, proxies; HELM_* and KUBE* of it are dropped. */
  readonly environment: Readonly<Record<string, string>>;
  /** Replaces every chart repository. */
  readonly mirror?: string;
  /** Names of releases that may take fields from other managers. */
  readonly forceConflicts?: readonly string[];
}

/** For errors of calls that are about no chart. */
const everyRelease: Release = { name: 'releases', namespace: '', repository: '', chart: '', version: '', values: '' };

const statuses = ['deployed', 'failed', 'pending', 'superseded', 'uninstalled', 'uninstalling'].map(
  (one) => `--${one}`,
);

/** Revisions that are kept; each is a Secret of up to 1 MB that every comparison reads. */
const history = 3;

/** Helm as a tool that installs: readiness is asked by probes, so nothing is waited for but hooks. */
export function createHelm(options: HelmOptions): HelmWriter {
  const { files } = options;
  const folder = `${options.folder}/helm`;
  const env = { ...withoutHelm(options.environment), ...homes(folder), KUBECONFIG: options.kubeconfig };

  const start = async (
    processes: Processes,
    argv: readonly string[],
    more: Pick<Command, 'signal' | 'onLine'>,
  ): Promise<Exit> => {
    // The working folder must exist before the first call.
    if ((await files.read(`${folder}/README`)) === undefined)
      await files.write(`${folder}/README`, 'Charts, values and homes of Helm. May be deleted; is made anew.\n');
    return processes.run({ tool: 'helm', argv: [options.program, ...argv], cwd: folder, env, ...more });
  };
  const look = (argv: readonly string[], signal: AbortSignal): Promise<Exit> => start(options.read, argv, { signal });
  const charts = openCharts({
    folder: `${folder}/charts`,
    files,
    helm: look,
    ...(options.mirror !== undefined && { mirror: options.mirror }),
  });

  /** Values may hold passwords: a file that only its owner can read, never a word of argv. */
  const writeValues = async (release: Release): Promise<string> => {
    const path = `${folder}/values/${release.namespace}.${release.name}.yaml`;
    await files.write(path, release.values, 0o600);
    return path;
  };
  const change = async (
    action: string,
    argv: readonly string[],
    release: Release,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<void> => {
    const exit = await start(options.processes, [action, ...argv, '--namespace', release.namespace], {
      signal: scope.signal,
    });
    scope.signal.throwIfAborted();
    if (exit.code !== 0) throw helmError(exit, action, release);
  };

  return {
    async releases(signal) {
      // Every status by name: what failed or hangs must go as well, and Helm 4 has no --all. 0 is no limit; Helm's own is 256.
      const exit = await look(['list', '--all-namespaces', ...statuses, '--max', '0', '--output', 'json'], signal);
      signal.throwIfAborted();
      if (exit.code !== 0) throw helmError(exit, 'list', everyRelease);
      return (JSON.parse(exit.stdout) as readonly InstalledRelease[]).map(({ name, namespace, chart, status }) => ({
        name,
        namespace,
        chart,
        status,
      }));
    },

    async uninstall({ name, namespace }, scope) {
      scope.note(`uninstalling ${name} from ${namespace}`);
      // Hooks stay out: those of a half-removed cluster can only fail. Gone is judged by listing its objects, so nothing is waited for.
      await change(
        'uninstall',
        [name, '--no-hooks', '--ignore-not-found'],
        { ...everyRelease, name, namespace },
        scope,
      );
    },

    compare: async (release) => compareRelease(await options.cluster(), release),

    async template(release, signal) {
      const [chart, values] = [await charts.fetch(release, signal), await writeValues(release)];
      const exit = await look(
        ['template', release.name, chart, '--namespace', release.namespace, '--values', values],
        signal,
      );
      if (exit.code !== 0) throw helmError(exit, 'template', release);
      return exit.stdout;
    },

    async upgrade(release, scope) {
      scope.note(`fetching the chart ${release.chart} ${release.version}`);
      const [chart, values] = [await charts.fetch(release, scope.signal), await writeValues(release)];
      scope.note(`installing ${release.chart} ${release.version}`);
      // Without --reset-values an upgrade goes on with the values of the last one. No --wait: 3 waits for hooks alone then, 4 too (hookOnly).
      const flags = [
        '--install',
        '--create-namespace',
        '--reset-values',
        '--values',
        values,
        '--history-max',
        String(history),
        '--hide-notes',
      ];
      const force = options.forceConflicts?.includes(release.name) === true ? ['--force-conflicts'] : [];
      await change('upgrade', [release.name, chart, ...flags, ...force], release, scope);
      const stored = await readRelease(await options.cluster(), release.namespace, release.name);
      return { revision: stored?.revision ?? 0 };
    },

    async settle(release, scope) {
      const cluster = await options.cluster();
      const stored = await readRelease(cluster, release.namespace, release.name);
      if (stored === undefined) return undefined;
      const { namespace } = release;
      if (stored.status === 'pending-install' || stored.status === 'uninstalling') {
        // Nothing to go back to. Hooks stay out: those of a half-made release can only fail.
        scope.note(`removing what a cut-off operation left of ${release.name}`);
        await change('uninstall', [release.name, '--no-hooks'], release, scope);
        // Uninstall leaves hook Jobs alone, and the next install would fail on them.
        const jobs = stored.hooks.filter((hook) => hook.kind === 'Job');
        for (const { name } of jobs) await cluster.remove({ apiVersion: 'batch/v1', kind: 'Job', namespace, name });
        return `${release.name} was ${stored.status}: uninstalled${jobs.length === 0 ? '' : `, with ${jobs.length} left-over hook job${jobs.length === 1 ? '' : 's'}`}`;
      }
      if (stored.status === 'pending-upgrade' || stored.status === 'pending-rollback') {
        // The next upgrade starts from the last revision that was deployed and converges what was half applied;
        // a rollback would restart the workloads twice.
        await cluster.remove({ apiVersion: 'v1', kind: 'Secret', namespace, name: stored.secret });
        return `${release.name} was ${stored.status}: the record of revision ${stored.revision} was removed`;
      }
      return undefined;
    },
  };
}

function homes(folder: string): Readonly<Record<string, string>> {
  return {
    HELM_CACHE_HOME: `${folder}/home/cache`,
    HELM_CONFIG_HOME: `${folder}/home/config`,
    HELM_DATA_HOME: `${folder}/home/data`,
    HELM_DRIVER: 'secret',
    // Answers of API discovery, which would go to ~/.kube/cache otherwise.
    KUBECACHEDIR: `${folder}/home/kube`,
  };
}

function withoutHelm(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(HELM_|KUBE)/.test(name)));
}
