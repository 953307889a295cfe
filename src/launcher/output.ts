import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createRedactor } from '../tools/redact.ts';

const tailLength = 200;

export interface Output {
  /** Reads a stream until it ends; each complete line goes to the log, the tail and the listener. */
  follow(readable: Readable, stream: 'stdout' | 'stderr'): void;
  /** Writes a remark of ours into the log. */
  remark(text: string): void;
  tail(): readonly string[];
  /** Passes on what is held back, and closes the log. */
  end(): void;
}

/** Redacts what a tool says before anything else sees it, and keeps its log. A full disk loses log lines, never the tool. */
export function createOutput(
  log: number,
  secrets: readonly string[],
  onLine: (line: string, stream: 'stdout' | 'stderr') => void,
): Output {
  const tail: string[] = [];
  const finishers: (() => void)[] = [];
  const write = createLogWriter(log);
  let ended = false;

  const follow: Output['follow'] = (readable, stream) => {
    const decoder = new StringDecoder('utf8');
    const redactor = createRedactor(secrets);
    let held = '';
    const take = (text: string): void => {
      if (text === '') return;
      const lines = (held + text).split('\n');
      held = lines.pop() ?? '';
      for (const line of lines) pass(line, stream);
    };
    // A program that a tool left behind may still talk: it must be read, or it would be killed by its own pipe.
    readable.on('data', (chunk: Buffer) => {
      if (!ended) take(redactor.push(decoder.write(chunk)));
    });
    readable.on('error', () => {});
    finishers.push(() => {
      take(redactor.push(decoder.end()) + redactor.end());
      if (held !== '') pass(held, stream);
    });
  };

  const pass = (line: string, stream: 'stdout' | 'stderr'): void => {
    const text = line.replace(/\r$/, '');
    write(`${text}\n`);
    tail.push(text);
    if (tail.length > tailLength) tail.shift();
    onLine(text, stream);
  };

  return {
    follow,
    remark: (text) => write(`platform: ${text}\n`),
    tail: () => [...tail],
    end() {
      if (ended) return;
      for (const finish of finishers) finish();
      ended = true;
      closeSync(log);
    },
  };
}

/** Writes what fits; what does not fit is counted, and said once there is room again. */
function createLogWriter(log: number): (text: string) => void {
  let lost = 0;
  const put = (text: string): boolean => {
    try {
      writeSync(log, text);
      return true;
    } catch {
      return false;
    }
  };
  return (text) => {
    if (lost > 0 && put(`platform: ${lost} bytes of output could not be written here\n`)) lost = 0;
    if (lost > 0 || !put(text)) lost += Buffer.byteLength(text);
  };
}
