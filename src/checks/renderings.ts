import type { PlatformConfig } from '../config/config.ts';
import { isPlatformError, type PlatformError } from '../errors.ts';
import { pinOf } from '../steps/build/release-step.ts';
import { type ReleaseDescription, releases } from '../steps/releases.ts';
import type { Release } from '../tools/ports.ts';
import type { CheckContext } from './check.ts';

/** Stand-ins for what only a built cluster has. */
export const sample = { clusterId: 'sample', account: '000000000000', vpc: 'vpc-0' };

/** A release of the build, and what its chart makes of our values, or why it makes nothing. */
export interface Rendering {
  readonly release: Release;
  readonly text: string;
  readonly problem?: PlatformError;
}

/** The releases that this configuration installs, with their values filled in. */
export function releasesOf({ config, templates }: CheckContext): Promise<readonly Release[]> {
  const wanted = Object.values<ReleaseDescription>(releases).filter((one) => one.when(config));
  return Promise.all(
    wanted.map(async ({ id, release, namespace, values }) => ({
      name: release,
      namespace,
      ...pinOf(config, id),
      values: await templates.text(`${id}/values.yaml`, values(config, { infrastructure: sample })),
    })),
  );
}

const rendered = new WeakMap<CheckContext, Promise<readonly Rendering[]>>();

/** All releases, rendered once for all checks that look at them. */
export function renderings(ctx: CheckContext): Promise<readonly Rendering[]> {
  const known = rendered.get(ctx) ?? render(ctx);
  rendered.set(ctx, known);
  return known;
}

async function render(ctx: CheckContext): Promise<readonly Rendering[]> {
  return Promise.all(
    (await releasesOf(ctx)).map(async (release) => {
      try {
        return { release, text: await ctx.helm.template(release, ctx.signal) };
      } catch (problem) {
        if (!isPlatformError(problem) || problem.code === 'BUG' || ctx.signal.aborted) throw problem;
        return { release, text: '', problem };
      }
    }),
  );
}

/** All that the renderings depend on beside the templates, which belong to this version. */
export const renderingSubject = async (ctx: CheckContext) => ({
  releases: (await releasesOf(ctx)).map((release) => ({ ...release })),
  source: sourceOf(ctx.config, 'charts'),
  programs: await ctx.workplace.programs(),
});

/** Where things come from; the sandbox serves the same ones on another port each time. */
export const sourceOf = ({ mirrors, target }: PlatformConfig, kind: 'charts' | 'manifests'): string =>
  target === 'sandbox' ? 'sandbox' : (mirrors[kind] ?? 'internet');

/** The pinned files whose objects are installed as they are. */
export const pinsOf = ({ addons, network, versions }: PlatformConfig) => [
  ...versions.cni[network.cni].manifests,
  ...(addons.includes('rabbitmq') ? (versions.manifests['rabbitmq-operator']?.files ?? []) : []),
];
