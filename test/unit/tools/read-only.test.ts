import { expect, test } from 'vitest';
import { readOnlyWorld } from '../../../src/tools/read-only.ts';
import type { WriteWorld } from '../../../src/tools/ports-world.ts';

const answers = new Proxy(
  {},
  {
    get: () => async () => 'answer',
    ownKeys: () => ['get', 'apply', 'pin', 'run'],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  },
);
const world = {
  terraform: answers,
  ansible: answers,
  helm: answers,
  aws: answers,
  ssh: answers,
  ledger: answers,
  files: answers,
  cluster: async () => answers,
} as unknown as WriteWorld;

test('reading goes through, writing is a bug of ours', async () => {
  const guarded = readOnlyWorld(world) as WriteWorld;
  const reference = { apiVersion: 'v1', kind: 'Pod', name: 'x' };
  expect(await (await guarded.cluster()).get(reference)).toBe('answer');
  await expect((await guarded.cluster()).remove(reference)).rejects.toMatchObject({
    code: 'BUG',
    facts: { port: 'cluster', method: 'remove' },
  });
  await expect(guarded.ssh.pin('10.0.0.1', [])).rejects.toMatchObject({
    code: 'BUG',
    message: 'ssh.pin was called where nothing may be written',
  });
  await expect(guarded.aws.makeBucket('x', {})).rejects.toMatchObject({ code: 'BUG' });
  await expect(guarded.files.write('x', '')).rejects.toMatchObject({ code: 'BUG' });
});
