import { textFiles } from '../../../tools/files.ts';
import type { CommandResult } from '../../machines/commands.ts';
import type { ShimSettings } from '../launchers.ts';
import { readSshCall } from './arguments.ts';
import { refusal, runRemotely } from './session.ts';
import { openForward } from './tunnel.ts';

// Stands for ssh. Usage: main.js SETTINGS [ssh's own words]
const [, , file = '', ...words] = process.argv;

async function main(): Promise<CommandResult | undefined> {
  const { controlApi } = JSON.parse((await textFiles.read(file)) ?? '{}') as ShimSettings;
  if (words[0] === '-V') return { code: 0, stdout: '', stderr: 'OpenSSH_9.6p1 (platform sandbox)\n' };
  const call = readSshCall(words);
  if (call === undefined) return { code: 255, stdout: '', stderr: 'usage: ssh [options] destination [command]\n' };
  const refused = await refusal(call, controlApi);
  if (refused !== undefined) return refused;
  for (const forward of call.forwards) await openForward(forward, controlApi);
  // Forwards last until we are told to end.
  if (call.silent) return undefined;
  return runRemotely(call, controlApi);
}

try {
  const result = await main();
  if (result !== undefined) {
    process.stderr.write(result.stderr);
    process.stdout.write(result.stdout, () => process.exit(result.code));
  }
} catch (error) {
  process.stderr.write(`ssh: the sandbox does not answer: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 255;
}
