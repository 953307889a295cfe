import type { Workplace } from '../tools/ports.ts';
import { type Check, error, type Finding, warning } from './check.ts';

/** Oldest versions that are known to work, and where they are named when they do not. */
const oldest = {
  terraform: { version: '1.11.0', because: 'state lock files in S3 came with it' },
  ansible: { version: '2.17.0', because: 'older ones do not run on the Python of current machines' },
  helm: { version: '3.18.0', because: 'older ones do not know the flags that are used' },
  ssh: { version: '8.0', because: 'older ones do not know the options that are used' },
  python: { version: '3.11.0', because: 'ansible-core needs it' },
} as const satisfies Readonly<Record<Parameters<Workplace['version']>[0], object>>;

export const tools: Check = {
  id: 'tools',
  title: 'Tools and their versions',
  needs: 'config',
  when: 'when-changed',
  catalogue: ['A20'],
  subject: (ctx) => ctx.workplace.programs(),
  run: async (ctx) => {
    const names = Object.keys(oldest) as (keyof typeof oldest)[];
    const found = await Promise.all(names.map((name) => judgeTool(name, ctx.workplace, ctx.signal)));
    return found.flat();
  },
};

async function judgeTool(
  name: keyof typeof oldest,
  workplace: Workplace,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const version = await workplace.version(name, signal).catch(findingOf);
  if (version === undefined)
    return [warning(`${name} does not say its version`, `check that it is ${oldest[name].version} or newer`)];
  if (typeof version !== 'string') return [version];
  if (!isOlder(version, oldest[name].version)) return [];
  return [
    error(
      `${name} ${version} is older than ${oldest[name].version}: ${oldest[name].because}`,
      `install ${name} ${oldest[name].version} or newer, or name it in platform.yaml: tools`,
    ),
  ];
}

/** A missing tool is one finding beside the others, not the end of the check. */
function findingOf(problem: unknown): Finding {
  if (problem instanceof Error && 'code' in problem && problem.code === 'TOOL_MISSING')
    return error(problem.message, ...('next' in problem ? (problem.next as readonly string[]) : []));
  throw problem;
}

/** Whether a version of numbers and dots comes before another. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (const [index, wanted] of right.entries()) {
    const found = left[index] ?? 0;
    if (found !== wanted) return found < wanted;
  }
  return false;
}

const gibibyte = 1024 ** 3;
/** Terraform's providers, charts and logs of some runs; below the first number a run may end in the middle. */
const disk = { least: 1 * gibibyte, comfortable: 3 * gibibyte };
const synchronised =
  /\/(?:Dropbox|OneDrive[^/]*|Google ?Drive|GoogleDrive[^/]*|Mobile Documents|iCloud[^/]*|Nextcloud)\//i;

export const stateFolder: Check = {
  id: 'state-folder',
  title: 'State folder',
  needs: 'config',
  when: 'always',
  catalogue: [],
  run: async ({ config, workplace }) => {
    const path = config.stateFolder;
    const { writable, freeBytes, network } = await workplace.folder(path);
    const free = `${(freeBytes / gibibyte).toFixed(1)} GiB are free below ${path}`;
    return [
      writable ? [] : [error(`${path} cannot be written`, `make it yours: chown -R "$USER" ${path}`)],
      freeBytes < disk.least ? [error(free, 'free some space: a run writes logs, plans and charts')] : [],
      freeBytes >= disk.least && freeBytes < disk.comfortable ? [warning(free, 'free some space soon')] : [],
      network === undefined
        ? []
        : [
            warning(
              `${path} is on ${network}, where locks and renames cannot be relied on`,
              'move the project to a disk of this machine',
            ),
          ],
      synchronised.test(`${path}/`)
        ? [
            warning(
              `${path} is in a folder that another program synchronises: it may bring back old files`,
              'move the project out of it',
            ),
          ]
        : [],
    ].flat();
  },
};

export const sshKey: Check = {
  id: 'ssh-key',
  title: 'SSH key',
  needs: 'config',
  when: 'always',
  catalogue: ['A11', 'A12', 'A13'],
  run: async ({ config, workplace, files }) => {
    const path = config.access.sshKey;
    await workplace.key(path);
    // Terraform is given the public half.
    if ((await files.read(`${path}.pub`)) !== undefined) return [];
    return [error(`${path}.pub does not exist`, `ssh-keygen -y -f ${path} > ${path}.pub`)];
  },
};

export const detours: Check = {
  id: 'endpoints',
  title: 'AWS calls go where they should',
  needs: 'config',
  when: 'always',
  catalogue: ['A5'],
  run: async ({ config, workplace }) => {
    if (config.target === 'sandbox') return { skipped: 'the sandbox lets no such variable through' };
    return workplace.overrides().flatMap(({ name, value }) => {
      if (name.endsWith('REGION'))
        return value === config.region
          ? []
          : [
              warning(
                `${name} is ${value}, and the configuration says ${config.region}: the configuration wins`,
                `unset ${name}`,
              ),
            ];
      const what =
        name === 'AWS_CA_BUNDLE' ? 'decides which certificates AWS calls trust' : 'sends AWS calls elsewhere';
      return [warning(`${name}=${value} ${what}`, `unset ${name} unless you mean it`)];
    });
  },
};

export const openDoors: Check = {
  id: 'access',
  title: 'Who may reach SSH and the API',
  needs: 'config',
  when: 'always',
  catalogue: [],
  run: async ({ config, workplace }) => {
    const { allow } = config.access;
    const open = allow.filter((range) => range.endsWith('/0'));
    const own = workplace.publicAddresses();
    // Behind a router only a service on the internet could tell the address, and none is asked.
    const outside =
      config.target === 'aws' &&
      own.length > 0 &&
      !own.some((address) => allow.some((range) => contains(range, address)));
    return [
      ...open.map((range) =>
        warning(
          `access.allow has ${range}: SSH and the API are open to everybody`,
          'name the ranges that you come from',
        ),
      ),
      ...(outside
        ? [
            warning(
              `this machine has the address ${own.join(', ')}, which is not in access.allow`,
              'add it, or run from a machine that is',
            ),
          ]
        : []),
    ];
  },
};

/** Whether an IPv4 range such as 10.0.0.0/8 holds an address. */
export function contains(range: string, address: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const shift = 32 - Number(bits);
  // By division: a shift by 32 is none in JavaScript.
  return Math.floor(numberOf(base) / 2 ** shift) === Math.floor(numberOf(address) / 2 ** shift);
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
