import { Chalk, type ChalkInstance } from 'chalk';
import type { Host, Output } from '../host.ts';

export type Style = ChalkInstance;

/**
 * Colours or none, decided once: flag, then NO_COLOR, then FORCE_COLOR, then TERM=dumb, then whether the stream is a
 * terminal. chalk by itself ignores NO_COLOR on a terminal (chalk 5.6, tried).
 */
export function styleFor(host: Pick<Host, 'environment'>, output: Pick<Output, 'isTTY'>, flag = true): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = host.environment;
  if (!flag || (NO_COLOR !== undefined && NO_COLOR !== '')) return new Chalk({ level: 0 });
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return new Chalk({ level: FORCE_COLOR === '0' ? 0 : 2 });
  return new Chalk({ level: output.isTTY && TERM !== 'dumb' ? 2 : 0 });
}
