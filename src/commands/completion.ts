import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { CommandDescription } from './description.ts';

/** Prints a completion script for one shell, made from the same description as the help texts. */
export async function completion(
  host: Host,
  options: { readonly described: CommandDescription },
  shell: string,
): Promise<number> {
  const script = shells[shell];
  if (script === undefined)
    throw new PlatformError('USAGE', {
      message: `there is no completion for ${shell}`,
      next: [`one of: ${Object.keys(shells).join(', ')}`],
    });
  host.stdout.write(script(pathsOf(options.described)));
  return 0;
}

/** What may follow a command path: `sandbox` -> up, down, status; `sandbox up` -> its flags. */
interface CompletionPath {
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly summary: string }[];
}

function pathsOf(command: CommandDescription, path = ''): readonly CompletionPath[] {
  const words = [
    ...command.commands.map(({ name, summary }) => ({ word: name, summary })),
    ...command.options.flatMap(({ long, summary }) => (long === '' ? [] : [{ word: long, summary }])),
  ];
  return [{ path, words }, ...command.commands.flatMap((child) => pathsOf(child, `${path} ${child.name}`.trim()))];
}

const shells: Readonly<Record<string, (paths: readonly CompletionPath[]) => string>> = {
  bash: (paths) => `# bash completion for platform
_platform() {
  local path="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  local words=""
  while :; do
    case "$path" in
${paths.map(({ path, words }) => `      ${quote(path)}) words=${quote(words.map(({ word }) => word).join(' '))}; break ;;`).join('\n')}
      *' '*) path="\${path% *}" ;;
      *) path="" ;;
    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _platform platform
`,
  zsh: (paths) => `#compdef platform
_platform() {
  local path="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  local -a found
  while :; do
    case "$path" in
${paths.map(({ path, words }) => `      ${quote(path)}) found=(${words.map(({ word, summary }) => quote(`${word}:${summary}`)).join(' ')}); break ;;`).join('\n')}
      *' '*) path="\${path% *}" ;;
      *) path="" ;;
    esac
  done
  _describe platform found
}
compdef _platform platform
`,
  fish: (paths) =>
    `# fish completion for platform\ncomplete -c platform -f\n${paths
      .flatMap(({ path, words }) => {
        const names = path.split(' ').filter((name) => name !== '');
        const deeper = words.filter(({ word }) => !word.startsWith('-')).map(({ word }) => word);
        const condition = [
          ...(names.length === 0
            ? ['__fish_use_subcommand']
            : names.map((name) => `__fish_seen_subcommand_from ${name}`)),
          ...(names.length > 0 && deeper.length > 0 ? [`not __fish_seen_subcommand_from ${deeper.join(' ')}`] : []),
        ].join('; and ');
        return words.map(({ word, summary }) =>
          word.startsWith('--')
            ? `complete -c platform -n ${quote(condition)} -l ${word.slice(2)} -d ${quote(summary)}`
            : `complete -c platform -n ${quote(condition)} -a ${word} -d ${quote(summary)}`,
        );
      })
      .join('\n')}\n`,
};

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
