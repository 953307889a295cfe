import type { PlatformConfig } from '../../config/config.ts';
import type { Needs, Step, StepScope, Upstream } from '../../engine/types.ts';
import type { KubernetesObject } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { type PlatformProbe, type ReadContext, stepWhen } from '../kit.ts';
import type { Json } from '../../engine/types.ts';

interface ManifestStep<N extends Needs> {
  readonly id: string;
  readonly title: string;
  readonly needs: N;
  when(config: PlatformConfig): boolean;
  inputs(config: PlatformConfig, up: Upstream<N>): Json;
  /** In the order in which they must be applied. */
  objects(ctx: ReadContext, up: Upstream<N>): Promise<readonly KubernetesObject[]>;
  readonly ready: readonly PlatformProbe<unknown>[];
}

/** A step that is a list of objects, applied server-side as our field manager; satisfied when a strict dry-run changes nothing. */
export function manifestStep<const N extends Needs>(
  spec: ManifestStep<N>,
): Step<{ readonly objects: number } | undefined> {
  return stepWhen({
    id: spec.id,
    title: spec.title,
    needs: spec.needs,
    when: (config) => spec.when(config),
    repeat: 'safe',
    onCancel: 'abort',
    timeout: minutes(5),
    retry: { attempts: 6, firstDelay: 1000, maxDelay: 15_000 },
    inputs: (config, up) => spec.inputs(config, up),
    check: async (ctx, up) => {
      const objects = await spec.objects(ctx, up);
      const differing = await differences(ctx, objects);
      if (differing.length === 0)
        return {
          state: 'satisfied',
          output: { objects: objects.length },
          because: `${objects.length} objects are as they should be`,
        };
      return { state: 'needed', because: differing[0] ?? 'objects differ', preview: differing };
    },
    apply: async (ctx, up) => {
      const objects = await spec.objects(ctx, up);
      const cluster = await ctx.cluster();
      for (const object of objects) {
        ctx.note(`applying ${nameOf(object)}`);
        await cluster.apply(object);
      }
      return { objects: objects.length };
    },
    ready: spec.ready,
  });
}

async function differences(
  ctx: ReadContext & StepScope,
  objects: readonly KubernetesObject[],
): Promise<readonly string[]> {
  const cluster = await ctx.cluster();
  const found: string[] = [];
  for (const object of objects) {
    // Asked by GET first: a dry-run apply into a namespace that does not exist is an error, not an answer.
    const live = await cluster.get({
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: object.metadata.name,
      ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
    });
    if (live === undefined) {
      found.push(`${nameOf(object)} does not exist`);
      continue;
    }
    const { result, because } = await cluster.dryRunApply(object);
    if (result !== 'same') found.push(`${nameOf(object)} differs: ${because}`);
  }
  return found;
}

const nameOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;
