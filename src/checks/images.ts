import type { PlatformConfig } from '../config/config.ts';
import type { ImageAnswer, KubernetesObject } from '../tools/ports.ts';
import { type Check, error, type Finding, warning } from './check.ts';
import { installedObjects } from './installed.ts';
import { pinsOf, renderingSubject, sourceOf } from './renderings.ts';

const day = 86_400_000;

export const images: Check = {
  id: 'images',
  title: 'Registries have every image that is installed',
  needs: 'tools',
  when: 'when-changed',
  catalogue: ['D6', 'D11', 'D14'],
  subject: async (ctx) => ({
    ...(await renderingSubject(ctx)),
    pins: pinsOf(ctx.config).map((pin) => ({ ...pin })),
    manifests: sourceOf(ctx.config, 'manifests'),
    images: { ...ctx.config.versions.images },
    kubernetes: ctx.config.versions.kubernetes,
    addons: [...ctx.config.addons],
    registries: { ...ctx.config.mirrors.registries },
    // A registry may drop a tag without a word to us.
    day: Math.floor(ctx.workplace.now() / day),
  }),
  run: async (ctx) => {
    if (ctx.config.target === 'sandbox') return { skipped: 'not checked: simulated machines pull no image' };
    const { objects, unknown } = await installedObjects(ctx);
    const wanted = imagesIn(objects, ctx.config);
    const answers = await ctx.registries.lookUp([...wanted.keys()], ctx.signal);
    const found = imageFindings(answers, wanted, ctx.config);
    if (found.length === 0 && unknown.length > 0)
      return { skipped: `without ${unknown.join(', ')} not every image is known` };
    return found;
  },
};

/** `always`: pods are made of it. `maybe`: a controller is told of it, and makes pods of it when it is asked to. */
export type Need = 'always' | 'maybe';

/**
 * Every image that kubeadm pulls and that the objects name. What an operator chooses by itself is in none of them: the
 * images of Calico beside its operator's.
 */
export function imagesIn(
  objects: readonly KubernetesObject[],
  { versions }: Pick<PlatformConfig, 'versions'>,
): ReadonlyMap<string, Need> {
  const found = new Map<string, Need>();
  for (const image of kubeadmImages(versions)) found.set(image, 'always');
  for (const object of objects) if (object.kind !== 'CustomResourceDefinition') collect(object, found);
  return found;
}

/** kubeadm's own (cmd/kubeadm/app/images/images.go): all from one registry, the Kubernetes programs under their version. */
function kubeadmImages({ images: pinned, kubernetes }: PlatformConfig['versions']): readonly string[] {
  const others = ['pause', 'etcd', 'coredns'].flatMap((name) => pinned[name] ?? []);
  const registry = pinned['pause']?.replace(/\/[^/]*$/, '');
  if (registry === undefined) return others;
  const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  return [...programs.map((name) => `${registry}/${name}:v${kubernetes}`), ...others];
}

function collect(value: unknown, found: Map<string, Need>): void {
  if (Array.isArray(value)) for (const one of value) collect(one, found);
  else if (typeof value === 'string') {
    // `--acme-http01-solver-image=REGISTRY/NAME:TAG`, `--prometheus-config-reloader=REGISTRY/NAME:TAG`
    const told = /^--?[\w-]*(?:image|reloader)[\w-]*=(\S+\/\S+:\S+)$/.exec(value)?.[1];
    if (told !== undefined && !found.has(told)) found.set(told, 'maybe');
  } else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) {
      if (key === 'image' && typeof one === 'string' && /^\S+$/.test(one)) found.set(one, 'always');
      else collect(one, found);
    }
}

/** What is wrong with the answers. What could not be asked is never called fine, and one cause is told once. Pure. */
export function imageFindings(
  answers: readonly ImageAnswer[],
  wanted: ReadonlyMap<string, Need>,
  { mirrors }: Pick<PlatformConfig, 'mirrors'>,
): readonly Finding[] {
  const mirrored = Object.keys(mirrors.registries).length > 0;
  const unknown = answers.filter((one) => one.is === 'unknown');
  const [first] = unknown;
  if (first !== undefined && unknown.length === answers.length && unknown.every(({ unreachable }) => unreachable))
    return [
      warning(
        `no registry can be reached from here, so ${answers.length} images were not looked up (${first.registry}: ${first.because})`,
        'ask again where the internet is: platform doctor',
        'for machines without internet set mirrors.registries in platform.yaml',
      ),
    ];
  return [
    ...answers.flatMap((answer) => {
      if (answer.is === 'missing') {
        const level = wanted.get(answer.image) === 'maybe' ? warning : error;
        return level(
          `${answer.image} cannot be pulled from ${answer.registry}: ${answer.because}`,
          mirrored
            ? `put it into the mirror ${answer.registry}, or correct the pin in versions.yaml`
            : 'correct the pin in versions.yaml: images, or the chart or manifest that names it',
        );
      }
      if (answer.is === 'refused')
        return warning(
          `${answer.image} may not be there: ${answer.registry}: ${answer.because}, and the machines have no credentials either`,
          'look whether the repository still exists and is public; else correct the pin in versions.yaml',
        );
      return [];
    }),
    ...[...Map.groupBy(unknown, ({ registry, because }) => `${registry}: ${because}`)].map(([cause, ones]) =>
      warning(
        `${ones.length === 1 ? ones[0]?.image : `${ones.length} images`} could not be looked up at ${cause}`,
        'ask again later: platform doctor',
      ),
    ),
  ];
}
