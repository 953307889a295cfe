import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { PlatformError } from '../errors.ts';
import { ansibleEnvironment, findConfiguration } from './ansible/environment.ts';
import { createEventReader } from './ansible/events.ts';
import { explainPlay, explainSyntax } from './ansible/failures.ts';
import { readInspection } from './ansible/inspection.ts';
import { createPlayRecord } from './ansible/progress.ts';
import { secretsIn } from './environment.ts';
import type { AnsibleWriter, Command, Exit, HostSummary, Play, Processes, WritableTextFiles } from './ports.ts';

export interface AnsibleOptions {
  /** Starts plays: through the launcher. */
  readonly processes: Processes;
  /** Starts what only reads. */
  readonly read: Processes;
  /** 'ansible-playbook', or where it is. */
  readonly program: string;
  /** The Python that has ansible-core. */
  readonly python: string;
  /** Path of ansible/checks/undefined_variables.py. */
  readonly inspector: string;
  /** Path of ansible/callback_plugins. */
  readonly callbackPlugins: string;
  readonly knownHosts: string;
  /** Temporary files of the plays; below the state folder, or temporary for a command that leaves nothing behind. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: WritableTextFiles;
}

/** Playbook -> number of tasks, where it was inspected in this process: what looks and what acts are different instances. */
const tasks = new Map<string, number>();

/** The inspector's exit code when all could be read and a variable has no value. */
const undefinedFound = 1;

/** Ansible: playbooks with an environment of their own, watched through our callback plugin. */
export function createAnsible(options: AnsibleOptions): AnsibleWriter {
  const home = join(options.folder, 'ansible');

  const prepare = async (play: Play): Promise<Omit<Command, 'argv' | 'tool'> & { folder: string }> => {
    const name = basename(play.playbook).replace(/\.ya?ml$/, '');
    const here = {
      home,
      folder: join(home, 'plays', `${name}.${randomUUID()}`),
      callbackPlugins: options.callbackPlugins,
      knownHosts: options.knownHosts,
    };
    await mkdir(join(here.folder, 'tmp'), { recursive: true, mode: 0o700 });
    const configuration = (await findConfiguration(play.playbook)) ?? join(here.folder, 'ansible.cfg');
    if (dirname(configuration) === here.folder) await options.files.write(configuration, '[defaults]\n');
    const env = {
      ...ansibleEnvironment(options.environment, configuration, here),
      ...(play.serves === undefined ? {} : { PLATFORM_PLAYBOOK_SERVES: play.serves }),
    };
    return { folder: here.folder, cwd: dirname(play.playbook), env, secrets: secretsIn(options.environment) };
  };
  const leave = async (folder: string): Promise<void> => await rm(folder, { recursive: true, force: true });
  const limit = ({ limit }: Play): readonly string[] => (limit === undefined ? [] : ['--limit', limit]);
  const argvOf = (play: Play, ...more: readonly string[]) => [
    options.program,
    '--inventory',
    play.inventory,
    '--extra-vars',
    `@${play.variables}`,
    ...limit(play),
    ...more,
    play.playbook,
  ];

  return {
    async inspect(play, signal) {
      const { folder, ...common } = await prepare(play);
      try {
        const inspector = [
          options.python,
          options.inspector,
          '--inventory',
          play.inventory,
          '--extra-vars',
          play.variables,
          ...limit(play),
          play.playbook,
        ];
        const variables = await options.read.run({ ...common, tool: 'python3', argv: inspector, signal });
        // The inspector reads with Ansible's own loader whatever `--syntax-check` reads. Only when it could not read is the check's explanation worth another start of Ansible.
        if (variables.code !== 0 && variables.code !== undefinedFound) {
          const argv = argvOf(play, '--syntax-check');
          const syntax = await options.read.run({ ...common, tool: 'ansible-playbook', argv, signal });
          if (syntax.code !== 0) throw explainSyntax(play, syntax);
        }
        const inspection = readInspection(play, variables);
        tasks.set(
          play.playbook,
          inspection.plays.reduce((sum, each) => sum + each.tasks.length, 0),
        );
        return inspection;
      } finally {
        await leave(folder);
      }
    },

    async play(play, { signal, note }) {
      const { folder, ...common } = await prepare(play);
      const secrets = secretsIn(options.environment).map((secret) => secret.reveal());
      const record = createPlayRecord(tasks.get(play.playbook));
      const reader = createEventReader(join(folder, 'events.ndjson'), secrets, (event) => {
        const text = record.take(event);
        if (text !== undefined) note(text);
      });
      let exit: Exit;
      try {
        // Ansible prints a line for every task and result: each is a sign that there may be new events.
        const watched = {
          ...common,
          tool: 'ansible-playbook',
          argv: argvOf(play),
          signal,
          onLine: () => reader.look(),
        };
        exit = await options.processes.run(watched);
      } finally {
        await reader.end();
        await leave(folder);
      }
      const stats = record.stats();
      if (exit.code !== 0 || stats === undefined) throw explainPlay(play, exit, record);
      if (Object.keys(stats).length === 0) throw matchedNobody(play);
      return Object.fromEntries(
        Object.entries(stats).map(([host, { ok, changed, failures, unreachable, skipped }]): [string, HostSummary] => [
          host,
          { ok, changed, failures, unreachable, skipped },
        ]),
      );
    },
  };
}

/** Ansible calls it success when no host matches: nothing was done. */
function matchedNobody(play: Play): PlatformError {
  const limited = play.limit === undefined ? '' : ` within ${play.limit}`;
  return new PlatformError('CONTRACT_BROKEN', {
    message: `${play.playbook} matched no machine of ${play.inventory}${limited}`,
    next: [
      'compare `hosts:` of the playbook with the groups of the inventory (ansible.groups in platform.yaml maps them)',
    ],
    facts: { playbook: play.playbook, inventory: play.inventory },
  });
}
