import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AcquireRequest, AcquireWorld } from '../../../../src/sandbox/control-plane/acquire-types.ts';
import { makeUnfinished, sweepUnfinished } from '../../../../src/sandbox/control-plane/unfinished.ts';
import type { HostFacts } from '../../../../src/tools/ports-engine.ts';
import { programFolders } from '../../../../src/tools/program-folder.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const here: HostFacts = {
  pid: 42,
  startTime: '1000',
  bootId: 'this boot',
  pidNamespace: 'pid:[1]',
  host: 'a-machine.example',
  user: 'me',
};

/** The cache as a process with these facts sees it, on a machine where `living` tells start times by pid. */
function at(cache: string, facts: HostFacts, living: Readonly<Record<number, string>>) {
  const notes: string[] = [];
  const table = { facts: async () => facts, startTimeOf: async (pid: number) => living[pid] };
  const world = { files: programFolders, table } as unknown as AcquireWorld;
  const request = { cache, note: (text: string) => void notes.push(text) } as unknown as AcquireRequest;
  return { notes, make: () => makeUnfinished(world, request), sweep: () => sweepUnfinished(world, request) };
}

test.each<readonly [string, HostFacts, Readonly<Record<number, string>>, boolean]>([
  ['its process lives', here, { 42: '1000' }, true],
  ['its process is dead', here, {}, false],
  ['its pid is that of a later process', here, { 42: '2000' }, false],
  ['the machine was started anew', { ...here, bootId: 'a later boot' }, { 42: '1000' }, false],
  ['another machine made it', { ...here, host: 'another', bootId: 'another' }, {}, true],
  ['another container made it', { ...here, pidNamespace: 'pid:[2]' }, {}, true],
])('an unfinished folder: %s', async (_, seenFrom, living, stays) => {
  const cache = join(temporaryFolder(), 'cache');
  const folder = await at(cache, here, {}).make();
  writeFileSync(join(folder, 'half'), 'a half-written program');
  const later = at(cache, { ...seenFrom, pid: 43 }, living);
  await later.sweep();
  expect(existsSync(folder)).toBe(stays);
  expect(later.notes).toHaveLength(stays ? 0 : 1);
});

test('leaves alone what it cannot read, and what is finished', async () => {
  const cache = temporaryFolder();
  for (const name of ['.unfinished-x1Y2z3', 'b1946ac92492d234', '.unfinished-1.2.3-']) mkdirSync(join(cache, name));
  await at(cache, here, {}).sweep();
  expect(readdirSync(cache)).toHaveLength(3);
});

test('there may be no cache yet', async () => {
  await expect(at(join(temporaryFolder(), 'none'), here, {}).sweep()).resolves.toBeUndefined();
});
