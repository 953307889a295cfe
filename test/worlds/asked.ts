import { stateKey } from '../../src/steps/names.ts';
import { keyOf, type Thing } from './memory-aws/thing.ts';
import type { Ending } from './person.ts';
import type { World } from './world.ts';

/** What a person asked for beside a teardown, as the account stood when it began. */
export interface Asked {
  /** `--keep foundation`: these must be there at the end. */
  readonly foundation: readonly Thing[];
  /** `--backup volumes`: these must not go before they are saved. */
  readonly volumes: ReadonlySet<string>;
  readonly knowsItself: boolean;
}

const isProven = ({ truth, phase }: Thing): boolean => (truth === 'ours' || truth === 'data') && phase !== 'gone';

const identityOf = (world: World): string => `${world.stateBucket}/${stateKey(world.config, 'identity.json')}`;

export function askedOf(world: World): Asked {
  const { aws, choices, terraform, tree } = world;
  const state = new Set(
    (terraform.states.get('foundation') ?? []).flatMap(({ thing }) => (thing ? [keyOf(thing)] : [])),
  );
  const isFoundation = (thing: Thing): boolean =>
    ['address', 'certificate', 'bucket'].includes(thing.kind) || state.has(keyOf(thing));
  const keeps = choices.keepFoundation && tree === 'ours';
  return {
    foundation: keeps ? aws.all().filter((thing) => isProven(thing) && isFoundation(thing)) : [],
    volumes: new Set(
      choices.backup === 'volumes'
        ? [...aws.of('volume').values()]
            .filter((thing) => isProven(thing) && thing.phase === 'live' && thing.tags['CSIVolumeName'] !== undefined)
            .map(({ id }) => id)
        : [],
    ),
    knowsItself: world.objects.has(identityOf(world)),
  };
}

/** What was asked for and not heeded, one line each. */
export function unheeded(world: World, asked: Asked, last: Ending | undefined): readonly string[] {
  const { aws } = world;
  const gone = asked.foundation.filter(({ kind, id }) => (aws.find(kind, id)?.phase ?? 'gone') === 'gone');
  return [
    ...gone.map(({ kind, id }) => `--keep foundation, and ${kind} ${id} is gone`),
    ...unsaved(world, asked),
    ...(last?.failure === undefined && last?.exitCode === 0 ? identityProblems(world, asked) : []),
  ];
}

/** A volume that went, and of which no snapshot was complete by then, or is there now. */
function unsaved({ aws }: World, { volumes }: Asked): string[] {
  const snapshots = [...aws.of('snapshot').values()];
  return aws.calls
    .filter(({ kind, target = '', mutating, error, action }) => {
      const goes = kind === 'volume' && mutating && error === undefined && action !== 'CreateSnapshot';
      return goes && volumes.has(target);
    })
    .flatMap(({ at, actor, target = '' }) => {
      const saved = snapshots.some(
        ({ unique, state }) =>
          unique['volume'] === target && state === 'completed' && Number(unique['completed']) <= at,
      );
      return saved ? [] : [`--backup volumes, and ${actor} deleted ${target} without a complete snapshot`];
    });
}

/** The id goes with the last thing that carries it, and never before: a rebuild and what is kept need it. */
function identityProblems(world: World, { knowsItself }: Asked): string[] {
  const { choices, aws } = world;
  const isKnown = world.objects.has(identityOf(world));
  const data = aws.all().find((thing) => isProven(thing) && thing.truth === 'data');
  // What cannot be proven to us may be proven to the program; then it stays, and the id with it.
  const doubtful = aws.all().some(({ truth, phase }) => truth === 'doubtful' && phase !== 'gone');
  const because = choices.rebuild
    ? 'a rebuild needs it'
    : choices.keepFoundation
      ? 'the foundation carries it'
      : data === undefined
        ? undefined
        : `${data.kind} ${data.id} carries it`;
  if (because !== undefined) return knowsItself && !isKnown ? [`the cluster id is forgotten, and ${because}`] : [];
  return isKnown && !doubtful ? ['the cluster id is not forgotten, and nothing carries it any more'] : [];
}
