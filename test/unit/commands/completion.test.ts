import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { describeCommand, describeProgram } from '../../../src/cli.ts';
import { completion } from '../../../src/commands/completion.ts';
import type { Host } from '../../../src/host.ts';

const stream = { isTTY: false, columns: 0, write: () => undefined };
const program = { version: '0', stdout: stream, stderr: stream } as unknown as Host;

async function scriptFor(shell: string): Promise<string> {
  let printed = '';
  const host = { ...program, stdout: { ...stream, write: (text: string) => void (printed += text) } };
  await completion(host, { described: describeCommand(describeProgram(program)) }, shell);
  return printed;
}

const run = (shell: string, script: string) => spawnSync(shell, ['-c', script], { encoding: 'utf8' });

describe('bash', () => {
  test.each([
    [['platform', 'sand'], ['sandbox']],
    [
      ['platform', 'sandbox', ''],
      ['up', 'down', 'status'],
    ],
    [['platform', 'up', '--par'], ['--parallel']],
    [['platform', 'logs', 'infrastructure', '--ru'], ['--run']],
  ])('%j -> %j', async (words, expected) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const { stdout, stderr } = run(
      'bash',
      `${await scriptFor('bash')}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _platform; printf '%s\\n' "\${COMPREPLY[@]}"`,
    );
    expect(stderr).toBe('');
    expect(
      stdout
        .trim()
        .split('\n')
        .filter((word) => !word.startsWith('--') || expected.includes(word)),
    ).toEqual(expected);
  });
});

test.each(['zsh', 'fish'])('%s knows every command and its summary', async (shell) => {
  const script = await scriptFor(shell);
  for (const { name, summary } of describeCommand(describeProgram(program)).commands) {
    expect(script).toContain(name);
    expect(script).toContain(summary.replaceAll("'", `'\\''`));
  }
});

test('an unknown shell is a usage error that names the known ones', async () => {
  await expect(scriptFor('tcsh')).rejects.toMatchObject({ code: 'USAGE', next: ['one of: bash, zsh, fish'] });
});
