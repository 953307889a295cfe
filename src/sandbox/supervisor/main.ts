import { textFiles } from '../../tools/files.ts';
import type { SandboxSettings } from '../settings.ts';
import { settingsFile } from '../state.ts';
import { supervise } from './supervise.ts';

// Usage: main.js FOLDER, with FOLDER/settings.json. Its output is its log.
const say = (text: string): void => void process.stdout.write(`${new Date().toISOString()} ${text}\n`);
const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stopping.abort());
process.on('SIGHUP', () => undefined);

try {
  const folder = process.argv[2] ?? '';
  const text = await textFiles.read(settingsFile(folder));
  if (text === undefined) throw new Error(`${settingsFile(folder)} does not exist`);
  await supervise(JSON.parse(text) as SandboxSettings, stopping, say);
  say('stopped');
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
}
process.exit();
