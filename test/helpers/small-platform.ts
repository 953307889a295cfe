import { systemProcessTable } from '../../src/tools/process-table.ts';
import type { BuiltProgram } from './built-program.ts';

export const table = systemProcessTable(process.pid, process.platform);

/** The platform.yaml of two machines without add-ons, on a sandbox. */
export const smallPlatform = (options: {
  readonly name: string;
  readonly region: string;
  readonly domain?: string;
  /** More of the environment, in YAML's flow style. */
  readonly more?: string;
}): string => `apiVersion: platform/v1
name: ${options.name}
region: ${options.region}
${options.domain === undefined ? '' : `domain: ${options.domain}\n`}kubernetes: "1.36"
access: { sshKey: key, allow: [203.0.113.0/24] }
nodes:
  master: { role: control-plane, type: t3.large, disk: 40 }
  worker: { role: worker, type: t3.large, disk: 40 }
addons: []
environments:
  sandbox: { target: sandbox${options.more ?? ''} }
`;

type Tool = 'ssh' | 'ansible-playbook' | 'helm' | 'kubectl' | 'python';

/** Has a sandbox seem to run, with this test as its supervisor. */
export async function pretendSandbox(
  program: BuiltProgram,
  options: {
    readonly region: string;
    /** Where AWS answers. */
    readonly endpoint: string;
    /** Where all the rest would: `http://` and an address. */
    readonly rest: string;
    readonly tools: Readonly<Record<Tool, string>>;
  },
): Promise<void> {
  const { region, endpoint, rest, tools } = options;
  const folder = '.platform/sandbox/sandbox';
  const sandbox = {
    version: 1,
    folder: program.path(folder),
    supervisor: { pid: process.pid, startTime: await table.startTimeOf(process.pid) },
    region,
    endpoint,
    serverId: 'one',
    dns: rest.replace('http://', ''),
    connectTo: {},
    mirrors: { charts: `${rest}/charts`, manifests: `${rest}/manifests` },
    controlApi: `${rest}/word`,
    tools,
    sshKey: program.path('key'),
  };
  program.write(`${folder}/state.json`, JSON.stringify(sandbox));
}
