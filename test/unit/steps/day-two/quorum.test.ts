import { expect, test } from 'vitest';
import { membersBy, refusalToLeave } from '../../../../src/steps/day-two/quorum.ts';
import { exitOf } from '../../../helpers/day-two-world.ts';

const members = (...healthy: readonly boolean[]) =>
  healthy.map((one, index) => ({ name: `m${index + 1}`, healthy: one }));

test.each([
  [[true, true, true], undefined],
  [[true, true], undefined],
  // The one that leaves is the sick one: the rest agree, and are a quorum.
  [[false, true, true], undefined],
  [
    [true, false, true],
    'etcd has 3 members, 2 of them healthy; without m1 1 of 2 would be healthy, and 2 are a quorum',
  ],
  [[true, false, false], 'etcd has 3 members, 1 of them healthy; 2 must agree before anyone may leave'],
  [[false, true], 'etcd has 2 members, 1 of them healthy; 2 must agree before anyone may leave'],
  [[true], 'etcd has 1 members, 1 of them healthy: without m1 there is no cluster'],
  [[false, true, true, true, true], undefined],
  [
    [true, false, true, true, false],
    'etcd has 5 members, 3 of them healthy; without m1 2 of 4 would be healthy, and 3 are a quorum',
  ],
])('m1 of %j', (healthy, because) => {
  expect(refusalToLeave(members(...healthy), 'm1')).toBe(because);
});

test('members are asked on a machine that stays, also when one of them makes etcdctl end with 1', async () => {
  const urls = ['https://10.0.1.10:2379', 'https://10.0.1.11:2379'];
  const ssh = {
    run: async (_: unknown, argv: readonly string[]) => {
      const words = argv.join(' ');
      if (words.includes('crictl ps')) return exitOf(0, 'c1\n');
      if (words.includes('member list'))
        return exitOf(
          0,
          JSON.stringify({ members: urls.map((url, index) => ({ name: `m${index}`, clientURLs: [url] })) }),
        );
      return exitOf(1, JSON.stringify(urls.map((endpoint, index) => ({ endpoint, health: index === 0 }))));
    },
  };
  const machine = { name: 'm0', address: 'a', user: 'u', key: 'k' };
  expect(await membersBy(ssh, machine, new AbortController().signal)).toEqual([
    { name: 'm0', healthy: true },
    { name: 'm1', healthy: false },
  ]);
  const dead = { run: async () => exitOf(1) };
  await expect(membersBy(dead, machine, new AbortController().signal)).rejects.toMatchObject({ code: 'UNHEALTHY' });
});
