import { runChecks, refuseProblems } from '../../checks/run-checks.ts';
import { checks } from '../../checks/index.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, step } from '../kit.ts';

const fetching = new Set(['charts', 'manifests']);

/**
 * Puts what the build needs from elsewhere into the state folder while a teardown waits for AWS: chart packages and pinned manifests. The checks
 * proved that they can be had; here they are had, so that a network that fails later does not matter. Only a rebuild has this step: in a plain
 * build each step fetches its own, side by side.
 */
export const rebuildDownloads = step({
  id: 'rebuild-downloads',
  title: 'Charts and manifests of the build',
  needs: {},
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(10),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({
    charts: Object.entries(config.versions.charts).map(([id, pin]) => [id, pin.version]),
    cni: config.network.cni,
    addons: [...config.addons],
  }),
  // Whether a package is there costs as much as fetching it: both are a look into the cache.
  check: async () => ({ state: 'needed', because: 'what the build fetches is put beside the state' }),
  apply: async (ctx) => {
    await fetchAll(ctx);
    return null;
  },
});

async function fetchAll(ctx: ReadContext): Promise<void> {
  const wanted = checks.filter(({ id }) => fetching.has(id));
  refuseProblems(await runChecks(wanted, ctx, { afresh: true, purpose: 'run' }));
}
