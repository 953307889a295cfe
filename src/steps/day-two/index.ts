import type { Step } from '../../engine/types.ts';
import { resetDrain, resetMachine, resetNode, resetPermit } from './node-reset.ts';
import { restoreData, restoreFetch, restoreVerify } from './restore.ts';

/** `platform node reset`: one machine made bare. */
export const nodeReset: readonly Step<unknown>[] = [resetPermit, resetDrain, resetMachine, resetNode];

/** `platform restore`: a snapshot of etcd brought back. */
export const restore: readonly Step<unknown>[] = [restoreFetch, restoreData, restoreVerify];

/** Every list of day two. */
export const dayTwo: readonly Step<unknown>[] = [...nodeReset, ...restore];
