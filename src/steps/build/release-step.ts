import type { PlatformConfig } from '../../config/config.ts';
import type { Needs, Step, Upstream } from '../../engine/types.ts';
import { PlatformError } from '../../errors.ts';
import type { Placeholders, Release } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { type PlatformProbe, type ReadContext, stepWhen } from '../kit.ts';

interface ReleaseStep<N extends Needs> {
  /** Step id, pin in versions.yaml and folder below templates/: one word for all three. */
  readonly id: string;
  readonly title: string;
  readonly release: string;
  readonly namespace: string;
  readonly needs: N;
  when(config: PlatformConfig): boolean;
  /** Exactly the placeholders of templates/ID/values.yaml. */
  values(config: PlatformConfig, up: Upstream<N>): Placeholders;
  readonly ready: readonly PlatformProbe<unknown>[];
}

/**
 * A step that is one Helm release. Satisfied only when a comparison without any write shows no drift; Helm itself does
 * not wait, so that there is one place and one clock for readiness (domain/readiness: kstatus is wrong for operators).
 */
export function releaseStep<const N extends Needs>(
  spec: ReleaseStep<N>,
): Step<{ readonly release: string; readonly version: string } | undefined> {
  const release = async (ctx: ReadContext, up: Upstream<N>): Promise<Release> => ({
    name: spec.release,
    namespace: spec.namespace,
    ...pinOf(ctx.config, spec.id),
    values: await ctx.templates.text(`${spec.id}/values.yaml`, spec.values(ctx.config, up)),
  });
  return stepWhen({
    id: spec.id,
    title: spec.title,
    needs: spec.needs,
    when: (config) => spec.when(config),
    repeat: 'safe',
    onCancel: 'interrupt',
    timeout: minutes(10),
    noProgressFor: minutes(5),
    retry: { attempts: 4, firstDelay: 2000, maxDelay: 20_000 },
    locks: () => [`release/${spec.namespace}/${spec.release}`],
    inputs: (config, up) => ({ pin: { ...pinOf(config, spec.id) }, values: spec.values(config, up) }),
    check: async (ctx, up) => {
      const wanted = await release(ctx, up);
      const state = await ctx.helm.compare(wanted, ctx.signal);
      const output = { release: spec.release, version: wanted.version };
      switch (state.is) {
        case 'current':
          return {
            state: 'satisfied',
            output,
            because: `${wanted.chart} ${wanted.version} is installed and nothing differs`,
          };
        case 'absent':
          return {
            state: 'needed',
            because: `release ${spec.namespace}/${spec.release} does not exist`,
            preview: [`install ${wanted.chart} ${wanted.version}`],
          };
        case 'pending':
          return { state: 'needed', because: `release ${spec.release} is ${state.status}` };
        case 'failed':
        case 'differs':
          return { state: 'needed', because: state.because, preview: [`upgrade to ${wanted.chart} ${wanted.version}`] };
      }
    },
    settle: async (ctx, up) => {
      const text = await ctx.helm.settle(await release(ctx, up), ctx);
      if (text !== undefined) ctx.note(text);
    },
    apply: async (ctx, up) => {
      const wanted = await release(ctx, up);
      await ctx.helm.upgrade(wanted, ctx);
      return { release: spec.release, version: wanted.version };
    },
    ready: spec.ready,
  });
}

/** The pin of a chart; without one the step cannot exist. */
export function pinOf(
  config: PlatformConfig,
  id: string,
): { readonly repository: string; readonly chart: string; readonly version: string } {
  const pin = config.versions.charts[id];
  if (pin === undefined)
    throw new PlatformError('CONFIG_INVALID', {
      message: `versions.yaml pins no chart ${id}`,
      next: [`add charts.${id} with repository, chart and version`],
    });
  return { repository: pin.repository, chart: pin.chart, version: pin.version };
}
