import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe } from '../kit.ts';
import { conditionOf } from './fields.ts';

/**
 * Every TigeraStatus Available, none Degraded or Progressing, and judged at the Installation's generation. TigeraStatus
 * has no Ready condition, so kstatus calls it Current at once; before the first sync there are no conditions at all.
 */
export const calicoAvailable: PlatformProbe<unknown> = {
  name: 'Calico available',
  every: seconds(5),
  within: minutes(10),
  noProgressFor: minutes(6),
  test: async (ctx) => {
    const cluster = await ctx.cluster();
    const installation = await cluster.get({
      apiVersion: 'operator.tigera.io/v1',
      kind: 'Installation',
      name: 'default',
    });
    if (installation === undefined) return { is: 'waiting', because: 'the Installation does not exist yet' };
    const statuses = await cluster.list({ apiVersion: 'operator.tigera.io/v1', kind: 'TigeraStatus' });
    if (!statuses.some((status) => status.metadata.name === 'calico'))
      return { is: 'waiting', because: 'the operator has written no status yet' };
    for (const status of statuses) {
      const name = status.metadata.name;
      const [available, degraded, progressing] = ['Available', 'Degraded', 'Progressing'].map((type) =>
        conditionOf(status, type),
      );
      if (degraded?.status === 'True')
        return {
          is: 'waiting',
          because: `${name} is degraded: ${degraded.message ?? degraded.reason ?? 'no reason given'}`,
        };
      if (progressing?.status === 'True')
        return { is: 'waiting', because: `${name}: ${progressing.message ?? 'progressing'}` };
      if (available?.status !== 'True') return { is: 'waiting', because: `${name} is not available yet` };
      const seen = available.observedGeneration ?? 0;
      if (name === 'calico' && seen !== 0 && seen < (installation.metadata.generation ?? 0))
        return { is: 'waiting', because: `${name} has not seen the latest Installation` };
    }
    return { is: 'ready', because: `${statuses.length} TigeraStatus available` };
  },
};
