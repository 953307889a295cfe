import { decodeJournal } from '../../src/engine/record.ts';
import type { GroupRule } from '../../src/tools/ports-estate.ts';
import { photograph } from './memory-aws/photograph.ts';
import { keyOf, mayGo, type Thing } from './memory-aws/thing.ts';
import type { Ending } from './person.ts';
import type { Player } from './play.ts';
import { unknownIdentity, type World } from './world.ts';

/** What the world was before anybody touched it. */
export interface Before {
  readonly strangers: ReadonlyMap<string, string>;
  /** How many things of ours there were. */
  readonly owned: number;
  readonly theirObjects: string;
}

const isOurs = ({ truth }: Thing): boolean => truth === 'ours' || truth === 'data' || truth === 'doubtful';

export function before(world: World): Before {
  const things = world.aws.all();
  return {
    strangers: photograph(world.aws, (thing) => !isOurs(thing)),
    owned: things.filter((thing) => isOurs(thing) && thing.phase !== 'gone').length,
    theirObjects: objectsOf(world),
  };
}

const objectsOf = ({ decoy }: World): string => JSON.stringify([...decoy.objects]);

/** Whatever was done that must never be done, one line each; told by the truth, not by what the product believes. */
export function harm({ world, disk }: Pick<Player, 'world' | 'disk'>, then: Before): readonly string[] {
  const { aws, choices } = world;
  const problems: string[] = [];
  const audits = auditsOf(disk.texts());
  const isPeerOurs = ({ peer }: GroupRule): boolean => {
    const truth = aws.truths.get(`security-group ${peer}`)?.();
    return truth === 'ours' || truth === 'doubtful';
  };
  for (const call of aws.calls) {
    if (!call.mutating || call.truth === undefined) continue;
    const what = `${call.actor} ${call.action} ${call.target} (${call.truth}${call.error === undefined ? '' : `, refused: ${call.error}`})`;
    if (call.action === 'CreateSnapshot') {
      if (!mayGo(call.truth, true)) problems.push(what);
      continue;
    }
    const isRevocation = call.rules !== undefined;
    if (isRevocation && call.actor === 'platform') {
      for (const rule of call.rules ?? [])
        if (!isPeerOurs(rule)) problems.push(`${what}: rule ${rule.id} about ${rule.peer ?? 'an address range'}`);
    } else if (!mayGo(call.truth, choices.deleteData)) problems.push(what);
    if (call.actor === 'platform' && call.error === undefined) {
      const targets = isRevocation ? (call.rules ?? []).map(({ id }) => id) : [call.target ?? ''];
      for (const target of targets)
        if (!audits.some((text) => text.includes(shortOf(target)))) problems.push(`${what} was never audited`);
    }
  }
  const now = photograph(aws, (thing) => !isOurs(thing));
  for (const [key, was] of then.strangers) {
    const is = now.get(key);
    if (is === undefined) problems.push(`${key} is gone, and was not ours`);
    else if (is !== was && !isLessOurRules(was, is, isPeerOurs)) problems.push(`${key} was ${was} and is ${is}`);
  }
  if (world.decoy.writes.length > 0 || objectsOf(world) !== then.theirObjects)
    problems.push(
      `somebody else's cluster was written to: ${world.decoy.writes.map(({ verb, target }) => `${verb} ${target}`).join(', ')}`,
    );
  return problems;
}

/** An ARN ends with what is unlike all others. */
const shortOf = (id: string): string => (id.startsWith('arn:') ? (id.split('/').at(-1) ?? id) : id);

/** Every deletion leaves its reason on disk; the id stands in the target, or in what follows it. */
function auditsOf(texts: readonly { readonly run: string; readonly text: string }[]): readonly string[] {
  return texts
    .flatMap((journal) => decodeJournal(journal).records)
    .flatMap(({ event }) => (event.type === 'step.audit' ? [`${event.action} ${event.target}`] : []));
}

interface Photo {
  readonly rules?: readonly GroupRule[];
}

/** The one change that is allowed: a rule about a group of ours is gone, and everything else stands. */
function isLessOurRules(was: string, is: string, isPeerOurs: (rule: GroupRule) => boolean): boolean {
  const [old, fresh] = [JSON.parse(was) as Photo, JSON.parse(is) as Photo];
  const left = new Set((fresh.rules ?? []).map(({ id }) => id));
  const expected = (old.rules ?? []).filter((rule) => left.has(rule.id) || !isPeerOurs(rule));
  return JSON.stringify({ ...old, rules: expected }) === is;
}

const foundation = new Set(['address', 'certificate', 'bucket', 'dns-record']);

