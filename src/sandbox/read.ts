import { textFiles } from '../tools/files.ts';
import { lives } from './processes.ts';
import { stateFile } from './state.ts';
import type { SandboxState } from './state.ts';

/** The sandbox of a folder when it runs; undefined when there is none, or its supervisor is dead. */
export async function readSandbox(folder: string): Promise<SandboxState | undefined> {
  const state = await recordedSandbox(folder);
  return state !== undefined && (await lives(state.supervisor)) ? state : undefined;
}

/** What is written down, whoever of it still lives. */
export async function recordedSandbox(folder: string): Promise<SandboxState | undefined> {
  const text = await textFiles.read(stateFile(folder));
  return text === undefined ? undefined : (JSON.parse(text) as SandboxState);
}
