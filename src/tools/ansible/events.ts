import { watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { redact } from '../redact.ts';

/** What our callback plugin writes, in the parts that we read; ansible/callback_plugins/platform_events.py documents them all. */
export type AnsibleEvent =
  | { readonly type: 'play'; readonly name: string; readonly hosts: readonly string[] }
  | {
      readonly type: 'task';
      readonly id: string;
      readonly task: string;
      readonly path: string;
      readonly role: string | null;
    }
  | { readonly type: 'begin'; readonly id: string; readonly host: string }
  | ResultEvent
  | {
      readonly type: 'retry';
      readonly host: string;
      readonly task: string;
      readonly attempt: number | null;
      readonly of: number | null;
      readonly msg: string | null;
    }
  | { readonly type: 'stats'; readonly hosts: Readonly<Record<string, Counts>> };

export interface ResultEvent {
  readonly type: 'result';
  readonly status: 'ok' | 'failed' | 'unreachable' | 'skipped';
  readonly host: string;
  readonly task: string;
  readonly path: string;
  readonly role: string | null;
  readonly ignored: boolean;
  readonly msg: string | null;
}

export interface Counts {
  readonly ok: number;
  readonly changed: number;
  readonly failures: number;
  readonly unreachable: number;
  readonly skipped: number;
}

/** Reads events as they are appended: told by the system, and by whoever knows that something happened and calls `look`. */
export interface EventReader {
  look(): void;
  /** Reads to the end and stops; resolves when every event was passed on. */
  end(): Promise<void>;
}

const known: ReadonlySet<string> = new Set(['play', 'task', 'begin', 'result', 'retry', 'stats']);

/** A file that does not exist yet has no events; a line that is not finished waits. */
export function createEventReader(
  path: string,
  secrets: readonly string[],
  receive: (event: AnsibleEvent) => void,
): EventReader {
  let offset = 0;
  let held = Buffer.alloc(0);
  let reading: Promise<void> | undefined;
  let again = false;

  const readOn = async (): Promise<void> => {
    const file = await open(path, 'r').catch(() => undefined);
    if (file === undefined) return;
    try {
      const buffer = Buffer.alloc(64 * 1024);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        if (bytesRead === 0) return;
        offset += bytesRead;
        held = Buffer.concat([held, buffer.subarray(0, bytesRead)]);
        for (let end = held.indexOf(10); end >= 0; end = held.indexOf(10)) {
          const line = held.subarray(0, end).toString('utf8');
          held = held.subarray(end + 1);
          const event = readEvent(line, secrets);
          if (event !== undefined) receive(event);
        }
      }
    } finally {
      await file.close();
    }
  };
  const loop = async (): Promise<void> => {
    do {
      again = false;
      await readOn();
    } while (again);
    reading = undefined;
  };
  const start = (): Promise<void> => {
    reading ??= loop();
    return reading;
  };
  const look = (): void => {
    again = true;
    start().catch(() => {});
  };
  // Where the system tells nothing about a folder (some network disks), `look` is enough for all but the last of a long task.
  const watcher = watch(dirname(path), look);
  watcher.on('error', () => {});
  return {
    look,
    async end() {
      watcher.close();
      again = true;
      await start();
    },
  };
}

/** Messages of modules do not pass through the launcher: they are redacted here. What cannot be read says nothing. */
function readEvent(line: string, secrets: readonly string[]): AnsibleEvent | undefined {
  try {
    const event = JSON.parse(line) as AnsibleEvent;
    if (!known.has(event.type)) return undefined;
    return 'msg' in event && event.msg !== null ? { ...event, msg: redact(event.msg, secrets) } : event;
  } catch {
    return undefined;
  }
}
