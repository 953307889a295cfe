import type { TeardownChoices } from '../../../../src/config/config.ts';
import type { Audit, CheckResult, Json, Step } from '../../../../src/engine/types.ts';
import { PlatformError } from '../../../../src/errors.ts';
import type { StepContext } from '../../../../src/steps/kit.ts';
import type { DestroyInventory } from '../../../../src/steps/teardown/destroy-inventory.ts';
import type {
  CloudResource,
  ClusterWriter,
  KubernetesObject,
  LedgerEntry,
  WriteWorld,
} from '../../../../src/tools/ports.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';
import { fakeWorld, specOf } from '../../../helpers/fake-world.ts';
import { SimulatedClock } from '../../../helpers/simulated-clock.ts';

export const inventory: DestroyInventory = {
  clusterId: 'shop-dev-abcde',
  account: '123456789012',
  bucket: null,
  vpcs: ['vpc-1'],
  kubernetes: 'answers',
  because: '',
  counts: {},
};

const records: readonly LedgerEntry[] = [
  { kind: 'kubernetes', id: 'uid-of-kube-system', unique: { authority: 'ca' }, step: 'control-plane' },
  { kind: 'instance', id: 'i-1', unique: {}, step: 'infrastructure' },
];

/** Read once: property tests make many worlds. */
const base = exampleConfig();
let uids = 0;

/** An object as the server would hold it; `kind` as `apps/v1 Deployment`, `name` as `namespace/name` or `name`. */
export function thing(kind: string, name: string, metadata: object = {}, parts: object = {}): KubernetesObject {
  const [apiVersion = '', short = ''] = kind.includes(' ') ? kind.split(' ') : ['v1', kind];
  const [first = '', second] = name.split('/');
  uids += 1;
  return {
    apiVersion,
    kind: short,
    metadata: {
      name: second ?? first,
      ...(second === undefined ? {} : { namespace: first }),
      uid: `u${uids}`,
      ...metadata,
    },
    ...parts,
  };
}

export const deployment = (name: string, ready: number): KubernetesObject =>
  thing('apps/v1 Deployment', name, {}, { status: { readyReplicas: ready } });

/** A cluster in memory: deletion waits for finalizers, merge patches merge, a new object may be denied. */
export class MemoryCluster {
  objects: KubernetesObject[];
  /** Called after each write: what controllers do then. */
  react: () => void = () => {};
  /** The API does not answer while this says so. */
  isDead = (): boolean => false;
  isLocked = false;
  uid = 'uid-of-kube-system';
  readonly calls: string[] = [];

