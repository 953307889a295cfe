import { type Command, InvalidArgumentError, Option } from 'commander';

const examples = new WeakMap<Command, string>();

/** The example of a command; '' for a group of commands, which has none. */
export const exampleOf = (command: Command): string => examples.get(command) ?? '';

/** Shows an example at the end of the help, and keeps it for docs and completion. */
export function withExample(command: Command, example: string): Command {
  examples.set(command, example);
  return command.addHelpText('after', `\nExample:\n  ${example}`);
}

/** What every command understands. */
export function withCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-e, --env <name>', 'environment (default: PLATFORM_ENV, then defaultEnvironment)').env(
        'PLATFORM_ENV',
      ),
    )
    .option('--json', 'data on stdout: NDJSON events for runs, one document otherwise')
    .option('--yes', 'answer questions with yes')
    .addOption(
      new Option('--log-level <level>', 'how much to say').choices(['debug', 'info', 'warn', 'error']).default('info'),
    )
    .option('--no-color', 'no colours');
}

/** What a run of many steps has beside it. */
export function withRunOptions(command: Command): Command {
  return command
    .option('--parallel <number>', 'steps that work at the same time', positive, 8)
    .option('--from <step...>', 'these steps and what needs them')
    .option('--until <step...>', 'these steps and what they need')
    .option('--only <step...>', 'these steps and nothing else')
    .option('--skip <step...>', 'leave these steps out')
    .option('--again <step...>', 'let a step in doubt run again')
    .option('--forget <step...>', 'drop a recorded step that the list no longer has')
    .option('--fresh', 'do not go on with an earlier run: look at everything anew')
    .option('--plan <file>', 'apply exactly this plan, or refuse')
    .option('--fail-fast', 'start nothing new after the first failure')
    .option('--timeout <minutes>', 'start nothing new after this time', positive)
    .option('--confirm <name>', "the environment's name, for protected ones");
}

/** What a run has that takes something away. */
export function withRemovalOptions(command: Command): Command {
  return withRunOptions(command)
    .addOption(new Option('--keep <root>', 'leave Elastic IPs, data bucket and certificate').choices(['foundation']))
    .option('--delete-data', 'data goes too: objects in buckets, retained volumes, snapshots')
    .addOption(
      new Option('--backup [what]', 'make a snapshot of etcd first, or of etcd and of every volume')
        .choices(['etcd', 'volumes'])
        .preset('etcd'),
    )
    .option('--aws-only', 'leave the Kubernetes API out: find everything by tags')
    .option('--force-finalizers', 'take off finalizers whose controller is gone');
}

/** What a run of a few steps, one after the other, has of the options of runs. */
export function withDayTwoOptions(command: Command): Command {
  return command
    .option('--fresh', 'do not go on with one that was cut off: begin anew')
    .option('--confirm <name>', "the environment's name, for protected ones");
}

export const dayTwoDefaults = { parallel: 4 };

/** Reads the value of an option that counts something. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number above 0.');
  return value;
}
