import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PlatformError } from '../errors.ts';
import { textFiles } from '../tools/files.ts';
import { foldersIn } from '../tools/folders.ts';
import type { Processes } from '../tools/ports.ts';
import { programFolders } from '../tools/program-folder.ts';
import type { SandboxSettings } from './settings.ts';

export interface ToolSearch {
  /** `${XDG_CACHE_HOME:-~/.cache}/platform` */
  readonly cache: string;
  /** Folder of the installed program. */
  readonly program: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly read: Processes;
}

/**
 * The programs that a sandbox needs beside the control plane: what `npm run setup` put into the cache, else PATH.
 * SANDBOX_FAILED names what is missing.
 */
export async function findTools(search: ToolSearch): Promise<SandboxSettings['tools']> {
  const [python, helm, kubectl] = await Promise.all([
    findPython(search),
    carried(search, 'helm'),
    carried(search, 'kubectl'),
  ]);
  const ansiblePlaybook = join(python, '..', 'ansible-playbook');
  if (!(await programFolders.isProgram(ansiblePlaybook))) throw missing(`${python} has no ansible-core`);
  return { python, ansiblePlaybook, helm, kubectl };
}

async function findPython({ cache, program, environment, read }: ToolSearch): Promise<string> {
  const requirements = (await textFiles.read(join(program, 'sandbox', 'requirements.txt'))) ?? '';
  const place = join(cache, 'python', createHash('sha256').update(requirements).digest('hex').slice(0, 12));
  const kept = join(place, 'bin', 'python');
  if ((await textFiles.read(join(place, '.complete'))) !== undefined && (await programFolders.isProgram(kept)))
    return kept;
  const question = ['python3', '-c', 'import sys, moto, werkzeug, ansible; print(sys.executable)'];
  const exit = await read
    .run({ tool: 'python3', argv: question, cwd: program, env: environment })
    .catch(() => undefined);
  if (exit?.code === 0) return exit.stdout.trim();
  throw missing(`no Python has what sandbox/requirements.txt lists: neither ${kept} nor python3`);
}

/** Helm or kubectl of the cache; a bare name where only PATH may have it. */
async function carried({ cache }: ToolSearch, name: 'helm' | 'kubectl'): Promise<string> {
  for (const version of (await foldersIn(join(cache, 'kubectl-layer'))).toReversed()) {
    const path = join(cache, 'kubectl-layer', version, name);
    if (await programFolders.isProgram(path)) return path;
  }
  return name;
}

function missing(message: string): PlatformError {
  return new PlatformError('SANDBOX_FAILED', { message, next: ['npm run setup'] });
}

/**
 * A Terraform CLI configuration for a folder that mirrors the AWS provider, where Terraform or a machine without
 * internet keeps one; undefined when there is none: then the registry is asked. A list of its own, because an inherited
 * TF_CLI_CONFIG_FILE may name a file that is not there (Terraform's documentation, "Implied Local Mirror Directories").
 */
export async function terraformMirror(home: string): Promise<string | undefined> {
  const implied = [
    join(home, '.terraform.d', 'plugins'),
    join(home, '.local', 'share', 'terraform', 'plugins'),
    '/usr/local/share/terraform/plugins',
    '/usr/share/terraform/plugins',
  ];
  const places = [...implied, ...(await foldersIn('/opt')).map((name) => join('/opt', name))];
  for (const place of places) {
    const versions = await foldersIn(join(place, 'registry.terraform.io', 'hashicorp', 'aws'));
    if (versions.length > 0) return mirrorConfiguration(place);
  }
  return undefined;
}

const mirrorConfiguration = (place: string): string =>
  [
    'provider_installation {',
    '  filesystem_mirror {',
    `    path    = ${JSON.stringify(place)}`,
    '    include = ["registry.terraform.io/hashicorp/aws"]',
    '  }',
    '  direct {',
    '    exclude = ["registry.terraform.io/hashicorp/aws"]',
    '  }',
    '}',
    '',
  ].join('\n');