/** What must have gone by an ending without errors. */
export function leftovers({ aws, choices }: World): readonly Thing[] {
  return aws
    .all()
    .filter(
      (thing) =>
        thing.phase !== 'gone' &&
        (thing.truth === 'ours' || (thing.truth === 'data' && choices.deleteData)) &&
        !(
          choices.keepFoundation &&
          foundation.has(thing.kind) &&
          !thing.name.startsWith('argocd.') &&
          !thing.name.includes('owner.argocd')
        ),
    );
}

/** Whether an ending is one of those that are promised, with its cause named; undefined: it is. */
export function unexpected(world: World, { exitCode, failure, step }: Ending, then: Facts): string | undefined {
  const left = leftovers(world);
  if (failure === undefined) {
    if (exitCode !== 0) return `exit ${exitCode} without a failure`;
    return left.length === 0 ? undefined : `exit 0, and left are ${left.map(titleOf).join(', ')}`;
  }
  const said = `${failure.message} ${(failure.next ?? []).join(' ')}`;
  const because = `exit ${exitCode} in ${step}: ${failure.code} ${failure.message}`;
  if ((failure.next ?? []).length === 0) return `${because}: says no next action`;
  switch (failure.code) {
    case 'LEFTOVERS':
      return isNamed(world, left, said) ? undefined : `${because}: names nothing that is left, nor who holds it`;
    case 'NOT_READY_IN_TIME':
      // Terraform alone waits for an address that a machine which it does not know has, and says so.
      return then.isAlone && isNamed(world, left, said) ? undefined : because;
    case 'CREDENTIALS':
      return then.faults.some((name) => name.includes('expire')) ? undefined : `${because}: nothing expired`;
    case 'AWS':
      return then.faults.length > 0 ? undefined : `${because}: AWS was not at fault`;
    case 'UNREACHABLE':
      return world.cluster.alive ? `${because}: the API answers` : undefined;
    case 'IDENTITY_MISMATCH':
      return world.reached === 'decoy' || then.isUnrecorded ? undefined : `${because}: it is ours`;
    case 'CONTRACT_BROKEN':
      return world.story.includes(unknownIdentity) ? undefined : `${because}: the records are whole`;
    case 'FOREIGN':
      return isStrange(world) ? undefined : `${because}: nothing took a name of ours`;
    default:
      return because;
  }
}

/** Something stands in a Terraform state that is not proven ours. */
const isStrange = ({ aws, terraform }: World): boolean =>
  [...terraform.states.values()].flat().some(({ thing }) => {
    const truth = thing === undefined ? undefined : aws.find(thing.kind, thing.id)?.truth;
    return truth !== undefined && truth !== 'ours' && truth !== 'data';
  });

/** What was so when a run began. */
export interface Facts {
  readonly faults: readonly string[];
  /** Without --cleanup. */
  readonly isAlone: boolean;
  /** No ledger that would prove the machines under the cluster. */
  readonly isUnrecorded: boolean;
}

export const factsOf = (world: World): Facts => ({
  faults: world.aws.faults.map(({ name }) => name),
  isAlone: !world.choices.cleanup,
  isUnrecorded:
    !world.ledger.some(({ kind }) => kind === 'kubernetes') || !world.ledger.some(({ kind }) => kind === 'instance'),
});

/** Something that is left, or that holds what is left, stands in the text; objects of the cluster count where controllers are at fault. */
function isNamed({ aws }: World, left: readonly Thing[], said: string): boolean {
  const names = new Set<string>();
  const look = (thing: Thing): void => {
    if (names.has(keyOf(thing))) return;
    names.add(keyOf(thing));
    for (const holder of aws.holdersOf(thing)) look(holder);
  };
  for (const thing of left) look(thing);
  for (const thing of aws.all()) if (thing.truth === 'doubtful' && thing.phase !== 'gone') look(thing);
  const isIn = (thing: Thing): boolean =>
    said.includes(thing.id) || said.includes(shortOf(thing.id)) || (thing.name !== '' && said.includes(thing.name));
  return aws.all().some((thing) => names.has(keyOf(thing)) && isIn(thing)) || /finalizer/.test(said);
}

export const titleOf = (thing: Thing): string =>
  `${thing.truth} ${thing.kind} ${thing.name === '' ? thing.id : thing.name} (${thing.why})`;

/** Pauses of Terraform beyond one poll on something that is in no state. */
export function waitedTooLong({ terraform }: World): readonly string[] {
  const counts = new Map<string, number>();
  for (const { address, on } of terraform.waited)
    counts.set(`${address} on ${on}`, (counts.get(`${address} on ${on}`) ?? 0) + 1);
  return [...counts]
    .filter(([, count]) => count > 1)
    .map(([what, count]) => `Terraform waited ${count} polls: ${what}`);
}
