/** What one group of Ingresses, or one Service, wants of AWS. */
export interface Stack {
  /** Prefix of the tags: who it is for. */
  readonly family: 'ingress.k8s.aws' | 'service.k8s.aws';
  /** Value of the tag FAMILY/stack. */
  readonly id: string;
  readonly balancer: Balancer;
  /** The group on the load balancer's side: which ports are open to whom. */
  readonly entrance: { readonly name: string; readonly ports: readonly number[]; readonly cidrs: readonly string[] };
  readonly targetGroups: readonly TargetGroup[];
  readonly listeners: readonly Listener[];
  /** Tags beside those of the controller. */
  readonly tags: Readonly<Record<string, string>>;
}

interface Balancer {
  readonly name: string;
  readonly type: 'application' | 'network';
  readonly scheme: 'internet-facing' | 'internal';
  readonly attributes: Readonly<Record<string, string>>;
  /** Given by annotation; otherwise they are found by their tags. */
  readonly subnets?: readonly string[];
}

export interface TargetGroup {
  readonly name: string;
  /** Value of the tag FAMILY/resource. */
  readonly resource: string;
  readonly protocol: string;
  readonly nodePort: number;
  readonly service: { readonly namespace: string; readonly name: string; readonly port: number | string };
  readonly health: { readonly protocol: string; readonly path?: string; readonly codes?: string };
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Listener {
  readonly port: number;
  readonly protocol: string;
  readonly certificates: readonly string[];
  readonly policy?: string;
  readonly fallback: Action;
  /** In the order of their priority. */
  readonly rules: readonly Rule[];
}

export type Action =
  | { readonly to: 'not-found' }
  | { readonly to: 'port'; readonly port: string }
  /** A target group, by its name. */
  | { readonly to: 'group'; readonly group: string };

export interface Rule {
  readonly host?: string;
  readonly paths: readonly string[];
  readonly action: Action;
}

/** What the controller was started with (its Deployment's arguments). */
export interface Settings {
  readonly cluster: string;
  readonly vpc: string;
  readonly region: string;
  readonly ingressClass: string;
  readonly tags: Readonly<Record<string, string>>;
}
