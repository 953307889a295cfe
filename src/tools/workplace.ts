import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import type { Clock, FolderFacts, Processes, Workplace } from './ports.ts';
import { readKey } from './ssh-key.ts';

export interface WorkplaceOptions {
  readonly read: Processes;
  readonly programs: Readonly<Record<'terraform' | 'ansiblePlaybook' | 'helm' | 'ssh' | 'python', string>>;
  /** What the tools see. */
  readonly environment: Readonly<Record<string, string>>;
  /** What we ourselves see: only the names of `overrides` are looked at. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Folder of what held before. */
  readonly cache: string;
  /** A folder that exists, to start tools in. */
  readonly folder: string;
  readonly clock: Pick<Clock, 'now'>;
}

/** The machine that platform itself is on. */
export function createWorkplace(options: WorkplaceOptions): Workplace {
  return {
    async version(tool, signal) {
      const { program, name, argv, shape } = versionCalls[tool];
      const exit = await options.read.run({
        tool: name,
        argv: [options.programs[program], ...argv],
        cwd: options.folder,
        // Terraform's version command would otherwise ask for a newer one over the network.
        env: { ...options.environment, CHECKPOINT_DISABLE: '1' },
        signal,
      });
      return shape.exec([exit.stdout, ...exit.tail].join('\n'))?.[1];
    },
    async programs() {
      const names = Object.values(options.programs);
      return (await Promise.all(names.map((name) => stamp(name, options.environment['PATH'] ?? '')))).join('\n');
    },
    folder: lookAtFolder,
    key: readKey,
    now: () => options.clock.now(),
    overrides: () =>
      Object.entries(options.inherited).flatMap(([name, value]) =>
        value !== undefined && value !== '' && redirecting.test(name) ? [{ name, value }] : [],
      ),
    publicAddresses: () =>
      Object.values(networkInterfaces())
        .flatMap((found) => found ?? [])
        .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !unroutable.test(address))
        .map(({ address }) => address),
    async held(digest) {
      return access(join(options.cache, digest)).then(
        () => true,
        () => false,
      );
    },
    async remember(digest) {
      try {
        await mkdir(options.cache, { recursive: true });
        await writeFile(join(options.cache, digest), '');
      } catch {
        // Asked again next time.
      }
    },
    digest: digestOf,
    async withFiles(files, work) {
      const folder = await mkdtemp(join(tmpdir(), 'platform-check-'));
      try {
        for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
        return await work(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Variables that send the SDK's and the tools' calls elsewhere (SDK reference guide, "Service-specific endpoints"). */
const redirecting = /^AWS_(?:ENDPOINT_URL(?:_[A-Z0-9_]+)?|CA_BUNDLE|REGION|DEFAULT_REGION)$/;

const versionCalls = {
  terraform: { program: 'terraform', name: 'terraform', argv: ['version'], shape: /Terraform v(\d+\.\d+\.\d+)/ },
  ansible: {
    program: 'ansiblePlaybook',
    name: 'ansible-playbook',
    argv: ['--version'],
    shape: /\[core (\d+\.\d+\.\d+)/,
  },
  helm: { program: 'helm', name: 'helm', argv: ['version', '--short'], shape: /v(\d+\.\d+\.\d+)/ },
  // OpenSSH prints its version on stderr.
  ssh: { program: 'ssh', name: 'ssh', argv: ['-V'], shape: /OpenSSH_(?:for_Windows_)?(\d+\.\d+)/ },
  python: { program: 'python', name: 'python3', argv: ['--version'], shape: /Python (\d+\.\d+\.\d+)/ },
} as const;

/** File system types of statfs(2), by the magic numbers of linux/magic.h, that are on another machine. */
const networked: Readonly<Record<number, string>> = {
  0x6969: 'nfs',
  0x517b: 'smb',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x01021997: '9p',
};

async function lookAtFolder(path: string): Promise<FolderFacts> {
  const there = await nearest(path);
  const facts = await statfs(there);
  const network = networked[facts.type];
  return {
    writable: await access(there, constants.W_OK | constants.X_OK).then(
      () => true,
      () => false,
    ),
    freeBytes: facts.bavail * facts.bsize,
    ...(network === undefined ? {} : { network }),
  };
}

/** The folder itself, or the nearest one above that exists. */
async function nearest(path: string): Promise<string> {
  const found = await access(path).then(
    () => true,
    () => false,
  );
  return found || dirname(path) === path ? path : nearest(dirname(path));
}

/** Private, shared and link-local ranges (RFC 1918, RFC 6598, RFC 3927). */
const unroutable =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

/** What changes when a program is replaced; its name alone where it is not found. */
async function stamp(program: string, path: string): Promise<string> {
  const places = isAbsolute(program) ? [program] : path.split(delimiter).map((folder) => join(folder, program));
  for (const place of places) {
    const facts = await stat(place).catch(() => undefined);
    if (facts?.isFile() === true) return `${await realpath(place)} ${facts.size} ${facts.mtimeMs}`;
  }
  return program;
}

async function digestOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.pyc'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.slice(folder.length)}\0`).update(await readFile(file));
  return hash.digest('hex');
}
