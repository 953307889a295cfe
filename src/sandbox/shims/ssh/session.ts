import { textFiles } from '../../../tools/files.ts';
import { pinnedKeys } from '../../../tools/known-hosts.ts';
import type { CommandResult } from '../../machines/commands.ts';
import type { SshCall } from './arguments.ts';
import { askSandbox } from './connection.ts';

/** ssh's own exit code: no connection. The texts are OpenSSH 9.6's. */
const noConnection = (...lines: readonly string[]): CommandResult => ({
  code: 255,
  stdout: '',
  stderr: lines.map((line) => `${line}\r\n`).join(''),
});

/** Checks key, machine and host key as ssh would; undefined when the connection stands. */
export async function refusal(call: SshCall, controlApi: string): Promise<CommandResult | undefined> {
  const port = call.options['port'] ?? '22';
  if (call.identity !== undefined && (await textFiles.read(call.identity).catch(() => undefined)) === undefined)
    return noConnection(
      `no such identity: ${call.identity}: No such file or directory`,
      `${call.user}@${call.host}: Permission denied (publickey).`,
    );
  const answer = await askSandbox<{ open: boolean; because?: string; hostKey?: string }>(
    `${controlApi}/machines/host-key?address=${encodeURIComponent(call.host)}`,
  );
  if (!answer.open)
    return noConnection(
      `ssh: connect to host ${call.host} port ${port}: Connection ${answer.because === 'refused' ? 'refused' : 'timed out'}`,
    );
  return hostKeyProblem(call, answer.hostKey ?? '');
}

async function hostKeyProblem(call: SshCall, shown: string): Promise<CommandResult | undefined> {
  if ((call.options['stricthostkeychecking'] ?? 'ask') === 'no') return undefined;
  const file = call.options['userknownhostsfile'] ?? '';
  const name = call.options['hostkeyalias'] ?? call.host;
  const pinned = pinnedKeys((await textFiles.read(file)) ?? '', name);
  if (pinned.includes(shown)) return undefined;
  const type = 'ED25519';
  if (pinned.length === 0)
    return noConnection(
      `No ${type} host key is known for ${name} and you have requested strict checking.`,
      'Host key verification failed.',
    );
  const frame = '@'.repeat(59);
  return noConnection(
    frame,
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @',
    frame,
    'IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!',
    'Someone could be eavesdropping on you right now (man-in-the-middle attack)!',
    'It is also possible that a host key has just been changed.',
    `Offending ${type} key in ${file}`,
    `Host key for ${name} has changed and you have requested strict checking.`,
    'Host key verification failed.',
  );
}

/** Runs the command on the simulated machine. */
export const runRemotely = (call: SshCall, controlApi: string): Promise<CommandResult> =>
  askSandbox(`${controlApi}/machines/run`, { address: call.host, user: call.user, command: call.command });
