import { readTextFile } from '../../../tools/text-files.ts';
import { numberOf, recordOf, textOf } from './fields.ts';

/** What is wrong with one controller on purpose. */
export interface Fault {
  /** It does nothing at all, and its webhooks do not listen. */
  readonly dead: boolean;
  /** Seconds before each of its rounds. */
  readonly slow: number;
  /** Everything that it tries fails with this text, reported as the real one reports failures. */
  readonly fail?: string;
  /** Only what it takes away fails with this text. */
  readonly refuse?: string;
  /** It lets go of what is deleted, and leaves in AWS what belongs to it. */
  readonly leak: boolean;
  /** It looks at everything in every round, and makes again at once what is missing. */
  readonly recreate: boolean;
  /** It dies before the write after so many; counted anew when the number changes. */
  readonly dies?: number;
}

const none: Fault = { dead: false, slow: 0, leak: false, recreate: false };

/**
 * Reads faults.json: `{ "ebs": { "dead": true }, "alb": { "fail": "AccessDenied", "slow": 3 } }`. Read anew before each round. No file,
 * or one that is just being written, is no fault.
 */
export function readFault(path: string | undefined, controller: string): Fault {
  const text = path === undefined ? undefined : readTextFile(path);
  if (text === undefined) return none;
  let all: unknown;
  try {
    all = JSON.parse(text);
  } catch {
    return none;
  }
  const [fail, refuse] = [textOf(all, controller, 'fail'), textOf(all, controller, 'refuse')];
  const dies = numberOf(all, controller, 'dies');
  const { dead, leak, recreate } = recordOf(all, controller);
  return {
    dead: dead === true,
    slow: numberOf(all, controller, 'slow') ?? 0,
    leak: leak === true,
    recreate: recreate === true,
    ...(fail === undefined ? {} : { fail }),
    ...(refuse === undefined ? {} : { refuse }),
    ...(dies === undefined ? {} : { dies }),
  };
}
