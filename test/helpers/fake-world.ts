import type { PlatformConfig } from '../../src/config/config.ts';
import type { AnySpec, Step, StepScope } from '../../src/engine/types.ts';
import type { StepContext } from '../../src/steps/kit.ts';
import type { ClusterWriter, KubernetesObject, LedgerEntry, WriteWorld } from '../../src/tools/ports.ts';
import { exampleConfig } from './configuration.ts';

type Fakes = { readonly [Port in keyof WriteWorld]?: Partial<WriteWorld[Port]> };

/** A world in which a call that a test did not expect throws, naming it. */
export function fakeWorld(
  fakes: Omit<Fakes, 'cluster'> & { cluster?: Partial<ClusterWriter> },
  config: PlatformConfig = exampleConfig(),
  key = '',
) {
  const notes: string[] = [];
  const ledger: LedgerEntry[] = [];
  const scope: StepScope = {
    run: 'run',
    step: 'step',
    key,
    attempt: 1,
    signal: new AbortController().signal,
    note: (text) => notes.push(text),
  };
  const ports = [
    'terraform',
    'ansible',
    'helm',
    'aws',
    'ssh',
    'network',
    'templates',
    'downloads',
    'registries',
    'files',
    'random',
    'workplace',
  ] as const;
  const world = Object.fromEntries(ports.map((port) => [port, strict<object>(port, fakes[port] ?? {})]));
  const recorded = {
    entries: async () => ledger,
    record: async (entries: readonly LedgerEntry[]) => void ledger.push(...entries),
    mirror: async () => undefined,
  };
  const context = {
    ...world,
    ledger: recorded,
    cluster: async () => strict('cluster', fakes.cluster ?? {}),
    config,
    ...scope,
  };
  return { context: context as unknown as StepContext, notes, ledger };
}

function strict<T extends object>(port: string, fake: Partial<T>): T {
  return new Proxy(fake as T, {
    get: (target, name) => {
      // Looked up when a world is awaited by mistake or by design: never a call.
      if (name === 'then') return undefined;
      const found = Reflect.get(target, name) as unknown;
      if (found === undefined) throw new Error(`${port}.${String(name)} was not expected`);
      return found;
    },
  });
}

/** A step's functions, callable with the fakes of a test. */
export const specOf = (step: Step<unknown>): AnySpec => step.spec;

/** A cluster that holds these objects and answers reads from them. */
export function clusterWith(objects: readonly KubernetesObject[]): Partial<ClusterWriter> {
  return {
    get: async ({ kind, name, namespace }) =>
      objects.find(
        (one) =>
          one.kind === kind &&
          one.metadata.name === name &&
          (namespace === undefined || one.metadata.namespace === namespace),
      ),
    list: async ({ kind, namespace }) =>
      objects.filter((one) => one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace)),
  };
}

/** An object with the given parts; generation 1 unless told. */
export function object(kind: string, name: string, parts: object = {}, metadata: object = {}): KubernetesObject {
  return { apiVersion: 'v1', kind, metadata: { name, generation: 1, ...metadata }, ...parts };
}
