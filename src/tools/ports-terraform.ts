import type { Json } from '../engine/types.ts';

/** One root with everything that a call needs; made by the steps from the configuration. */
export interface TerraformRoot {
  readonly name: string;
  readonly directory: string;
  readonly variables: Json;
  /** For `-backend-config`; absent: local state inside the state folder. */
  readonly backend?: { readonly bucket: string; readonly key: string; readonly region: string };
}

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly actions: readonly ('no-op' | 'create' | 'read' | 'update' | 'delete')[];
  /** 'tainted', 'drift' ... as Terraform's action_reason says. */
  readonly reason?: string;
}

/** One managed resource instance of a state. */
export interface StateResource {
  readonly address: string;
  /** Terraform's type: aws_instance ... */
  readonly type: string;
  readonly id: string;
  readonly tainted: boolean;
  /** What AWS gave to this one and gives to no later namesake, in the words of `CloudResource.unique`; for kinds whose id is a name. */
  readonly unique?: Readonly<Record<string, string>>;
}

export interface TerraformReader {
  /** What the state holds, data sources left out; [] when there is none. Reads the state only, asks no provider. */
  resources(root: TerraformRoot, signal: AbortSignal): Promise<readonly StateResource[]>;
  /**
   * A plan of the destruction, without lock. A later `destroy` of the same process takes it instead of planning again, unless the state has moved on
   * meanwhile.
   */
  planDestroy(root: TerraformRoot, signal: AbortSignal): Promise<{ readonly changes: readonly ResourceChange[] }>;
  /** A plan without lock: changes nothing. A later `apply` of the same process takes it, while it is young, instead of planning again. */
  plan(root: TerraformRoot, signal: AbortSignal): Promise<{ readonly changes: readonly ResourceChange[] }>;
  /** Outputs of the state as it is; {} when there is none. */
  outputs(root: TerraformRoot, signal: AbortSignal): Promise<Readonly<Record<string, Json>>>;
  validate(
    root: TerraformRoot,
    signal: AbortSignal,
  ): Promise<readonly { message: string; file?: string; line?: number }[]>;
  /** What a root takes and gives, read from its files: nothing is run. Empty for a folder without configuration. */
  declared(root: TerraformRoot): Promise<TerraformDeclarations>;
}

export interface TerraformDeclarations {
  readonly outputs: readonly string[];
  readonly variables: readonly string[];
  /** Variables without a default that no tfvars file of the root and no TF_VAR_NAME of the environment gives. */
  readonly open: readonly string[];
  /** Names that stand before a `=` in the templates that it renders: what an inventory that it prints may define. */
  readonly printed: readonly string[];
}

/** What exists outside the state, found by tags: what `settle` imports, and what it knows to be healthy. */
export interface TerraformSettleFacts {
  /** Terraform address -> id of what exists in AWS and carries our marks. */
  readonly existing: Readonly<Record<string, string>>;
  /** Addresses that Describe proves healthy: untainted if tainted. */
  readonly healthy: readonly string[];
}

export interface TerraformWriter extends TerraformReader {
  /** Plans, shows, applies exactly that plan file, and returns the outputs. `note` gets progress ("12/40 resources"). */
  apply(
    root: TerraformRoot,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<Readonly<Record<string, Json>>>;
  /** Plans the destruction, lets `agree` refuse it by throwing, and applies exactly that plan. Fine when the state is empty. */
  destroy(
    root: TerraformRoot,
    scope: {
      signal: AbortSignal;
      note(text: string): void;
      agree?(changes: readonly ResourceChange[]): void;
    },
  ): Promise<void>;
  /** Takes addresses out of the state and leaves what they name in the world; one that is not there is fine. */
  forget(
    root: TerraformRoot,
    addresses: readonly string[],
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<void>;
  /** After an interruption: own dead lock released, tainted but healthy untainted, unrecorded imported. Says what it did. */
  settle(
    root: TerraformRoot,
    facts: TerraformSettleFacts,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<readonly string[]>;
}
