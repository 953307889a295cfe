import type { Json } from '../engine/types.ts';

/** A Kubernetes object as it comes over the wire: nothing is dropped that a model does not know. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly Json[];
  };
  readonly [field: string]: unknown;
}

/** Names an object or, without a name, a collection. Plural and scope come from discovery. */
export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface CollectionReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labels?: string;
}

/** What proves which cluster this is. */
export interface ClusterIdentity {
  readonly server: string;
  /** SHA-256 of the certificate authority, hex. */
  readonly authority: string;
  /** UID of the namespace kube-system. */
  readonly uid: string;
}

/** Reading calls. Each has a deadline of its own (10 s). Errors are PlatformErrors: KUBERNETES with facts {status, reason}, UNREACHABLE. */
export interface ClusterReader {
  identity(): Promise<ClusterIdentity>;
  /** GET of a raw path such as /readyz?verbose; status and body, never an error for a status. */
  raw(path: string): Promise<{ readonly status: number; readonly body: string }>;
  /** undefined when the object, or its kind, does not exist. */
  get(reference: ObjectReference): Promise<KubernetesObject | undefined>;
  /** Empty when the kind does not exist. */
  list(reference: CollectionReference): Promise<readonly KubernetesObject[]>;
  /** Every kind that can be listed, once, in its group's preferred version; a group whose server is dead is left out, and named. */
  kinds(): Promise<{
    readonly kinds: readonly { readonly apiVersion: string; readonly kind: string; readonly namespaced: boolean }[];
    readonly unavailable: readonly string[];
  }>;
  /** Strict server-side dry-run create: names every unknown field; the object as the server would store it. */
  dryRunCreate(object: KubernetesObject): Promise<KubernetesObject>;
  /**
   * Strict server-side dry-run apply as our field manager. `same` when nothing would change; `conflicts` names other managers.
   */
  dryRunApply(
    object: KubernetesObject,
    manager?: string,
  ): Promise<{ readonly result: 'same' | 'differs' | 'absent'; readonly because: string }>;
}

export interface ClusterWriter extends ClusterReader {
  /** Server-side apply, strict, as field manager `platform`; a conflict is KUBERNETES with the other manager's name. */
  apply(object: KubernetesObject): Promise<KubernetesObject>;
  /** Deletes in the background unless told; fine when it is not there. With `uid`, a namesake that was made later is left alone. */
  remove(
    reference: ObjectReference,
    options?: { readonly uid?: string; readonly propagation?: 'background' | 'foreground' | 'orphan' },
  ): Promise<void>;
  /** JSON merge patch as our field manager; the object as it is afterwards, undefined when it is not there. */
  merge(reference: ObjectReference, patch: Json): Promise<KubernetesObject | undefined>;
  /** Takes exactly these finalizers off the object of that uid; fine when it is gone. */
  releaseFinalizers(reference: ObjectReference, uid: string, finalizers: readonly string[]): Promise<void>;
  /** Asks a pod of that uid to leave, by an eviction, which a disruption budget may refuse for now: then with the server's reason. */
  evict(pod: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  }): Promise<{ readonly is: 'leaving' } | { readonly is: 'blocked'; readonly because: string }>;
  /**
   * Has the cluster sign a certificate of a client: asked for under this name, approved, awaited. `request` is PKCS #10 as PEM, `lifetime`
   * milliseconds; the signer may give less. PEM.
   */
  signClient(
    request: { readonly name: string; readonly request: string; readonly lifetime: number },
    signal: AbortSignal,
  ): Promise<string>;
}
