import type { Failure } from '../../src/engine/events.ts';
import type { RunResult } from '../../src/engine/run-options.ts';
import type { Player } from './play.ts';

/** How one process ended. */
export interface Ending {
  readonly exitCode: number;
  readonly failure?: Failure;
  readonly step?: string;
}

export function endingOf({ exitCode, failures }: RunResult): Ending {
  const [first] = failures;
  return first === undefined ? { exitCode } : { exitCode, failure: first.failure, step: first.step };
}

const most = 8;

/**
 * Does what the errors say until nothing changes any more: gives back expired credentials and missing rights, leaves Kubernetes out where it cannot
 * be asked, types the same command again. Tells each ending; the last one stands.
 */
export async function insist(player: Player, endings: Ending[] = []): Promise<readonly Ending[]> {
  const { world } = player;
  for (let round = endings.length; round < most; round++) {
    const ending = endingOf(await player.run());
    endings.push(ending);
    if (ending.failure === undefined) break;
    const { code, message } = ending.failure;
    const before = JSON.stringify(world.choices) + world.aws.faults.length;
    if (code === 'CREDENTIALS' || code === 'AWS' || code === 'STEP_FAILED') world.aws.faults = [];
    const isDrain = /destroy-(suspend|operators|entrances|workloads|releases)/.test(ending.step ?? '');
    if (code === 'UNREACHABLE' || code === 'IDENTITY_MISMATCH' || isDrain)
      world.choices = { ...world.choices, awsOnly: true };
    if (!world.choices.cleanup && ending.failure.next.some((next) => next.includes('--cleanup')))
      world.choices = { ...world.choices, cleanup: true };
    const same = endings.at(-2)?.failure?.message === message;
    if (JSON.stringify(world.choices) + world.aws.faults.length === before && same) break;
  }
  return endings;
}
