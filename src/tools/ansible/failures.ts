import { PlatformError } from '../../errors.ts';
import type { Exit, Play } from '../ports.ts';
import { firstLine, type PlayRecord } from './progress.ts';

/** Words of package mirrors, name servers and package locks that pass by themselves. */
const passing =
  /temporary failure|could not get lock|unable to acquire the dpkg|timed out|timeout|connection (?:refused|reset)|failed to fetch|hash sum mismatch|try again|503|429/i;

/** The exit code of ansible-playbook after SIGINT (measured with ansible-core 2.19). */
const interruptedCode = 99;

/** Why a playbook did not come to a good end: the first failing task and machine, and what to do. */
export function explainPlay(play: Play, exit: Exit, record: PlayRecord): PlatformError {
  const name = play.playbook.split('/').at(-1) ?? play.playbook;
  const facts = { tool: 'ansible-playbook', playbook: play.playbook, ...(exit.log === '' ? {} : { log: exit.log }) };
  const log = exit.log === '' ? [] : [`the whole log: ${exit.log}`];
  if (exit.code === null || exit.code === interruptedCode) {
    return new PlatformError('INTERRUPTED', {
      message: `the playbook ${name} was interrupted${exit.signal === null ? '' : ` by ${exit.signal}`}`,
      next: ['run the same command again: its tasks may run twice'],
      facts,
    });
  }
  const failure = record.firstFailure();
  if (failure === undefined) {
    return new PlatformError('TOOL_FAILED', {
      message: `the playbook ${name} ended with code ${exit.code}: ${lastWords(exit)}`,
      next: log.length === 0 ? ['run the same command again'] : log,
      facts,
    });
  }
  const { host, task, path, role, msg } = failure;
  const [file = path, line] = path.split(/:(?=\d+$)/);
  const said = msg === null ? 'it says no more (no_log)' : firstLine(msg);
  const details = {
    ...facts,
    host,
    task,
    file,
    ...(line === undefined ? {} : { line: Number(line) }),
    ...(role === null ? {} : { role }),
  };
  if (failure.status === 'unreachable') {
    return new PlatformError('UNREACHABLE', {
      message: `${host} could not be reached for "${task}": ${said}`,
      class: 'transient',
      next: [`platform doctor checks SSH to ${host}`, 'run the same command again', ...log],
      facts: details,
    });
  }
  return new PlatformError('STEP_FAILED', {
    message: `${host}: "${task}" failed: ${said}`,
    class: passing.test(msg ?? '') ? 'transient' : 'permanent',
    next: [`the task is in ${path}`, ...log],
    facts: details,
  });
}

/** A playbook that Ansible cannot read, as CONTRACT_BROKEN with file and line. */
export function explainSyntax(play: Play, exit: Exit): PlatformError {
  const text = exit.tail.join('\n');
  // ansible-core 2.19 says "Origin: FILE:LINE:COLUMN", earlier ones "The error appears to be in 'FILE': line N".
  const place =
    /Origin: (\/[^\n]*?):(\d+)(?::\d+)?$/m.exec(text) ?? /appears to be in '([^']+)': line (\d+)/.exec(text);
  const file = place?.[1] ?? play.playbook;
  const line = place === null ? undefined : Number(place[2]);
  return new PlatformError('CONTRACT_BROKEN', {
    message: `${play.playbook} cannot be read: ${lastWords(exit)}`,
    next: [`correct ${file}${line === undefined ? '' : ` line ${line}`}`],
    facts: { playbook: play.playbook, file, ...(line === undefined ? {} : { line }) },
  });
}

function lastWords({ tail }: Exit): string {
  const errors = tail.filter((line) => /^\s*(?:\[?ERROR[\]!:]|fatal:)/.test(line));
  const words = errors[0] ?? tail.findLast((line) => line.trim() !== '') ?? 'it said nothing';
  return words.replace(/^\s*\[?ERROR[\]!:]*:?\s*/, '').trim();
}
