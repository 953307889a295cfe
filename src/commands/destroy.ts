import type { Host } from '../host.ts';
import type { RemovalFlags } from './removal.ts';
import { runRemoval } from './removal-run.ts';

/** Takes the platform apart. Exit 13 when something of it is left, named with what holds it. */
export function destroy(host: Host, flags: RemovalFlags): Promise<number> {
  return runRemoval(host, flags, 'destroy');
}
