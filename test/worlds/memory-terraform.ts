import { PlatformError } from '../../src/errors.ts';
import type { Json } from '../../src/engine/types.ts';
import { isPlatformError } from '../../src/errors.ts';
import type { CloudKind, CloudReference } from '../../src/tools/ports-estate.ts';
import type { ResourceChange, StateResource, TerraformRoot, TerraformWriter } from '../../src/tools/ports-terraform.ts';
import type { MemoryAws } from './memory-aws/memory-aws.ts';

/** One entry of a state, and what it stands for; a setting of something else (a bucket's policy, a route) stands for nothing by itself. */
export interface Entry extends StateResource {
  readonly thing?: CloudReference;
  /** A rule of this group. */
  readonly group?: string;
  tainted: boolean;
}

export const kinds: Readonly<Record<string, CloudKind>> = {
  aws_vpc: 'vpc',
  aws_subnet: 'subnet',
  aws_internet_gateway: 'internet-gateway',
  aws_route_table: 'route-table',
  aws_security_group: 'security-group',
  aws_key_pair: 'key-pair',
  aws_iam_role: 'role',
  aws_iam_instance_profile: 'instance-profile',
  aws_instance: 'instance',
  aws_eip: 'address',
  aws_acm_certificate: 'certificate',
  aws_route53_record: 'dns-record',
  aws_s3_bucket: 'bucket',
};

/** Facts of a thing that a state has too. */
const telling = new Set(['roleId', 'instanceProfileId', 'policyId', 'keyPairId']);

/** In which order a destroy goes about it: users before what they use. */
const ranks: readonly (readonly string[])[] = [
  [
    'aws_instance',
    'aws_route53_record',
    'aws_s3_bucket_policy',
    'aws_s3_bucket_versioning',
    'aws_s3_bucket_public_access_block',
    'aws_s3_bucket_server_side_encryption_configuration',
  ],
  ['aws_eip', 'aws_acm_certificate', 'aws_s3_bucket', 'aws_route_table_association', 'aws_route', 'aws_key_pair'],
  ['aws_vpc_security_group_ingress_rule', 'aws_vpc_security_group_egress_rule', 'aws_iam_instance_profile'],
  ['aws_iam_role_policy', 'aws_iam_role_policy_attachment'],
  ['aws_iam_role', 'aws_security_group', 'aws_subnet', 'aws_route_table', 'aws_internet_gateway'],
  ['aws_vpc'],
];

/** What Terraform says while it works. */
interface Progress {
  begins(address: string): void;
  ends(address: string): void;
  tell(): void;
}

/** How long the provider goes on asking, milliseconds (terraform-provider-aws, default timeouts of deletions). */
const patience: Partial<Record<CloudKind, number>> = {
  'security-group': 15 * 60_000,
  subnet: 20 * 60_000,
  'internet-gateway': 15 * 60_000,
  certificate: 10 * 60_000,
  'target-group': 60_000,
};
const poll = 10_000;
const pending = /^(DependencyViolation|ResourceInUseException|ResourceInUse|InvalidIPAddress\.InUse|AuthFailure)$/;

/** Terraform in memory: states over the account in memory, and the provider's way of waiting. It runs inside the process that starts it. */
export class MemoryTerraform {
  readonly #aws: MemoryAws;
  readonly states = new Map<string, Entry[]>([
    ['foundation', []],
    ['cluster', []],
  ]);
  /** Who holds the lock of a state. */
  readonly locks = new Map<string, string>();
  /** Each pause that a destroy had to make because something that is in no state stood in its way. */
  readonly waited: { readonly address: string; readonly on: string; readonly at: number }[] = [];
  /** Addresses that the product took out of a state. */
  readonly forgotten: string[] = [];
  readonly destroys: { readonly root: string; readonly addresses: readonly string[] }[] = [];

  constructor(aws: MemoryAws) {
    this.#aws = aws;
  }