  constructor(objects: readonly KubernetesObject[]) {
    this.objects = [
      thing(
        'Node',
        'n1',
        {},
        { spec: { providerID: 'aws:///a/i-1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      ),
      ...objects,
    ];
  }

  named(name: string): KubernetesObject | undefined {
    return this.objects.find((one) => `${one.kind} ${nameOf(one)}` === name);
  }

  /** Everything that is there but what every world has. */
  get names(): readonly string[] {
    return this.objects.map((one) => `${one.kind} ${nameOf(one)}`).filter((name) => name !== 'Node n1');
  }

  change(name: string, patch: object): void {
    this.objects = this.objects.map((one) =>
      `${one.kind} ${nameOf(one)}` === name ? (merged(one as unknown as Json, patch as Json) as never) : one,
    );
    this.#collect();
  }

  /** As a controller takes off its finalizers, all of them. */
  letGo(name: string): void {
    this.change(name, { metadata: { finalizers: [] } });
  }

  #collect(): void {
    this.objects = this.objects.filter(
      ({ metadata }) => metadata.deletionTimestamp === undefined || (metadata.finalizers ?? []).length > 0,
    );
  }

  readonly port: ClusterWriter = {
    identity: async () => {
      this.#answer();
      return { server: 'https://x', authority: 'ca', uid: this.uid };
    },
    raw: async () => ({ status: 200, body: 'ok' }),
    get: async ({ kind, name, namespace }) => {
      this.#answer();
      return this.objects.find(
        (one) => one.kind === kind && one.metadata.name === name && one.metadata.namespace === namespace,
      );
    },
    list: async ({ apiVersion, kind, namespace }) => {
      this.#answer();
      return this.objects.filter(
        (one) =>
          one.apiVersion === apiVersion &&
          one.kind === kind &&
          (namespace === undefined || one.metadata.namespace === namespace),
      );
    },
    kinds: async () => {
      this.#answer();
      const all = this.objects.map(({ apiVersion, kind }) => JSON.stringify({ apiVersion, kind, namespaced: true }));
      return { kinds: [...new Set(all)].map((text) => JSON.parse(text) as never), unavailable: [] };
    },
    dryRunCreate: async (object) => {
      this.#answer();
      if (!this.isLocked) return object;
      throw new PlatformError('KUBERNETES', {
        message: `ValidatingAdmissionPolicy 'platform-teardown' with binding 'platform-teardown' denied request`,
      });
    },
    dryRunApply: async () => ({ result: 'same', because: '' }),
    signClient: () => Promise.reject(new Error('a teardown asks for no certificate')),
    evict: () => Promise.reject(new Error('a teardown evicts nobody')),
    apply: async (object) => {
      this.#write(`apply ${object.kind} ${nameOf(object)}`);
      if (object.kind === 'ValidatingAdmissionPolicyBinding') this.isLocked = true;
      this.objects.push(object);
      this.react();
      return object;
    },
    remove: async (reference, options = {}) => {
      const name = `${reference.kind} ${nameOf({ metadata: reference })}`;
      this.#write(`remove ${name}`);
      const found = this.named(name);
      if (found !== undefined && (options.uid === undefined || options.uid === found.metadata.uid)) {
        if (reference.kind === 'ValidatingAdmissionPolicyBinding') this.isLocked = false;
        this.change(name, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
      }
      this.react();
    },
    merge: async (reference, patch) => {
      const name = `${reference.kind} ${nameOf({ metadata: reference })}`;
      this.#write(`merge ${name}`);
      this.change(name, patch as object);
      this.react();
      return this.named(name);
    },
    releaseFinalizers: async (reference, uid, finalizers) => {
      const name = `${reference.kind} ${nameOf({ metadata: reference })}`;
      this.#write(`release ${name} ${finalizers.join()}`);
      const found = this.named(name);
      if (found?.metadata.uid !== uid) return;
      const rest = (found.metadata.finalizers ?? []).filter((one) => !finalizers.includes(one));
      this.change(name, { metadata: { finalizers: rest } });
    },
  };

  #answer(): void {
    if (this.isDead()) throw new PlatformError('UNREACHABLE', { message: 'connection refused', class: 'transient' });
  }

  #write(call: string): void {
    this.#answer();
    this.calls.push(call);
  }
}

function nameOf({ metadata }: { metadata: { name: string; namespace?: string } }): string {
  return metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
}

const isRecord = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merged(target: Json | undefined, patch: Json): Json {
  if (!isRecord(patch)) return patch;
  const result: Record<string, Json> = isRecord(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merged(result[key], value);
  }
  return result;
}

interface Setting {
  readonly choices?: Partial<TeardownChoices>;
  readonly cloud?: () => readonly CloudResource[];
  readonly fakes?: { readonly [Port in keyof WriteWorld]?: Partial<WriteWorld[Port]> };
  readonly inventory?: Partial<DestroyInventory>;
}

/** A step on a cluster in memory, with time that passes only when everybody waits. */
export function drainWorld(cluster: MemoryCluster, setting: Setting = {}) {
  const clock = new SimulatedClock();
  const audits: Audit[] = [];
  const abort = new AbortController();
  const config = {
    ...base,
    teardown: {
      cleanup: true,
      keepFoundation: false,
      deleteData: false,
      awsOnly: false,
      forceFinalizers: false,
      backup: 'none' as const,
      rebuild: false,
      ...setting.choices,
    },
  };
  const { context, notes } = fakeWorld({ ...setting.fakes, cluster: cluster.port }, config);
  const ctx = {
    ...context,
    clock,
    signal: abort.signal,
    cluster: async () => cluster.port,
    audit: async (entry: Audit) => void audits.push(entry),
    ledger: { entries: async () => records },
    estate: {
      list: async (kind: string) => (setting.cloud?.() ?? []).filter((one) => one.kind === kind),
    },
  } as unknown as StepContext;
  const up = { inventory: { ...inventory, ...setting.inventory } };
  return {
    ctx,
    clock,
    notes,
    audits,
    abort,
    check: (step: Step<unknown>): Promise<CheckResult<Json>> => clock.drive(specOf(step).check(ctx, up)),
    apply: (step: Step<unknown>): Promise<unknown> => clock.drive(specOf(step).apply(ctx, up)),
  };
}
