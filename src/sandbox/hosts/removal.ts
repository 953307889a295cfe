import { join } from 'node:path';
import { namesOf } from './names.ts';
import { run, succeeds } from './shell.ts';

/** Folder of all hosts of a sandbox. */
export const hostsFolder = (sandbox: string): string => join(sandbox, 'hosts');

/**
 * Removes all hosts of a sandbox, their namespaces, links, rules and cgroups, by name: also what nobody remembers, because
 * everything was killed. Fine when there is nothing, and on a machine that cannot have hosts.
 */
export async function removeHosts(sandbox: string, program: string): Promise<void> {
  const folder = hostsFolder(sandbox);
  if (!(await mayExist(folder, sandbox))) return;
  await succeeds('sh', '-c', 'rm -f "$1"/*/wanted', 'sh', folder);
  await run('sh', join(program, 'sandbox', 'hosts', 'erase.sh'), namesOf(sandbox).key);
  // The guard ends with its mark; the disks may be large.
  await run('rm', '-rf', '--one-file-system', folder);
}

/** A folder that is gone says nothing: the kernel is asked, too. */
const mayExist = async (folder: string, sandbox: string): Promise<boolean> =>
  (await succeeds('test', '-d', folder)) ||
  (await succeeds('sh', '-c', 'ip netns list | grep -q "^platform-$1-"', 'sh', namesOf(sandbox).key));
