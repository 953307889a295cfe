import type { Machine } from './ports.ts';
import { sshArguments } from './ssh.ts';

/**
 * The command line of a login by a person, with the policy of every other connection of ours: the key of the configuration, pinned host keys and
 * nothing of the user's own ssh_config. Without words it is a shell; with words they go to the remote shell as ssh(1) itself sends them, and
 * `terminal` asks for a terminal also then.
 */
export function loginCommand(
  program: string,
  machine: Machine,
  knownHosts: string,
  { words, terminal }: { readonly words: readonly string[]; readonly terminal: boolean },
): readonly string[] {
  // -T is for programs: without it ssh asks for a terminal when it has one itself and is given no command.
  const policy = sshArguments(machine, knownHosts).filter((word) => word !== '-T' && word !== '--');
  return [program, ...(terminal ? ['-t'] : []), ...policy, ...(words.length === 0 ? [] : ['--', ...words])];
}

/** A command line that a POSIX shell reads back as exactly these words. */
export const shellLine = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
