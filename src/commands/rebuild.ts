import type { Host } from '../host.ts';
import type { RemovalFlags } from './removal.ts';
import { runRemoval } from './removal-run.ts';

/** Checks everything, takes the platform apart, and builds it again, as one run that goes on wherever it was cut off. */
export function rebuild(host: Host, flags: RemovalFlags): Promise<number> {
  return runRemoval(host, flags, 'rebuild');
}
