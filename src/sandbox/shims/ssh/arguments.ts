/** An ssh command line, as far as it matters for a simulated connection. */
export interface SshCall {
  readonly host: string;
  readonly user: string;
  /** Options of -o, names in lower case, values without quotes. */
  readonly options: Readonly<Record<string, string>>;
  readonly identity: string | undefined;
  /** -L: where to listen on loopback, and the port to reach on the other side. */
  readonly forwards: readonly { readonly listen: number; readonly host: string; readonly port: number }[];
  /** -N: no command, only forwards. */
  readonly silent: boolean;
  readonly command: string;
}

/** Flags of ssh(1) that take a value. */
const valued = 'BbcDEeFIiJLlmOopQRSWw';

/** Reads the words after `ssh`; undefined when there is no host. */
export function readSshCall(words: readonly string[]): SshCall | undefined {
  const options: Record<string, string> = {};
  const forwards: { listen: number; host: string; port: number }[] = [];
  let user = '';
  let silent = false;
  const rest = [...words];
  const plain: string[] = [];
  while (rest.length > 0 && plain.length === 0) {
    const word = rest.shift() ?? '';
    if (word === '--') {
      plain.push(...rest.splice(0));
    } else if (word.startsWith('-') && word.length > 1) {
      const flag = word[1] ?? '';
      if (!valued.includes(flag)) {
        silent ||= word.includes('N');
        continue;
      }
      const value = word.length > 2 ? word.slice(2) : (rest.shift() ?? '');
      if (flag === 'l') user = value;
      else if (flag === 'i') options['identityfile'] = value;
      else if (flag === 'p') options['port'] = value;
      else if (flag === 'o') setOption(options, value);
      else if (flag === 'L') forwards.push(...forward(value));
    } else {
      plain.push(word);
    }
  }
  const [target, ...before] = plain;
  if (target === undefined) return undefined;
  const command = [...before, ...(rest[0] === '--' && before.length === 0 ? rest.slice(1) : rest)].join(' ');
  const [host = '', named] = target.split('@').toReversed();
  return {
    host,
    user: named ?? (user || options['user'] || ''),
    options,
    identity: options['identityfile'],
    forwards,
    silent,
    command,
  };
}

function setOption(options: Record<string, string>, text: string): void {
  const [, name = '', value = ''] = /^\s*([A-Za-z]+)\s*[=\s]\s*(.*)$/.exec(text) ?? [];
  options[name.toLowerCase()] ??= value
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .replaceAll('%%', '%');
}

/** `[bind:]port:host:port` */
function forward(text: string): readonly { listen: number; host: string; port: number }[] {
  const [, listen, host, port] = /^(?:[^:]*:)?(\d+):([^:]+):(\d+)$/.exec(text) ?? [];
  return listen === undefined || host === undefined || port === undefined
    ? []
    : [{ listen: Number(listen), host, port: Number(port) }];
}
