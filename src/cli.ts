import { Command, CommanderError, Option } from 'commander';
import {
  dayTwoDefaults,
  exampleOf,
  positive,
  withCommonOptions,
  withDayTwoOptions,
  withExample,
  withRemovalOptions,
  withRunOptions,
} from './cli-options.ts';
import type { CommandDescription } from './commands/description.ts';
import { PlatformError } from './errors.ts';
import type { Host } from './host.ts';

type Action = (host: Host, options: never, ...rest: string[]) => Promise<number>;

/**
 * Understands the command line and runs one command; resolves to the exit code. Loads no package but commander: each
 * action imports its command when it is asked for, which keeps `--help` near the cost of Node.js itself. USAGE when the
 * words are not understood.
 */
export async function runCli(host: Host): Promise<number> {
  let exitCode = 0;
  const program = describeProgram(host, (code) => (exitCode = code));
  try {
    await program.parseAsync(host.arguments, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') return 0;
    // Without a command the help was shown, which says it all.
    if (error.code === 'commander.help') return 2;
    throw notUnderstood(error, namedCommand(program, host.arguments));
  }
  return exitCode;
}

/** The whole program as commander sees it: the source of the help texts and of docs/commands.md. */
export function describeProgram(host: Host, done: (exitCode: number) => void = () => undefined): Command {
  const program = new Command('platform')
    .description('Builds, rebuilds, inspects and removes a self-managed Kubernetes platform on EC2.')
    .version(host.version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(text),
      // Told as every other error is, and as a document where one was asked for.
      outputError: () => undefined,
    })
    .addHelpText('after', '\nStart with: platform init, platform doctor, platform plan, platform up');

  const run =
    (load: () => Promise<Action>, defaults: object = {}) =>
    async (...received: unknown[]): Promise<void> => {
      const command = received.at(-1) as Command;
      const words = received
        .slice(0, -2)
        .flat()
        .filter((word): word is string => typeof word === 'string');
      const action = await load();
      done(await action(host, Object.assign({}, defaults, command.optsWithGlobals()) as never, ...words));
    };
  const command = (name: string, summary: string, example: string): Command =>
    withExample(withCommonOptions(program.command(name).description(summary)), example);

  withRunOptions(
    command(
      'up',
      'Build what is missing. A second run changes nothing; an interrupted one goes on.',
      'platform up --env prod',
    ),
  ).action(run(async () => (await import('./commands/up.ts')).up));
  withRemovalOptions(
    command(
      'destroy',
      'Take the platform apart: what goes and what stays is shown first, and asked.',
      'platform destroy --cleanup --env dev',
    ),
  )
    .option(
      '--cleanup',
      'also what controllers made: without it, Terraform alone, refused while leftovers would block it',
    )
    .option('--dry-run', 'show what would be done; the same as: platform plan destroy')
    .action(run(async () => (await import('./commands/destroy.ts')).destroy));
  withRemovalOptions(
    command(
      'rebuild',
      'Check everything, take the platform apart, build it again: one run that goes on wherever it was cut off.',
      'platform rebuild --env dev --keep foundation',
    ),
  )
    .option('--dry-run', 'show what would be done; the same as: platform plan rebuild')
    .action(run(async () => (await import('./commands/rebuild.ts')).rebuild));
  withRemovalOptions(
    command(
      'plan',
      'Show what a command would do, and why. Takes no lock, changes nothing.',
      'platform plan --env prod --exit-code',
    ),
  )
    .argument('[verb]', 'what to plan: up, rebuild or destroy', 'up')
    .option('--cleanup', 'for destroy: also what controllers made')
    .option('--exit-code', 'end with 7 when changes are pending')
    .option('--out <file>', 'write the plan as JSON, for --plan')
    .option('--config-only', 'only judge the configuration; needs no credentials')
    .action(run(async () => (await import('./commands/plan.ts')).plan));
  command(
    'doctor',
    'Find everything that can be known to be wrong before money is spent.',
    'platform doctor --env prod',
  ).action(run(async () => (await import('./commands/doctor.ts')).doctor));
  command(
    'init',
    'Write a platform.yaml: a few questions on a terminal, flags elsewhere.',
    'platform init --name shop --region eu-west-1 --domain example.com',
  )
    .option('--name <name>', 'first part of the cluster id')
    .option('--region <region>', 'AWS region')
    .option('--domain <domain>', 'domain for DNS and certificate; leave out for none')
    .option('--workers <number>', 'number of workers', positive, 2)
    .option('--ssh-key <path>', 'private key for the machines')
    .option('--allow <cidr...>', 'who may reach SSH and the API')
    .option('--force', 'replace an existing file')
    .action(run(async () => (await import('./commands/init.ts')).init));
  command(
    'status',
    'Show the platform as it is: machines, nodes, add-ons, endpoints, last run.',
    'platform status --json',
  )
    .option('--orphans', 'instead, what is ours and belongs to nothing any more; ends with 13 when there is any')
    .action(run(async () => (await import('./commands/status.ts')).status));
  command('runs', 'List the runs of an environment with their durations.', 'platform runs --env prod')
    .option('--limit <number>', 'newest runs to show', positive, 20)
    .action(run(async () => (await import('./commands/runs.ts')).runs));
  command('logs', "Print a step's log.", 'platform logs infrastructure')
    .argument('[step]', 'step, such as join/k8s-worker-1; without one, what logs there are')
    .option('--run <run>', 'a run other than the latest that has the step')
    .action(run(async () => (await import('./commands/logs.ts')).logs));
  command(
    'ssh',
    "Log in to a machine with the pinned host key and the platform's key, or run a command on it.",
    'platform ssh k8s-worker-1 -- sudo journalctl -u kubelet -n 50',
  )
    .argument('<node>', 'name, instance id or address of the machine')
    .argument('[command...]', 'what to run there, after --; without it, a shell')
    .option('--tty', 'a terminal for the command too')
    .option('--print', 'print the ssh command line instead of running it')
    .action(run(async () => (await import('./commands/ssh.ts')).ssh));
  command(
    'kubeconfig',
    'Let yourself into the cluster with kubectl: a certificate of your own that ends by itself.',
    'platform kubeconfig --lifetime 8h --merge',
  )
    .option('--lifetime <duration>', 'how long it is good for, from 10m to 30d', '8h')
    .addOption(
      new Option('--role <role>', 'rights in every namespace; view, which shows no Secrets, unless told').choices([
        'view',
        'edit',
        'admin',
        'cluster-admin',
      ]),
    )
    .option('--group <group...>', 'groups that you have bound to rights yourselves, in place of a role')
    .option('--user <name>', "name of the user in audit logs (default: yours, and this machine's)")
    .option('--context <name>', 'name of the context (default: the cluster id)')
    .option('--out <file>', 'write a file of its own that only you can read')
    .option('--merge', 'merge into your own kubeconfig; a copy of it is kept, the current context stays')
    .option('--local-port <number>', 'near end of the tunnel, where the API is reached through SSH', positive, 16_443)
    .action(run(async () => (await import('./commands/kubeconfig.ts')).kubeconfig));
  const backup = command(
    'backup',
    'Make a snapshot of etcd now, in the data bucket, read and looked at before it counts.',
    'platform backup --env prod',
  )
    .addOption(new Option('--wait', 'until S3 shows it').default(true))
    .option('--no-wait', 'only begin it')
    .action(run(async () => (await import('./commands/backups.ts')).backup));
  withExample(
    withCommonOptions(backup.command('list').description('The snapshots in the data bucket, newest first.')),
    'platform backup list --json',
  ).action(run(async () => (await import('./commands/backups.ts')).listBackups));
  withDayTwoOptions(
    command(
      'restore',
      'Bring a snapshot of etcd back: what etcd holds now is kept on the machine, beside it.',
      'platform restore 20261121T030000Z-k8s-master.db --env prod',
    ),
  )
    .argument('[snapshot]', 'name of a snapshot, as platform backup list shows it; without one, the newest')
    .option('--force-healthy', 'although the cluster answers: what was written since is lost')
    .action(run(async () => (await import('./commands/restore.ts')).restore, dayTwoDefaults));
  command(
    'unlock',
    'Break the lock of an environment, knowingly.',
    'platform unlock --env prod --run 2026-11-21T10-00-00-abc',
  )
    .option('--run <run>', 'the run that holds the lock, as the refusal named it')
    .action(run(async () => (await import('./commands/unlock.ts')).unlock));
  command('settle', 'Adopt or settle what a crashed run left; repair a damaged journal.', 'platform settle --env prod')
    .option('--repair-journal', 'cut damaged lines out of the journals; a copy is kept')
    .addOption(
      new Option('--abandon <verb>', 'leave an unfinished teardown, and unblock the cluster again').choices([
        'destroy',
      ]),
    )
    .action(run(async () => (await import('./commands/settle.ts')).settle));

  const node = program.command('node').description('One machine of the platform.');
  withDayTwoOptions(
    withExample(
      withCommonOptions(
        node.command('reset').description('Make one machine bare: pods moved away, out of the cluster, emptied.'),
      ),
      'platform node reset k8s-worker-1 --env prod',
    ),
  )
    .argument('<name>', 'name or instance id of the machine')
    .option('--drain-within <minutes>', 'how long its pods may take to leave, at most 120', positive, 10)
    .option('--delete-bare-pods', 'pods that nothing makes anew may go too')
    .action(run(async () => (await import('./commands/node-reset.ts')).resetNode, dayTwoDefaults));

  const config = program.command('config').description('Look at the configuration.');
  withExample(
    withCommonOptions(config.command('show').description('The resolved configuration with the origin of each value.')),
    'platform config show --env prod',
  ).action(run(async () => (await import('./commands/config.ts')).showConfiguration));
  withExample(
    withCommonOptions(config.command('schema').description('JSON Schema of platform.yaml, for editors.')),
    'platform config schema > platform.schema.json',
  ).action(run(async () => (await import('./commands/config.ts')).showSchema));

  const sandbox = program.command('sandbox').description('The local stand-in for AWS and Kubernetes.');
  for (const [verb, summary] of [
    ['up', 'Start it, or say that it runs.'],
    ['down', 'Stop it and leave nothing behind.'],
    ['status', 'Say what of it runs.'],
  ] as const) {
    withExample(withCommonOptions(sandbox.command(verb).description(summary)), `platform sandbox ${verb}`).action(
      run(async () => (await import('./commands/sandbox.ts')).sandbox, { verb }),
    );
  }
  withExample(
    program.command('completion').description('Print shell completion for bash, zsh or fish.'),
    'platform completion bash > /etc/bash_completion.d/platform',
  )
    .argument('<shell>', 'bash, zsh or fish')
    .action(
      run(async () => (await import('./commands/completion.ts')).completion, {
        get described() {
          return describeCommand(program);
        },
      }),
    );
  return program;
}

/** A command and all below it as plain data. */
export function describeCommand(command: Command): CommandDescription {
  return {
    name: command.name(),
    summary: command.description(),
    usage: `${command.name()} ${command.usage()}`,
    example: exampleOf(command),
    options: command.options.map(({ flags, long, description }) => ({ flags, long: long ?? '', summary: description })),
    commands: command.commands.map(describeCommand),
  };
}

function notUnderstood({ message }: CommanderError, command: string): PlatformError {
  return new PlatformError('USAGE', {
    message: message.replace(/^error: /, '').replaceAll('\n', ' '),
    next: [`${command} --help`],
  });
}

/** The command that the words name, as far as they name one: `platform sandbox up`. */
function namedCommand(command: Command, [word, ...rest]: readonly string[]): string {
  const below = command.commands.find((one) => one.name() === word);
  return below === undefined ? command.name() : `${command.name()} ${namedCommand(below, rest)}`;
}