  record(root: 'foundation' | 'cluster', address: string, id: string, thing?: CloudReference, group?: string): void {
    const type = address.split('.')[0] ?? '';
    const facts = Object.entries((thing && this.#aws.find(thing.kind, thing.id)?.unique) ?? {}).filter(([fact]) =>
      telling.has(fact),
    );
    this.states.get(root)?.push({
      ...(facts.length === 0 ? {} : { unique: Object.fromEntries(facts) }),
      address,
      type,
      id,
      tainted: false,
      ...(thing === undefined ? {} : { thing }),
      ...(group === undefined ? {} : { group }),
    });
  }

  /** As one process reaches it: its locks are told apart from those of another life. */
  port(process: string, alive: () => boolean): TerraformWriter {
    const pause = async (duration: number): Promise<void> => {
      if (!alive()) await new Promise(() => undefined);
      await this.#aws.clock.sleep(duration);
      if (!alive()) await new Promise(() => undefined);
    };
    const state = ({ name }: TerraformRoot): Entry[] => this.states.get(name) ?? [];
    const deletions = (root: TerraformRoot): readonly ResourceChange[] =>
      state(root)
        .filter((entry) => this.#exists(entry))
        .map(({ address, type }) => ({ address, type, actions: ['delete'] }));
    return {
      resources: async (root) => {
        await pause(700);
        return state(root).map(({ address, type, id, tainted, unique }) => ({
          address,
          type,
          id,
          tainted,
          ...(unique === undefined ? {} : { unique }),
        }));
      },
      planDestroy: async (root) => {
        await pause(3000);
        return { changes: deletions(root) };
      },
      plan: async () => {
        await pause(3000);
        return { changes: [] };
      },
      outputs: async (root) => {
        await pause(700);
        return this.#outputs(root);
      },
      validate: async () => [],
      declared: async () => ({ outputs: [], variables: [], open: [], printed: [] }),
      apply: async () => {
        throw new Error('terraform.apply was not expected');
      },
      forget: async (root, addresses) => {
        await pause(700);
        for (const entry of state(root).filter(({ address }) => addresses.includes(address)))
          this.#forget(root.name, entry);
        this.forgotten.push(...addresses);
      },
      settle: async (root, facts) => {
        await pause(700);
        const said: string[] = [];
        const holder = this.locks.get(root.name);
        if (holder !== undefined && holder !== process) {
          this.locks.delete(root.name);
          said.push('released the lock of a process that is dead');
        }
        for (const [address, id] of Object.entries(facts.existing)) {
          const kind = kinds[address.split('.')[0] ?? ''];
          if (kind === undefined || state(root).some((entry) => entry.address === address)) continue;
          this.record(root.name as 'cluster', address, id, { kind, id });
          said.push(`imported ${address}`);
        }
        return said;
      },
      destroy: async (root, scope) => {
        await pause(3000);
        const changes = deletions(root);
        const holder = this.locks.get(root.name);
        if (holder !== undefined)
          throw new PlatformError('TERRAFORM_LOCKED', { message: `the state ${root.name} is locked by ${holder}` });
        if (changes.length === 0) return this.#forgetGone(root.name);
        scope.agree?.(changes);
        this.locks.set(root.name, process);
        this.destroys.push({ root: root.name, addresses: changes.map(({ address }) => address) });
        try {
          await this.#apply(root.name, pause, scope);
          this.#forgetGone(root.name);
        } finally {
          if (alive()) this.locks.delete(root.name);
        }
      },
    };
  }

  async #apply(
    root: string,
    pause: (duration: number) => Promise<void>,
    scope: { signal: AbortSignal; note(text: string): void },
  ): Promise<void> {
    const failures: string[] = [];
    const total = (this.states.get(root) ?? []).length;
    const busy = new Map<string, number>();
    const progress: Progress = {
      begins: (address) => void busy.set(address, this.#aws.clock.monotonic()),
      ends: (address) => void busy.delete(address),
      tell: () => {
        const [first] = busy;
        if (first === undefined) return;
        const spell = Math.round((this.#aws.clock.monotonic() - first[1]) / 1000);
        const done = total - (this.states.get(root) ?? []).length;
        scope.note(`${done}/${total} resources destroyed, ${first[0]} deleting ${spell}s`);
      },
    };
    for (const types of ranks) {
      const entries = (this.states.get(root) ?? []).filter(({ type }) => types.includes(type));
      await Promise.all(
        entries.map(async (entry) => {
          try {
            progress.begins(entry.address);
            await this.#delete(entry, root, pause, scope.signal, progress);
            progress.ends(entry.address);
            this.#forget(root, entry);
            progress.tell();
          } catch (error) {
            if (!isPlatformError(error)) throw error;
            failures.push(`${entry.address}: ${error.message}`);
          }
        }),
      );
      // What needs a thing that could not go cannot go either.
      if (failures.length > 0) break;
    }
    if (failures.length > 0)
      throw new PlatformError('TOOL_FAILED', {
        message: `terraform destroy of ${root} failed: ${failures.join('; ')}`,
      });
  }

  async #delete(
    entry: Entry,
    root: string,
    pause: (duration: number) => Promise<void>,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<void> {
    await pause(300);
    if (entry.group !== undefined) return this.#deleteRule(entry.group, entry.id);
    if (entry.thing === undefined) return;
    const { thing } = entry;
    const begun = this.#aws.clock.monotonic();
    for (;;) {
      try {
        this.#aws.removeAs('terraform', thing);
        break;
      } catch (error) {
        const name = isPlatformError(error) ? String(error.facts['name']) : '';
        const late = this.#aws.clock.monotonic() - begun > (patience[thing.kind] ?? 0);
        if (!pending.test(name) || late || signal.aborted) throw error;
        this.#countWait(entry, root);
        progress.tell();
        await pause(poll);
      }
    }
    for (;;) {
      const left = this.#aws.find(thing.kind, thing.id);
      if (left === undefined || left.phase === 'gone') return;
      if (signal.aborted)
        throw new PlatformError('TOOL_FAILED', { message: `interrupted while ${entry.address} was going` });
      progress.tell();
      await pause(poll);
    }
  }

  #countWait(entry: Entry, root: string): void {
    const thing = entry.thing === undefined ? undefined : this.#aws.find(entry.thing.kind, entry.thing.id);
    if (thing === undefined) return;
    const own = new Set((this.states.get(root) ?? []).map(({ thing: one }) => `${one?.kind} ${one?.id}`));
    const strangers = this.#aws.holdersOf(thing).filter(({ kind, id }) => !own.has(`${kind} ${id}`));
    for (const { kind, id } of strangers)
      this.waited.push({ address: entry.address, on: `${kind} ${id}`, at: this.#aws.clock.monotonic() });
  }

  #deleteRule(group: string, rule: string): void {
    const known = this.#aws.find('security-group', group)?.rules?.filter(({ id }) => id === rule) ?? [];
    if (known.length > 0) this.#aws.revoke(group, known);
  }

  #exists(entry: Entry): boolean {
    if (entry.thing === undefined) return true;
    const thing = this.#aws.find(entry.thing.kind, entry.thing.id);
    return thing !== undefined && thing.phase === 'live';
  }

  #forget(root: string, entry: Entry): void {
    this.states.set(
      root,
      (this.states.get(root) ?? []).filter((one) => one !== entry),
    );
  }

  #forgetGone(root: string): void {
    const left = (this.states.get(root) ?? []).filter((entry) => this.#exists(entry));
    this.states.set(root, left.some(({ thing }) => thing !== undefined) ? left : []);
  }

  #outputs({ name }: TerraformRoot): Readonly<Record<string, Json>> {
    const state = this.states.get(name) ?? [];
    const id = (address: string): string | null => state.find((entry) => entry.address === address)?.id ?? null;
    if (state.length === 0) return {};
    if (name !== 'cluster') return {};
    const vpc = id('aws_vpc.this');
    return { ...(vpc === null ? {} : { vpc_id: vpc }), security_group_id: id('aws_security_group.node') };
  }
}
