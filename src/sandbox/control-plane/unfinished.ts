import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { judge } from '../../engine/lock.ts';
import type { HostFacts } from '../../tools/ports-engine.ts';
import type { AcquireRequest, AcquireWorld } from './acquire-types.ts';

const prefix = '.unfinished-';

type World = Pick<AcquireWorld, 'files' | 'table'>;

/** An empty folder in the cache whose name tells which process fills it, so that a later one can tell whether it still does. */
export async function makeUnfinished(
  { files, table }: World,
  { cache }: Pick<AcquireRequest, 'cache'>,
): Promise<string> {
  const { pid, startTime, bootId, pidNamespace, host } = marksOf(await table.facts());
  return files.makeTemporary(cache, `${prefix}${[pid, startTime, bootId, pidNamespace, host].join('.')}-`);
}

/** Removes what killed builds and downloads left in the cache. What another machine or container may still fill stays. */
export async function sweepUnfinished(
  { files, table }: World,
  request: Pick<AcquireRequest, 'cache' | 'note'>,
): Promise<void> {
  const left = (await files.list(request.cache)).filter((name) => name.startsWith(prefix));
  if (left.length === 0) return;
  const own = marksOf(await table.facts());
  const startTimeOf = async (pid: number) => mark(await table.startTimeOf(pid));
  for (const name of left) {
    const maker = makerIn(name);
    if (maker === undefined || (await judge({ ...own, ...maker }, own, { startTimeOf })) !== 'dead') continue;
    await files.remove(join(request.cache, name));
    request.note(`removed what process ${maker.pid} left unfinished in ${request.cache} when it was killed`);
  }
}

function makerIn(name: string): Omit<HostFacts, 'user'> | undefined {
  const found = /^(\d+)\.(\w+)\.(\w*)\.(\w*)\.(\w+)-/.exec(name.slice(prefix.length));
  if (found === null) return undefined;
  const [pid, startTime = '', bootId = '', pidNamespace = '', host = ''] = found.slice(1);
  return { pid: Number(pid), startTime, bootId, pidNamespace, host };
}

/** Facts are only compared, and a file name has little room. */
const marksOf = (facts: HostFacts): HostFacts => ({
  ...facts,
  startTime: mark(facts.startTime) ?? '',
  bootId: mark(facts.bootId) ?? '',
  pidNamespace: mark(facts.pidNamespace) ?? '',
  host: mark(facts.host) ?? '',
});

/** What is not known stays so. */
const mark = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? text : createHash('sha256').update(text).digest('hex').slice(0, 12);
