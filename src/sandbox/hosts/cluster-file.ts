import { join } from 'node:path';
import { textFiles } from '../../tools/files.ts';
import { foldersIn, writeQuick } from '../../tools/folders.ts';
import { readRecord, runs } from './host.ts';
import type { HostWorld } from './host.ts';

/**
 * Writes the kubeconfig of the cluster that the hosts have become, as kubeadm left it on the disk of a control plane that
 * runs, and answers its path; undefined while there is none. It names the machine's private address, which every
 * certificate of kubeadm holds: the endpoint may be a name that only the VPC knows.
 */
export async function findCluster(world: HostWorld, file: string): Promise<string | undefined> {
  for (const id of (await foldersIn(world.folder)).filter((name) => name.startsWith('i-'))) {
    const host = await readRecord(world, id);
    if (host === undefined || !(await runs(host))) continue;
    const text = await textFiles.read(join(world.folder, id, 'upper', 'etc', 'kubernetes', 'admin.conf'));
    if (text === undefined || text === '') continue;
    const here = text.replace(/(server: https:\/\/)[^:\s]+/, `$1${host.privateAddress}`);
    if ((await textFiles.read(file)) !== here) await writeQuick(file, here);
    return file;
  }
  return undefined;
}
