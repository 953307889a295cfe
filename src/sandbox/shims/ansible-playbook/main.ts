import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { becomeProgram, runAside } from '../../../tools/children.ts';
import { textFiles } from '../../../tools/files.ts';
import { fileMarks, writeQuick } from '../../../tools/folders.ts';
import type { ShimSettings } from '../launchers.ts';
import { readPlaybookCall } from './arguments.ts';
import type { PlaybookCall } from './arguments.ts';
import { playFor, stepOf } from './play.ts';

// Stands for ansible-playbook. Usage: main.js SETTINGS [ansible-playbook's own words]
const [, , file = '', ...words] = process.argv;
const environment = Object.fromEntries(
  Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
);

/**
 * Node has made our standard streams non-blocking when it started a child; Ansible refuses such streams, and Node has no
 * way back. So Python sets them right and then becomes Ansible: still the same process.
 */
const becomeAnsible =
  'import os, sys; [os.set_blocking(stream, True) for stream in (0, 1, 2)]; os.execv(sys.argv[1], sys.argv[1:])';
const playReally = (shim: ShimSettings, argv: readonly string[]): void =>
  becomeProgram(shim.python, ['-I', '-c', becomeAnsible, shim.ansiblePlaybook, ...argv], environment);

/**
 * What the real playbook would stumble over before it touches a machine: syntax, hosts, undefined variables; undefined when
 * nothing is wrong. The joins of one run ask for the same files again: what was found good is remembered by its content.
 */
async function problemOf(
  call: PlaybookCall,
  shim: ShimSettings,
): Promise<{ readonly code: number; readonly output: string } | undefined> {
  const files = [
    ...call.inventories,
    ...call.variables.filter((value) => value.startsWith('@')).map((value) => value.slice(1)),
  ];
  const good = join(shim.folder, 'plays', 'good', await digestOf([call.playbook, ...files], treeOf(call.playbook)));
  if ((await textFiles.read(good)) !== undefined) return undefined;
  const named = call.inventories.flatMap((inventory) => ['--inventory', inventory]);
  const variables = files.slice(call.inventories.length).flatMap((path) => ['--extra-vars', path]);
  // Only the real run has the events of the product's plugin.
  const { PLATFORM_ANSIBLE_EVENTS: _, ...quiet } = environment;
  // The inspector reads variables from files; with values on the command line only the syntax can be judged.
  const inline = call.variables.some((value) => !value.startsWith('@'));
  const judge = inline
    ? [shim.ansiblePlaybook, ...call.options, '--syntax-check', call.playbook]
    : [shim.python, shim.inspector, ...named, ...variables, call.playbook];
  const inspection = await runAside(judge, quiet);
  if (inspection.code !== 0) return inspection;
  await writeQuick(good, '');
  return undefined;
}

/** Roles lie beside a folder `playbooks`, or beside the playbook. */
function treeOf(playbook: string): string {
  const folder = dirname(playbook);
  return basename(folder) === 'playbooks' ? dirname(folder) : folder;
}

/** Changes with every one of the files, and with every file of the tree. */
async function digestOf(paths: readonly string[], tree: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\0${(await textFiles.read(path)) ?? ''}\0`);
  for (const mark of await fileMarks(tree)) hash.update(`${mark}\0`);
  return hash.digest('hex').slice(0, 20);
}

const shim = JSON.parse((await textFiles.read(file)) ?? '{}') as ShimSettings;
const call = readPlaybookCall(words);
if (call.looks) {
  playReally(shim, words);
} else {
  const problem = await problemOf(call, shim);
  if (problem === undefined) {
    const step = stepOf(call.playbook, environment['PLATFORM_STEP'], environment['PLATFORM_PLAYBOOK_SERVES']);
    const name = [step ?? 'site', ...(call.limit === undefined ? [] : [call.limit])]
      .join('.')
      .replaceAll(/[^\w.-]/g, '_');
    const play = join(shim.folder, 'plays', `${name}.yml`);
    await writeQuick(play, playFor(step, shim.controlApi));
    playReally(shim, [...call.options, play]);
  } else {
    process.stderr.write(`${problem.output}\n`);
    // 4 is ansible-playbook's own code for what its parser refuses.
    process.exitCode = 4;
  }
}
