import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { becomeProgram } from '../../../tools/children.ts';
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

/** Becomes Python with sandbox/ansible/play.py, which becomes Ansible: still the same process. */
const playReally = (shim: ShimSettings, argv: readonly string[], judgement: object = {}): void =>
  becomeProgram(
    shim.python,
    ['-I', join(shim.ansible, 'play.py'), JSON.stringify({ inspector: shim.inspector, ...judgement }), ...argv],
    { ...environment, ANSIBLE_ACTION_PLUGINS: join(shim.ansible, 'action_plugins') },
  );

/**
 * How to find what the real playbook would stumble over before it touches a machine: syntax, hosts, undefined variables.
 * The joins of one run ask for the same files again: what was found good is remembered by its content.
 */
async function judgementOf(call: PlaybookCall, shim: ShimSettings): Promise<object> {
  const files = [
    ...call.inventories,
    ...call.variables.filter((value) => value.startsWith('@')).map((value) => value.slice(1)),
  ];
  const good = join(shim.folder, 'plays', 'good', await digestOf([call.playbook, ...files], treeOf(call.playbook)));
  if ((await textFiles.read(good)) !== undefined) return {};
  const named = call.inventories.flatMap((inventory) => ['--inventory', inventory]);
  const variables = files.slice(call.inventories.length).flatMap((path) => ['--extra-vars', path]);
  // The inspector reads variables from files; with values on the command line only the syntax can be judged.
  const inline = call.variables.some((value) => !value.startsWith('@'));
  const judge = inline ? [...call.options, '--syntax-check', call.playbook] : [...named, ...variables, call.playbook];
  return { judge, good };
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
  const step = stepOf(call.playbook, environment['PLATFORM_STEP'], environment['PLATFORM_PLAYBOOK_SERVES']);
  const name = [step ?? 'site', ...(call.limit === undefined ? [] : [call.limit])]
    .join('.')
    .replaceAll(/[^\w.-]/g, '_');
  const play = join(shim.folder, 'plays', `${name}.yml`);
  await writeQuick(play, playFor(step, shim.controlApi));
  playReally(shim, [...call.options, play], await judgementOf(call, shim));
}
