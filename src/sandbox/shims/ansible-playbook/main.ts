import { join } from 'node:path';
import { becomeProgram, runAside } from '../../../tools/children.ts';
import { textFiles } from '../../../tools/files.ts';
import { writeQuick } from '../../../tools/folders.ts';
import type { ShimSettings } from '../launchers.ts';
import { readPlaybookCall } from './arguments.ts';
import type { PlaybookCall } from './arguments.ts';
import { playFor, stepOf } from './play.ts';

// Stands for ansible-playbook. Usage: main.js SETTINGS [ansible-playbook's own words]
const [, , file = '', ...words] = process.argv;
const environment = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));

/**
 * Node has made our standard streams non-blocking when it started a child; Ansible refuses such streams, and Node has no
 * way back. So Python sets them right and then becomes Ansible: still the same process.
 */
const becomeAnsible = 'import os, sys; [os.set_blocking(stream, True) for stream in (0, 1, 2)]; os.execv(sys.argv[1], sys.argv[1:])';
const playReally = (shim: ShimSettings, argv: readonly string[]): void =>
  becomeProgram(shim.python, ['-I', '-c', becomeAnsible, shim.ansiblePlaybook, ...argv], environment);

/** What the real playbook would stumble over before it touches a machine; undefined when nothing is wrong. */
async function problemOf(call: PlaybookCall, shim: ShimSettings): Promise<{ readonly code: number; readonly output: string } | undefined> {
  const named = call.inventories.flatMap((inventory) => ['--inventory', inventory]);
  const variables = call.variables.filter((value) => value.startsWith('@')).flatMap((value) => ['--extra-vars', value.slice(1)]);
  const limit = call.limit === undefined ? [] : ['--limit', call.limit];
  // Only the real run has the events of the product's plugin.
  const { PLATFORM_ANSIBLE_EVENTS: _, ...quiet } = environment;
  const [syntax, inspection] = await Promise.all([
    runAside([shim.ansiblePlaybook, ...call.options, '--syntax-check', call.playbook], quiet),
    runAside([shim.python, shim.inspector, ...named, ...variables, ...limit, call.playbook], quiet),
  ]);
  if (syntax.code !== 0) return syntax;
  return inspection.code === 1 ? inspection : undefined;
}

const shim = JSON.parse((await textFiles.read(file)) ?? '{}') as ShimSettings;
const call = readPlaybookCall(words);
if (call.looks) {
  playReally(shim, words);
} else {
  const problem = await problemOf(call, shim);
  if (problem === undefined) {
    const step = stepOf(call.playbook, environment['PLATFORM_STEP']);
    const name = [step ?? 'site', ...(call.limit === undefined ? [] : [call.limit])].join('.').replaceAll(/[^\w.-]/g, '_');
    const play = join(shim.folder, 'plays', `${name}.yml`);
    await writeQuick(play, playFor(step, shim.controlApi));
    playReally(shim, [...call.options, play]);
  } else {
    process.stderr.write(`${problem.output}\n`);
    process.exitCode = problem.code === 1 ? 4 : problem.code;
  }
}
