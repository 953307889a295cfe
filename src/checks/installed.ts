import { isPlatformError } from '../errors.ts';
import { dataServiceObjects } from '../steps/data-service-templates.ts';
import type { KubernetesObject } from '../tools/ports.ts';
import type { CheckContext } from './check.ts';
import { pinsOf, renderings, sample } from './renderings.ts';

/** What the build installs on the nodes. */
export interface Installed {
  readonly objects: readonly KubernetesObject[];
  /** What could not be had, and why is the finding of the check that asks for it: of what is in it nothing is known. */
  readonly unknown: readonly string[];
}

const installed = new WeakMap<CheckContext, Promise<Installed>>();

/** Everything with pods that charts, pinned manifests and templates bring, found once for all checks that look at it. */
export function installedObjects(ctx: CheckContext): Promise<Installed> {
  const known = installed.get(ctx) ?? find(ctx);
  installed.set(ctx, known);
  return known;
}

async function find(ctx: CheckContext): Promise<Installed> {
  const [charts, pinned, services] = await Promise.all([
    renderings(ctx),
    ctx.downloads.objects(pinsOf(ctx.config), ctx.signal).catch((problem: unknown) => {
      if (!isPlatformError(problem) || problem.code === 'BUG' || ctx.signal.aborted) throw problem;
      return undefined;
    }),
    dataServiceObjects(ctx, sample.clusterId),
  ]);
  return {
    objects: [
      ...charts.flatMap(({ release, text }) => ctx.templates.parse(withPods(text), `chart ${release.chart}`)),
      ...(pinned ?? []),
      ...services,
    ],
    unknown: [
      ...charts.filter(({ problem }) => problem !== undefined).map(({ release }) => `the chart ${release.chart}`),
      ...(pinned === undefined ? ['the pinned manifests'] : []),
    ],
  };
}

/** A rendered chart may be megabytes of dashboards: only the documents of kinds that may name an image are parsed. */
const withPods = (text: string): string =>
  text
    .split(/^---\s*$/m)
    .filter((document) =>
      /^kind:\s*["']?(?:Deployment|StatefulSet|DaemonSet|Job|CronJob|Pod|Prometheus|Alertmanager)["']?\s*$/m.test(
        document,
      ),
    )
    .join('\n---\n');
