import type { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { denial } from './admission.ts';
import { type Draft, keyOf, keyOfObject, type Owner, type Stored } from './objects.ts';

export interface Write {
  readonly at: number;
  readonly verb: 'apply' | 'delete' | 'merge' | 'release-finalizers' | 'uninstall';
  readonly target: string;
}

/** What happened to an object; `gone` comes after its last finalizer. */
export type Change = 'made' | 'changed' | 'deleting' | 'gone';

/** One Kubernetes API server in memory; what runs in it is added by controllers. */
export class MemoryCluster {
  readonly name: string;
  readonly clock: SimulatedClock;
  readonly identity: { readonly server: string; readonly authority: string; readonly uid: string };
  readonly objects = new Map<string, Stored>();
  /** Every write that came in from the product. */
  readonly writes: Write[] = [];
  readonly watchers: ((change: Change, object: Stored) => void)[] = [];
  /** False: nobody answers, and nobody in it gets anything done. */
  answers: () => boolean = () => true;
  calls = 0;
  /** The API stops answering after so many calls of the product. */
  diesAfter = Number.POSITIVE_INFINITY;
  #uids = 0;

  constructor(name: string, clock: SimulatedClock) {
    this.name = name;
    this.clock = clock;
    this.identity = {
      server: `https://${name}.example:6443`,
      authority: `authority-of-${name}`,
      uid: `uid-of-${name}`,
    };
  }

  get alive(): boolean {
    return this.calls <= this.diesAfter && this.answers();
  }

  /** Makes an object as whoever is allowed to; undefined where an admission policy refuses it. */
  make(draft: Draft): Stored | undefined {
    const { name, namespace, labels = {}, annotations = {}, finalizers = [], owner, ...rest } = draft;
    const known = this.objects.get(keyOf(draft.kind, namespace, name));
    if (known !== undefined) return known;
    if (denial(this, { ...rest, metadata: namespace === undefined ? {} : { namespace } }) !== undefined)
      return undefined;
    const home = namespace === undefined ? undefined : this.objects.get(keyOf('Namespace', undefined, namespace));
    if (home?.metadata.deletionTimestamp !== undefined) return undefined;
    this.#uids += 1;
    const object: Stored = {
      ...rest,
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid: `${this.name}-${this.#uids}`,
        labels: { ...labels },
        annotations: { ...annotations },
        creationTimestamp: new Date(this.clock.now()).toISOString(),
        finalizers: [...finalizers],
        ownerReferences: owner === undefined ? [] : [ownerOf(owner)],
      },
    };
    this.objects.set(keyOfObject(object), object);
    this.#tell('made', object);
    return object;
  }

  find(kind: string, namespace: string | undefined, name: string): Stored | undefined {
    return this.objects.get(keyOf(kind, namespace, name));
  }

  list(kind: string, namespace?: string): Stored[] {
    return [...this.objects.values()].filter(
      (one) => one.kind === kind && (namespace === undefined || one.metadata.namespace === namespace),
    );
  }

  inNamespace(name: string): Stored[] {
    return [...this.objects.values()].filter(({ metadata }) => metadata.namespace === name);
  }

  /** Still the same object, not a namesake. */
  has(object: Stored): boolean {
    return this.objects.get(keyOfObject(object))?.metadata.uid === object.metadata.uid;
  }

  ageOf(object: Stored): number {
    return this.clock.now() - Date.parse(object.metadata.creationTimestamp);
  }

  changed(object: Stored): void {
    if (this.has(object)) this.#tell('changed', object);
  }

  /** Asks for deletion: it goes when the last finalizer is taken off. */
  delete(object: Stored, orphan = false): void {
    if (!this.has(object)) return;
    if (orphan) for (const one of this.dependantsOf(object)) (one.metadata.ownerReferences as unknown[]).length = 0;
    if (object.metadata.deletionTimestamp === undefined) {
      object.metadata.deletionTimestamp = new Date(this.clock.now()).toISOString();
      if (object.metadata.finalizers.length > 0) this.#tell('deleting', object);
    }
    this.release(object, []);
  }

  /** Takes finalizers off; with the last one a deleted object goes. */
  release(object: Stored, finalizers: readonly string[]): void {
    if (!this.has(object)) return;
    object.metadata.finalizers = object.metadata.finalizers.filter((one) => !finalizers.includes(one));
    if (object.metadata.deletionTimestamp === undefined || object.metadata.finalizers.length > 0) return;
    this.objects.delete(keyOfObject(object));
    this.#tell('gone', object);
  }

  dependantsOf(owner: Stored): Stored[] {
    return [...this.objects.values()].filter(({ metadata }) =>
      metadata.ownerReferences.some(({ uid }) => uid === owner.metadata.uid),
    );
  }

  /** After a while, if the cluster still lives then. */
  later(delay: number, work: () => void): void {
    this.clock.at(this.clock.monotonic() + delay, () => {
      if (this.alive) work();
    });
  }

  #tell(change: Change, object: Stored): void {
    for (const watcher of this.watchers) watcher(change, object);
  }
}

const ownerOf = ({ apiVersion, kind, metadata: { name, uid } }: Stored): Owner => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
});
