import type { Clock, KubernetesObject } from '../../../tools/ports.ts';
import type { Aws } from './aws.ts';
import type { Kubernetes } from './kubernetes.ts';

/** What a controller has in one round. */
export interface Tools {
  readonly kubernetes: Kubernetes;
  readonly aws: Aws;
  readonly clock: Clock;
  /** Why everything that it tries must fail now (faults.json); absent: nothing fails on purpose. */
  readonly failure?: string | undefined;
  /** Why everything that it takes away must fail now; also where everything fails. */
  readonly refusal?: string | undefined;
  /** It lets go of what is deleted without taking anything away. */
  readonly leaks: boolean;
  /** It trusts nothing that it remembers, and makes again at once what is missing. */
  readonly recreates: boolean;
  /** One line of the log. */
  note(text: string): void;
}

/**
 * A stand-in for one controller. It is level-triggered: a round looks at what is there, does what is missing, and remembers nothing that
 * it could not find again.
 */
export interface Controller {
  /** Its name in faults.json and in the log. */
  readonly name: string;
  /** The user agent of its requests. */
  readonly userAgent: string;
  round(tools: Tools): Promise<void>;
  /** Ends what listens: it is dead (faults.json), or the process ends. Called again and again while it is dead. */
  silence?(): Promise<void>;
}

/** The workload that the real controller runs in, when at least one of its pods is ready: only then does its stand-in act. */
export async function runningWorkload(
  kubernetes: Kubernetes,
  kind: 'Deployment' | 'StatefulSet',
  namespace: string,
  name: string,
): Promise<KubernetesObject | undefined> {
  const found = await kubernetes.get({ apiVersion: 'apps/v1', kind, namespace, name });
  const ready = (found?.['status'] as { readonly readyReplicas?: number } | undefined)?.readyReplicas ?? 0;
  return ready > 0 && found?.metadata.deletionTimestamp === undefined ? found : undefined;
}

/** The arguments of a container as a record; `--a=b` is a: b, `--a` alone is a: ''. */
export function argumentsOf(workload: KubernetesObject, container: string): Readonly<Record<string, string>> {
  const spec = workload['spec'] as
    | { template?: { spec?: { containers?: readonly { name: string; args?: readonly string[] }[] } } }
    | undefined;
  const args = spec?.template?.spec?.containers?.find((one) => one.name === container)?.args ?? [];
  return Object.fromEntries(
    args
      .filter((argument) => argument.startsWith('--'))
      .map((argument) => {
        const [name = '', ...value] = argument.slice(2).split('=');
        return [name, value.join('=')];
      }),
  );
}

/** `a=b,c=d` as a record, the form in which controllers take tags. */
export function pairsOf(text: string | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (text ?? '')
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), pair.slice(pair.indexOf('=') + 1).trim()]),
  );
}

/** An object without one of its finalizers, refused when somebody changed it meanwhile. */
export async function dropFinalizer(
  kubernetes: Kubernetes,
  object: KubernetesObject,
  finalizer: string,
): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return;
  await patchMetadata(kubernetes, object, { finalizers: finalizers.filter((one) => one !== finalizer) });
}

/** An object with a finalizer more. */
export async function addFinalizer(kubernetes: Kubernetes, object: KubernetesObject, finalizer: string): Promise<void> {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer)) return;
  await patchMetadata(kubernetes, object, { finalizers: [...finalizers, finalizer] });
}

async function patchMetadata(kubernetes: Kubernetes, object: KubernetesObject, metadata: object): Promise<void> {
  const { apiVersion, kind } = object;
  const { name, namespace, resourceVersion } = object.metadata;
  await kubernetes.patch(
    { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) },
    { metadata: { ...metadata, resourceVersion } },
  );
}
