import { PlatformError } from '../../errors.ts';
import type { Exit, Play, PlaybookInspection } from '../ports.ts';

interface Inspected {
  readonly error?: string;
  readonly plays?: readonly {
    readonly name: string;
    readonly hosts: readonly string[];
    readonly tasks: readonly { readonly name: string; readonly action: string }[];
  }[];
  readonly undefined?: readonly {
    readonly file: string;
    readonly line: number;
    readonly task: string;
    readonly variable: string;
  }[];
}

/** Reads the document that ansible/checks/undefined_variables.py prints; CONTRACT_BROKEN when the playbook could not be inspected. */
export function readInspection(play: Play, exit: Exit): PlaybookInspection {
  let found: Inspected;
  try {
    found = JSON.parse(exit.stdout) as Inspected;
  } catch (cause) {
    const words = exit.tail.findLast((line) => line.trim() !== '') ?? 'it said nothing';
    throw new PlatformError('TOOL_FAILED', {
      message: `the variables of ${play.playbook} could not be inspected: ${words}`,
      next: ['check that the Python in platform.yaml (tools.python) is the one that has ansible-core: platform doctor'],
      facts: { playbook: play.playbook },
      cause,
    });
  }
  if (found.error !== undefined) {
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `${play.playbook} cannot be read: ${found.error.split('\n')[0] ?? ''}`,
      next: [`correct ${play.playbook} or what it includes`],
      facts: { playbook: play.playbook },
    });
  }
  return {
    plays: (found.plays ?? []).map(({ name, hosts, tasks }) => ({
      name,
      hosts,
      tasks: tasks.map((task) => task.name || task.action),
    })),
    undefinedVariables: (found.undefined ?? []).map(({ file, line, task, variable }) => ({
      file,
      line,
      task,
      variable,
    })),
  };
}
