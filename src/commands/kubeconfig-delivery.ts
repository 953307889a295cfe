import { isAbsolute, join } from 'node:path';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Access } from '../tools/kubeconfig-file.ts';
import type { Environment } from './environment.ts';

interface Delivery {
  readonly entry: Access;
  readonly groups: readonly string[];
  /** Name of the certificate request, under which the cluster shows it. */
  readonly request: string;
}

interface Where {
  readonly json?: boolean;
  readonly out?: string;
  readonly merge?: boolean;
}

type Names = Pick<Access, 'context' | 'user' | 'clusterId'>;

/** Refuses a place that holds something of others, before anything is asked of the cluster. */
export async function refuseTaken(host: Host, { files }: Environment, where: Where, names: Names): Promise<void> {
  const { isOnlyOurs, mergedKubeconfig } = await import('../tools/kubeconfig-file.ts');
  const file = fileOf(host, where);
  const text = file === undefined ? undefined : await files.read(file);
  if (file === undefined || text === undefined || text.trim() === '') return;
  if (where.merge === true) {
    const { Secret } = await import('../tools/ports.ts');
    mergedKubeconfig(
      text,
      { ...names, server: '', authority: '', certificate: '', key: new Secret(''), expires: '' },
      file,
    );
    return;
  }
  if (isOnlyOurs(text, names.clusterId)) return;
  throw new PlatformError('FOREIGN', {
    message: `${file} is there and holds something else; nothing was written`,
    next: ['name another file', 'or merge into your own kubeconfig: --merge'],
    facts: { file },
  });
}

/** Puts an access where it was asked for: into a file of its own, into the user's kubeconfig, or on stdout. */
export async function deliver(
  host: Host,
  { config, files, clock }: Environment,
  where: Where,
  { entry, groups, request }: Delivery,
): Promise<void> {
  const { kubeconfigOf } = await import('../tools/kubeconfig-file.ts');
  const say = (text: string): void => host.stderr.write(`${text}\n`);
  const file = fileOf(host, where);
  const { context, user, server, expires, clusterId } = entry;
  if (file !== undefined && where.merge === true) {
    const { mergeKubeconfig } = await import('../tools/merge-kubeconfig.ts');
    const stamp = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '-');
    const copy = await mergeKubeconfig(files, file, entry, stamp);
    say(`merged into ${file}${copy === undefined ? '' : `; as it was: ${copy}`}`);
    say(`Next: kubectl --context ${context} get pods -A`);
  } else if (file !== undefined) {
    await files.write(file, kubeconfigOf(entry), 0o600);
    say(`wrote ${file}, readable by you alone\nNext: kubectl --kubeconfig ${file} get pods -A`);
  }
  const text = file === undefined ? kubeconfigOf(entry) : undefined;
  const facts = { environment: config.environment, clusterId, context, user, groups, server, expires, request };
  const document = {
    schema: 'platform/kubeconfig/v1',
    ...facts,
    file: file ?? null,
    ...(text && { kubeconfig: text }),
  };
  if (where.json === true) host.stdout.write(`${JSON.stringify(document)}\n`);
  else if (text !== undefined) host.stdout.write(text);
}

/** undefined: to stdout. */
function fileOf(host: Host, { merge, out }: Where): string | undefined {
  if (merge === true) return userKubeconfig(host);
  return out === undefined || isAbsolute(out) ? out : join(host.folder, out);
}

/** Where kubectl would write: the first file of KUBECONFIG, else ~/.kube/config. */
function userKubeconfig({ environment, home }: Host): string {
  const [first] = (environment['KUBECONFIG'] ?? '').split(':').filter((path) => path !== '');
  return first ?? join(home, '.kube', 'config');
}
