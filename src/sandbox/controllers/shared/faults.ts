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
}

const none: Fault = { dead: false, slow: 0 };

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
  const fail = textOf(all, controller, 'fail');
  return {
    dead: recordOf(all, controller)['dead'] === true,
    slow: numberOf(all, controller, 'slow') ?? 0,
    ...(fail === undefined ? {} : { fail }),
  };
}
