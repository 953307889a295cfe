import { PlatformError } from '../../../src/errors.ts';
import { awsError } from '../../../src/tools/aws/errors.ts';
import type {
  CloudKind,
  CloudReference,
  CloudResource,
  EstateScope,
  EstateWriter,
  GroupRule,
  RemoveOptions,
} from '../../../src/tools/ports-estate.ts';
import { refusedKinds } from '../../../src/tools/ports-estate.ts';
import type { SimulatedClock } from '../../helpers/simulated-clock.ts';
import type { Random } from '../random.ts';
import { actionOf, serviceOf } from './actions.ts';
import type { Fault } from './faults.ts';
import { identify } from './identify.ts';
import { shown } from './listing.ts';
import { isHeldBy, refusalOf } from './refusals.ts';
import { carryOut } from './removal.ts';
import { isInScope } from './scope.ts';
import { type Draft, keyOf, referenceTo, type Thing, type Truth } from './thing.ts';

/** One call on the account, in the order in which it took effect. */
export interface Call {
  readonly at: number;
  /** 'platform' is the product itself; 'terraform', 'alb', 'ebs' act for it or beside it. */
  readonly actor: string;
  readonly action: string;
  readonly mutating: boolean;
  readonly kind?: CloudKind;
  readonly target?: string;
  /** What the target was when it was called, for it may be gone. */
  readonly truth?: Truth;
  readonly rules?: readonly GroupRule[];
  readonly withData?: boolean;
  readonly error?: string;
}

/** How long things take, milliseconds. */
export interface Delays {
  readonly call: number;
  readonly termination: number;
  readonly lingering: number;
  /** How long a listing may show what was before a change; 0: never. */
  readonly stale: number;
}

export const usualDelays: Delays = { call: 80, termination: 40_000, lingering: 25_000, stale: 0 };

/** An AWS account in memory, with the rules that matter to a teardown; see BEHAVIOUR.md. Time passes with its clock only. */
export class MemoryAws {
  readonly region = 'ap-northeast-2';
  readonly account = '123456789012';
  readonly things = new Map<CloudKind, Map<string, Thing>>();
  /** Domain -> id of its public hosted zone. */
  readonly zones = new Map<string, string>();
  readonly calls: Call[] = [];
  /** Of everything that ever was here. */
  readonly truths = new Map<string, () => Truth>();
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly #counts = new Map<string, number>();
  readonly #stale = new Map<CloudKind, { readonly until: number; readonly listing: readonly Thing[] }>();
  delays: Delays;
  faults: readonly Fault[] = [];
  /** Told of each change, so that others may react (a machine that ends, a load balancer that is gone). */
  onChange: (thing: Thing) => void = () => undefined;

  constructor(clock: SimulatedClock, random: Random, delays: Delays = usualDelays) {
    this.clock = clock;
    this.random = random;
    this.delays = delays;
  }

  /** Puts a thing there, without a call. */
  add(draft: Draft): Thing {
    const thing: Thing = {
      name: '',
      tags: {},
      phase: 'live',
      holds: [],
      ...identify(this, draft),
      ...draft,
    };
    this.#remember(thing.kind);
    this.of(thing.kind).set(thing.id, thing);
    this.truths.set(keyOf(thing), () => thing.truth);
    this.onChange(thing);
    return thing;
  }

  of(kind: CloudKind): Map<string, Thing> {
    const known = this.things.get(kind);
    if (known !== undefined) return known;
    const fresh = new Map<string, Thing>();
    this.things.set(kind, fresh);
    return fresh;
  }

  find(kind: CloudKind, id: string): Thing | undefined {
    return this.things.get(kind)?.get(id);
  }

  /** For what must be there. */
  get(kind: CloudKind, id: string): Thing {
    const thing = this.find(kind, id);
    if (thing === undefined) throw new TypeError(`there is no ${kind} ${id}`);
    return thing;
  }

  all(): Thing[] {
    return [...this.things.values()].flatMap((kind) => [...kind.values()]);
  }

