import { expect, test } from 'vitest';
import { etcdBackup } from '../../../src/steps/build/etcd-backup.ts';
import { exampleConfig } from '../../helpers/configuration.ts';
import { fakeWorld, specOf } from '../../helpers/fake-world.ts';

const up = { inventory: { hosts: { 'k8s-master': { address: '203.0.113.9' } } } };

/** What a machine answers: the state of the timer, and the outcome of its last backup. */
async function checked(timer: string, outcome: string | undefined, config = exampleConfig()) {
  const ssh = {
    run: async (_: unknown, words: readonly string[]) => {
      const stdout = words.includes('systemctl') ? `${timer}\n` : (outcome ?? '');
      const code = stdout === '' ? 1 : 0;
      return { code, signal: null, tail: [], stdout, log: '' };
    },
  };
  return await specOf(etcdBackup).check(fakeWorld({ ssh }, config).context, up as never);
}

test('a timer is no backup: the first one must have arrived, or a machine that leads must be there beside this one', async () => {
  expect(await checked('inactive', undefined)).toMatchObject({
    state: 'needed',
    because: 'platform-etcd-backup.timer is inactive',
  });
  expect(await checked('active', undefined)).toMatchObject({
    state: 'needed',
    because: 'platform-etcd-backup.timer is active, but no backup has been made yet',
  });
  expect(await checked('active', '{"status": "stored", "key": "a.db"}')).toMatchObject({ state: 'satisfied' });
  expect(await checked('active', '{"status": "not-leader"}')).toMatchObject({ state: 'satisfied' });
});

test("a user's own tree is not asked for what only our role writes down", async () => {
  const base = exampleConfig();
  const config = { ...base, ansible: { ...base.ansible, dir: '/own' } };
  expect(await checked('active', undefined, config)).toMatchObject({ state: 'satisfied' });
});
