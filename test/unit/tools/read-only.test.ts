import { expect, test } from 'vitest';
import { readOnly } from '../../../src/tools/read-only.ts';
import type { WriteWorld } from '../../../src/tools/ports-world.ts';

const answer = async (): Promise<string> => 'answer';
const port = { get: answer, remove: answer, pin: answer, makeBucket: answer, write: answer };
const world = {
  terraform: port,
  ansible: port,
  helm: port,
  aws: port,
  ssh: port,
  ledger: port,
  files: port,
  cluster: async () => port,
} as unknown as WriteWorld;

test('reading goes through, writing is a bug of ours', async () => {
  const guarded = readOnly(world);
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