  /** What keeps it from being deleted. */
  holdersOf(thing: Thing): Thing[] {
    const holders: Thing[] = [];
    for (const kind of this.things.values())
      for (const other of kind.values()) if (other !== thing && isHeldBy(thing, other)) holders.push(other);
    return holders;
  }

  /** Changes a thing; a listing may show for a while what was before. */
  change(thing: Thing, change: (thing: Thing) => void): void {
    this.#remember(thing.kind);
    change(thing);
    this.onChange(thing);
  }

  /** Takes it away without a call: what AWS does by itself. */
  drop(thing: CloudReference): void {
    const known = this.find(thing.kind, thing.id);
    if (known === undefined) return;
    this.#remember(thing.kind);
    this.of(thing.kind).delete(thing.id);
    known.phase = 'gone';
    this.onChange(known);
  }

  /** How often an actor has called. */
  count(actor: string): number {
    return this.#counts.get(actor) ?? 0;
  }

  /** The account as one actor reaches it. Once `alive` says no, its calls never come back: it was killed. */
  port(actor: string, alive: () => boolean = () => true): EstateWriter {
    const call = (action: string, target: Partial<CloudReference>, extra: Partial<Call>, mutating: boolean) =>
      this.enter({ actor, action, mutating, ...target, ...extra }, alive);
    return {
      list: async (kind, scope) => {
        const done = await call(`Describe ${kind}`, { kind }, {}, false);
        done();
        return this.listing(kind, scope);
      },
      remove: async (resource, options = {}) => {
        refuseAltogether(resource);
        const done = await call(
          actionOf(resource.kind),
          referenceTo(resource),
          options.withData === true ? { withData: true } : {},
          true,
        );
        if (isOther(resource, this.find(resource.kind, resource.id))) return done();
        if (this.#hasChanged(resource))
          return done({ name: 'InvalidChangeBatch', message: `${resource.id} was not found with these values` });
        if (options.withData === true) options.note?.(`${resource.id}: emptied`);
        this.remove(resource, options, done);
      },
      revoke: async (group, rules) => {
        const target = { kind: 'security-group', id: group } as const;
        const known = this.find('security-group', group)?.rules ?? [];
        // As it stands there, not as the caller believes: that is what is judged.
        const asked = rules.map((rule) => known.find(({ id }) => id === rule.id) ?? rule);
        const done = await call('RevokeSecurityGroupRules', target, { rules: asked }, true);
        done();
        this.revoke(group, rules);
      },
    };
  }

  /** One call comes in: it takes its time, may fail, and is written down. Gives what writes it down as carried out, or refused. */
  async enter(
    asked: Omit<Call, 'at'> & { readonly id?: string },
    alive: () => boolean = () => true,
  ): Promise<(refused?: { readonly name: string; readonly message: string }) => void> {
    const { id, ...call } = asked;
    const fault = await this.#attempts(call, alive);
    const at = this.clock.monotonic();
    const truth = call.kind === undefined || id === undefined ? undefined : this.find(call.kind, id)?.truth;
    const done = (refused?: { readonly name: string; readonly message: string; readonly status?: number }): void => {
      this.calls.push({
        ...call,
        at,
        ...(id === undefined ? {} : { target: id }),
        ...(truth === undefined ? {} : { truth }),
        ...(refused === undefined ? {} : { error: refused.name }),
      });
      if (refused !== undefined) throw this.#error(refused, call, id);
    };
    if (fault !== undefined) done(fault);
    return done;
  }

  /** The SDK tries three times what is worth it; the fault that is left then is the caller's. */
  async #attempts(call: Omit<Call, 'at'>, alive: () => boolean): Promise<Fault['error'] | undefined> {
    for (let attempt = 1; ; attempt++) {
      if (!alive()) await new Promise(() => undefined);
      const count = this.count(call.actor);
      this.#counts.set(call.actor, count + 1);
      await this.clock.sleep(this.delays.call * (0.5 + this.random.next()));
      if (!alive()) await new Promise(() => undefined);
      const at = this.clock.monotonic();
      const error = this.faults.find((one) => one.hits({ ...call, kind: call.kind, count, at }))?.error;
      const isPassing = (error?.status ?? 0) >= 500;
      if (error === undefined || !isPassing || attempt === 3) return error;
      await this.clock.sleep(attempt * 200 * this.random.next());
    }
  }

