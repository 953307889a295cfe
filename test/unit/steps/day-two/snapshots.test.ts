import { expect, test } from 'vitest';
import { chooseSnapshot, listSnapshots, snapshotEntry } from '../../../../src/steps/day-two/snapshots.ts';
import { madeOfEtcd } from '../../../../src/steps/teardown/backups.ts';

const key = (name: string): string => `shop-dev-abcde/etcd/${name}.db`;
const stored = { bucket: 'data', key: key('b'), bytes: 42, sha256: 'ff', revision: 7, keys: 3 };
const entry = snapshotEntry(stored, { canary: 'word', uid: 'uid', at: 1000 });
const aws = {
  objects: async (_bucket: string, prefix: string) =>
    [
      { key: key('a'), bytes: 40, changed: 1 },
      { key: key('b'), bytes: 42, changed: 3 },
      { key: key('c'), bytes: 41, changed: 2 },
      { key: 'shop-dev-abcde/etcd/note.txt', bytes: 1, changed: 9 },
    ].filter((one) => one.key.startsWith(prefix)),
};
const place = { bucket: 'data', clusterId: 'shop-dev-abcde' };

test('snapshots are listed newest first, with what was recorded of those that were asked for', async () => {
  const found = await listSnapshots(aws, [entry], place);
  expect(found.map(({ name }) => name)).toEqual(['b.db', 'c.db', 'a.db']);
  expect(found[0]?.record).toEqual({ sha256: 'ff', revision: 7, keys: 3, canary: 'word', uid: 'uid' });
  expect(found[1]?.record).toBeUndefined();
  expect(await listSnapshots(aws, [], { ...place, clusterId: 'other' })).toEqual([]);
});

test('one is chosen by its name, without its ending, by its address, or as the newest', async () => {
  const found = await listSnapshots(aws, [], place);
  const choose = (word?: string) => chooseSnapshot(found, word, () => 'c.db').name;
  expect([choose(), choose('a.db'), choose('a'), choose(`s3://data/${key('c')}`)]).toEqual([
    'b.db',
    'a.db',
    'a.db',
    'c.db',
  ]);
  expect(() => choose('d')).toThrow(
    expect.objectContaining({ code: 'USAGE', next: expect.arrayContaining(['did you mean c.db?']) }),
  );
  expect(() => chooseSnapshot([], undefined, () => undefined)).toThrow(
    expect.objectContaining({ code: 'NEEDS_NOT_MET' }),
  );
});

test('a snapshot that was asked for is not the last one of a teardown', () => {
  expect(madeOfEtcd([entry], 1001)).toBeUndefined();
});
