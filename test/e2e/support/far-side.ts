import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAudit } from '../../../src/sandbox/control-plane/audit.ts';
import { decodeJournal } from '../../../src/engine/record.ts';
import type { Project } from './project.ts';

interface AwsCall {
  readonly service: string;
  readonly action: string;
  readonly write: boolean;
  readonly status: number;
}

interface AwsResource {
  readonly kind: string;
  readonly id: string;
  readonly name?: string;
  readonly default?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
  readonly state?: string;
}

/** Every call that AWS answered, in order: asked of the server's own journal. */
export function awsCalls(project: Project): readonly AwsCall[] {
  const path = join(project.stateFolder, 'sandbox', 'logs', 'aws-calls.ndjson');
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AwsCall);
}

/** Writes to the Kubernetes API by us or by Helm, dry-runs left out: asked of the API server's audit log. */
export function clusterWrites(project: Project): readonly string[] {
  const path = join(project.stateFolder, 'sandbox', 'cluster', 'audit.log');
  if (!existsSync(path)) return [];
  return readAudit(readFileSync(path, 'utf8'))
    .filter(({ userAgent, dryRun }) => /^(platform\/|Helm|helm)/.test(userAgent) && !dryRun)
    .map(({ verb, uri, userAgent }) => `${userAgent} ${verb} ${uri}`);
}

export async function awsResources(project: Project): Promise<readonly AwsResource[]> {
  const response = await fetch(`${project.sandbox().endpoint}/_sandbox/snapshot`);
  const { resources } = (await response.json()) as { resources: readonly AwsResource[] };
  return resources.filter((one) => one.default !== true && one.state !== 'terminated');
}

/** What exists, without what differs from life to life: comparable between two builds. */
export async function shape(project: Project): Promise<readonly string[]> {
  const resources = await awsResources(project);
  const clusterId = resources.map(({ tags }) => tags?.['platform/cluster']).find((id) => id !== undefined) ?? '';
  const plain = (text: string): string =>
    (clusterId === '' ? text : text.replaceAll(clusterId, 'CLUSTER')).replaceAll(/[0-9a-f]{10,}/g, 'HASH');
  return resources
    .map(({ kind, name, tags }) => plain(`${kind} ${tags?.['platform/node'] ?? tags?.['Name'] ?? name ?? ''}`))
    .toSorted();
}

export async function fault(project: Project, faults: readonly object[]): Promise<void> {
  const url = `${project.sandbox().endpoint}/_sandbox/faults`;
  await fetch(url, { method: 'DELETE' });
  for (const one of faults) await fetch(url, { method: 'POST', body: JSON.stringify(one) });
}

/** Steps that began again although a done record of the same inputs was there: must be none. */
export function repeatedSteps(project: Project): readonly string[] {
  const folder = join(project.stateFolder, 'journal');
  const records = readdirSync(folder)
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap(
      (name) =>
        decodeJournal({ run: name.replace('.ndjson', ''), text: readFileSync(join(folder, name), 'utf8') }).records,
    )
    .toSorted((a, b) => a.seq - b.seq);
  const done = new Map<string, string>();
  const repeated: string[] = [];
  for (const { event } of records) {
    if (event.type === 'step.done') done.set(event.step, event.inputs);
    if (event.type === 'step.intent' && done.get(event.step) === event.inputs) repeated.push(event.step);
  }
  return repeated;
}

/** Locks that someone left: ours in the state folder, Terraform's beside its state. */
export async function locksLeft(project: Project): Promise<readonly string[]> {
  const own = project.files().filter((name) => name === 'lock' || name.endsWith('.tflock'));
  const remote = (await awsResources(project))
    .filter(({ id, name }) => `${id} ${name ?? ''}`.includes('.tflock'))
    .map(({ id }) => id);
  return [...own, ...remote];
}

/** Processes of this project that still live, by their command line. */
export function processesOf(project: Project): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(project.folder) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}
