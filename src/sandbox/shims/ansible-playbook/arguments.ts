/** An ansible-playbook command line. */
export interface PlaybookCall {
  readonly playbook: string;
  readonly inventories: readonly string[];
  /** Values of --extra-vars. */
  readonly variables: readonly string[];
  readonly limit: string | undefined;
  /** Only looks: goes to the real program as it is. */
  readonly looks: boolean;
  /** All words but the playbook. */
  readonly options: readonly string[];
}

const looking = new Set(['--syntax-check', '--list-hosts', '--list-tasks', '--list-tags', '--version', '-h', '--help']);
/** Options of ansible-playbook 2.19 that take a value. */
const valued = new Set(
  [
    '-i --inventory --inventory-file',
    '-e --extra-vars',
    '-l --limit',
    '-t --tags',
    '--skip-tags',
    '--start-at-task',
    '-f --forks',
  ]
    .concat([
      '-u --user',
      '-c --connection',
      '-T --timeout',
      '-M --module-path',
      '--private-key --key-file',
      '--vault-id',
    ])
    .concat([
      '--vault-password-file --vault-pass-file',
      '--become-method',
      '--become-user',
      '--ssh-common-args',
      '--ssh-extra-args',
    ])
    .concat(['--scp-extra-args', '--sftp-extra-args', '--become-password-file --become-pass-file'])
    .concat(['--connection-password-file --conn-pass-file'])
    .flatMap((names) => names.split(' ')),
);

/** Reads the words after `ansible-playbook`. A call without exactly one playbook only looks: the real program says what is wrong. */
export function readPlaybookCall(words: readonly string[]): PlaybookCall {
  const found = { inventories: [] as string[], variables: [] as string[], limit: undefined as string | undefined };
  const playbooks: string[] = [];
  const options: string[] = [];
  let looks = false;
  const rest = [...words];
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    const [name, joined] = word.startsWith('--') ? splitOnce(word) : [word, undefined];
    if (!word.startsWith('-')) {
      playbooks.push(word);
    } else if (valued.has(name)) {
      const value = joined ?? rest.shift() ?? '';
      options.push(name, value);
      if (name === '-i' || name.startsWith('--inventory')) found.inventories.push(value);
      if (name === '-e' || name === '--extra-vars') found.variables.push(value);
      if (name === '-l' || name === '--limit') found.limit = value;
    } else {
      looks ||= looking.has(word);
      options.push(word);
    }
  }
  const [playbook = ''] = playbooks;
  return { ...found, playbook, options, looks: looks || playbooks.length !== 1 };
}

function splitOnce(word: string): readonly [string, string | undefined] {
  const at = word.indexOf('=');
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
