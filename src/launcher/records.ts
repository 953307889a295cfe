import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SpawnedProcess } from '../engine/events.ts';

/** What is on disk before a tool may work. */
export interface SpawnedRecord {
  readonly process: SpawnedProcess;
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
}

export interface ExitRecord {
  readonly code: number | null;
  readonly signal: string | null;
  readonly never?: string;
}

/** Room for the exit record, taken before the tool works, so that a disk that fills up later cannot swallow the exit code. */
const exitRoom = 512;

/** Where the records and logs of a run live. */
export function logsFolder(stateFolder: string, run: string): string {
  return join(stateFolder, 'logs', run);
}

const pathsOf = (stateFolder: string, run: string, id: string) => {
  const stem = join(logsFolder(stateFolder, run), id);
  return {
    spawned: `${stem}.spawned.json`,
    heard: `${stem}.tool.json`,
    exit: `${stem}.exit.json`,
    room: `${stem}.exit.json.tmp`,
    log: `${stem}.log`,
  };
};

/** Takes the next free id STEP.ATTEMPT.N of a run; the log file marks it as taken. `/` in a step name becomes `~`. */
export function takeId(
  stateFolder: string,
  run: string,
  step: string,
  attempt: number,
): { id: string; log: string; descriptor: number } {
  mkdirSync(logsFolder(stateFolder, run), { recursive: true, mode: 0o700 });
  for (let number = 1; ; number++) {
    const id = `${step.replaceAll('/', '~')}.${attempt}.${number}`;
    const { log } = pathsOf(stateFolder, run, id);
    try {
      return { id, log, descriptor: openSync(log, 'ax', 0o600) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** Durable before it returns; also reserves the room of the exit record. Throws ENOSPC while the tool has done nothing yet. */
export function recordSpawned(stateFolder: string, record: SpawnedRecord): void {
  const paths = pathsOf(stateFolder, record.run, record.process.id);
  writeDurably(paths.room, ' '.repeat(exitRoom));
  writeDurably(`${paths.spawned}.tmp`, JSON.stringify(record));
  renameSync(`${paths.spawned}.tmp`, paths.spawned);
  syncFolder(logsFolder(stateFolder, record.run));
}

/** Written into the reserved room, then renamed: whole or not at all. */
export function recordExit(stateFolder: string, run: string, id: string, exit: ExitRecord): void {
  const paths = pathsOf(stateFolder, run, id);
  // Somebody heard the end already, while the disk was full.
  if (!existsSync(paths.spawned)) return;
  const descriptor = openSync(paths.room, existsSync(paths.room) ? 'r+' : 'w', 0o600);
  try {
    writeSync(descriptor, JSON.stringify(exit).padEnd(exitRoom), 0);
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(paths.room, paths.exit);
}

/** Forgets a tool whose end was heard: its log stays, with a note of what it is the log of. */
export function forgetTool(stateFolder: string, run: string, id: string): void {
  const paths = pathsOf(stateFolder, run, id);
  if (existsSync(paths.spawned)) renameSync(paths.spawned, paths.heard);
  for (const path of [paths.exit, paths.room]) rmSync(path, { force: true });
}

export function readExit(stateFolder: string, run: string, id: string): ExitRecord | undefined {
  return readJson(pathsOf(stateFolder, run, id).exit) as ExitRecord | undefined;
}

/** Every tool of the run whose end nobody has heard. */
export function readSpawned(stateFolder: string, run: string): readonly SpawnedRecord[] {
  const folder = logsFolder(stateFolder, run);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.spawned.json'))
    .sort()
    .flatMap((name) => (readJson(join(folder, name)) as SpawnedRecord | undefined) ?? []);
}

export function readRuns(stateFolder: string): readonly string[] {
  const folder = join(stateFolder, 'logs');
  return existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];
}

/** A log and what it is the log of. */
export interface LogOfTool {
  readonly run: string;
  readonly step: string;
  readonly attempt: number;
  readonly tool: string;
  readonly path: string;
}

/** Every log of a state folder, by run, the oldest tool of a run first. */
export function logsOf(stateFolder: string): readonly LogOfTool[] {
  return [...readRuns(stateFolder)].sort().flatMap((run) => {
    const folder = logsFolder(stateFolder, run);
    return readdirSync(folder)
      .filter((name) => name.endsWith('.tool.json') || name.endsWith('.spawned.json'))
      .map((name) => join(folder, name))
      .sort((one, other) => statSync(one).mtimeMs - statSync(other).mtimeMs)
      .flatMap((path) => (readJson(path) as SpawnedRecord | undefined) ?? [])
      .map(({ step, attempt, process }) => ({ run, step, attempt, tool: process.tool, path: process.log }));
  });
}

/** The last lines of a log, redacted as it is. */
export function readTail(log: string, lines: number): readonly string[] {
  try {
    return readFileSync(log, 'utf8').replace(/\n$/, '').split('\n').slice(-lines);
  } catch {
    return [];
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function writeDurably(path: string, text: string): void {
  const descriptor = openSync(path, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
