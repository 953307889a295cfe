import { join } from 'node:path';
import { textFiles } from '../../../tools/files.ts';
import { writeQuick } from '../../../tools/folders.ts';
import type { Exit } from '../../../tools/ports.ts';
import { createReadingProcesses } from '../../../tools/process.ts';
import type { ShimSettings } from '../launchers.ts';
import { readPlaybookCall } from './arguments.ts';
import type { PlaybookCall } from './arguments.ts';
import { playFor, stepOf } from './play.ts';

// Stands for ansible-playbook. Usage: main.js SETTINGS [ansible-playbook's own words]
const [, , file = '', ...words] = process.argv;
const environment = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));

/** Becomes the real program: same pid, so that signals and the exit code are its own. */
function become(program: string, argv: readonly string[]): void {
  process.execve?.(program, [program, ...argv], environment);
}

/** What the real playbook would stumble over before it touches a machine; undefined when nothing is wrong. */
async function problemOf(call: PlaybookCall, shim: ShimSettings): Promise<Exit | undefined> {
  const read = createReadingProcesses();
  const common = { cwd: process.cwd(), env: environment };
  const named = call.inventories.flatMap((inventory) => ['--inventory', inventory]);
  const variables = call.variables.filter((value) => value.startsWith('@')).flatMap((value) => ['--extra-vars', value.slice(1)]);
  const limit = call.limit === undefined ? [] : ['--limit', call.limit];
  // Only the real run has the events of the product's plugin.
  const { PLATFORM_ANSIBLE_EVENTS: _, ...quiet } = environment;
  const [syntax, inspection] = await Promise.all([
    read.run({ ...common, env: quiet, tool: 'ansible-playbook', argv: [shim.ansiblePlaybook, ...call.options, '--syntax-check', call.playbook] }),
    read.run({ ...common, env: quiet, tool: 'python3', argv: [shim.python, shim.inspector, ...named, ...variables, ...limit, call.playbook] }),
  ]);
  if (syntax.code !== 0) return syntax;
  return inspection.code === 1 ? inspection : undefined;
}

const shim = JSON.parse((await textFiles.read(file)) ?? '{}') as ShimSettings;
const call = readPlaybookCall(words);
if (call.looks) {
  become(shim.ansiblePlaybook, words);
} else {
  const problem = await problemOf(call, shim);
  if (problem === undefined) {
    const step = stepOf(call.playbook, environment['PLATFORM_STEP']);
    const name = [step ?? 'site', ...(call.limit === undefined ? [] : [call.limit])].join('.').replaceAll(/[^\w.-]/g, '_');
    const play = join(shim.folder, 'plays', `${name}.yml`);
    await writeQuick(play, playFor(step, shim.controlApi));
    become(shim.ansiblePlaybook, [...call.options, play]);
  } else {
    process.stderr.write(`${problem.tail.join('\n')}\n`);
    process.exitCode = problem.code === 1 ? 4 : (problem.code ?? 1);
  }
}
