import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ended } from '../e2e/support/project.ts';
import { keyOf } from './wire-truth.ts';
import type { WireWorld } from './wire-world.ts';

/** For people who look at a world: everything that stood in it, was said, and was asked of AWS. Without a folder nothing is written. */
export async function writeTrace(
  folder: string | undefined,
  part: string,
  world: WireWorld,
  ended: Ended,
): Promise<void> {
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  const { account, since, before, truths, story, seed } = world;
  const write = (what: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, `${seed}${part}.${what}`), `${lines.join('\n')}\n`);
  write('story', [...story, `exit ${ended.code}`]);
  write(
    'before',
    before.resources
      .filter((one) => !one.default)
      .map((one) => `${truths.get(keyOf(one)) ?? ''} ${JSON.stringify(one)}`),
  );
  write('said', [ended.stdout, ended.stderr]);
  write(
    'calls',
    (await account.calls(since)).map(({ n, agent, service, action, write: isWrite, status, code = '', parameters }) =>
      [n, /Terraform/.test(agent) ? 'terraform' : 'platform', service, action, isWrite ? 'W' : '', status, code]
        .concat(isWrite ? JSON.stringify(parameters) : '')
        .join(' '),
    ),
  );
}