  listing(kind: CloudKind, scope: EstateScope): readonly CloudResource[] {
    const stale = this.#stale.get(kind);
    const things =
      stale !== undefined && stale.until > this.clock.monotonic() ? stale.listing : [...this.of(kind).values()];
    return things.filter((thing) => isInScope(this, thing, scope)).map((thing) => shown(this, thing));
  }

  /** Deletes as AWS does: refuses what is held, ends what takes time. `done` writes the call down. */
  remove(
    reference: CloudReference,
    options: RemoveOptions,
    done: (refused?: { readonly name: string; readonly message: string }) => void,
  ): void {
    const thing = this.find(reference.kind, reference.id);
    if (thing === undefined || thing.phase !== 'live') return done();
    done(refusalOf(thing, this.holdersOf(thing), options));
    carryOut(this, thing);
  }

  /** Somebody else deletes something, at once and without faults; throws what AWS refuses with. */
  removeAs(actor: string, thing: CloudReference): void {
    const { kind, id } = thing;
    const truth = this.find(kind, id)?.truth;
    this.remove(thing, {}, (refused) => {
      const call = { at: this.clock.monotonic(), actor, action: actionOf(kind), mutating: true, kind, target: id };
      this.calls.push({
        ...call,
        ...(truth === undefined ? {} : { truth }),
        ...(refused === undefined ? {} : { error: refused.name }),
      });
      if (refused !== undefined) throw this.#error(refused, call, id);
    });
  }

  revoke(group: string, rules: readonly GroupRule[]): void {
    const thing = this.find('security-group', group);
    const ids = new Set(rules.map(({ id }) => id));
    if (thing !== undefined)
      this.change(thing, () => {
        thing.rules = (thing.rules ?? []).filter(({ id }) => !ids.has(id));
      });
  }

  #hasChanged({ kind, id, record }: CloudResource): boolean {
    const now = kind === 'dns-record' ? this.find(kind, id)?.record : undefined;
    return now !== undefined && JSON.stringify(now) !== JSON.stringify(record);
  }

  #remember(kind: CloudKind): void {
    const now = this.clock.monotonic();
    if (this.delays.stale === 0 || (this.#stale.get(kind)?.until ?? 0) > now) return;
    const listing = [...this.of(kind).values()].map((thing) => ({ ...thing }));
    this.#stale.set(kind, { until: now + this.delays.stale, listing });
  }

  #error(
    { name, message, status }: { readonly name: string; readonly message: string; readonly status?: number },
    call: Pick<Call, 'action' | 'kind'>,
    id: string | undefined,
  ): Error {
    const thrown = Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status ?? 400 } });
    const service = call.kind === undefined ? 'sts' : serviceOf(call.kind);
    return awsError(thrown, { service, action: call.action, ...(id === undefined ? {} : { subject: id }) });
  }
}

/** A key pair is deleted by the id that was seen, not by its name. */
const isOther = (seen: CloudResource, live: Thing | undefined): boolean =>
  seen.kind === 'key-pair' && live !== undefined && seen.unique['keyPairId'] !== live.unique['keyPairId'];

/** What the adapter never asks for: kinds that our topology does not make, and what belongs to a service. */
function refuseAltogether({ kind, id, managedBy }: CloudResource): void {
  if (managedBy === undefined && !(refusedKinds as readonly CloudKind[]).includes(kind)) return;
  const because =
    managedBy === undefined ? 'platform never makes this kind' : `it belongs to the AWS service ${managedBy}`;
  throw new PlatformError('FOREIGN', { message: `${kind} ${id} is not deleted: ${because}`, facts: { kind, id } });
}
