import type { Step } from '../../engine/types.ts';
import { restoreData, restoreFetch, restoreVerify } from './restore.ts';

/** `platform restore`: a snapshot of etcd brought back. */
export const restore: readonly Step<unknown>[] = [restoreFetch, restoreData, restoreVerify];

/** Every list of day two. */
export const dayTwo: readonly Step<unknown>[] = [...restore];
