import type { AppendFile, JournalFolder, LineFile } from '../../src/tools/ports-engine.ts';

/** Where in the life of a batch of records something happens. */
export type FaultPoint = 'before-write' | 'after-write' | 'after-sync';

/** A folder of journals in memory, with the faults that a disk and a crash can have. */
export class MemoryJournals implements JournalFolder {
  readonly files = new Map<string, string>();
  /** Told of each point that a batch passes; may throw (a disk error) or never resolve (a crash). */
  fault: (point: FaultPoint, count: number, text: string) => Promise<void> = async () => undefined;
  #points = 0;
  #generation = 0;

  /** Whoever has a file open is dead: nothing that it still wants to write is written. */
  abandon(): void {
    this.#generation += 1;
  }

  async runs(): Promise<readonly string[]> {
    return [...this.files.keys()].sort();
  }

  file(run: string): LineFile {
    const { files } = this;
    const generation = this.#generation;
    const hit = (point: FaultPoint, text: string): Promise<void> =>
      generation === this.#generation ? this.fault(point, ++this.#points, text) : new Promise(() => undefined);
    let batch = '';
    const open: AppendFile = {
      async append(text) {
        batch = text;
        await hit('before-write', text);
        files.set(run, (files.get(run) ?? '') + text);
        await hit('after-write', text);
      },
      async sync() {
        await hit('after-sync', batch);
      },
      async close() {},
    };
    return {
      path: `${run}.ndjson`,
      read: async () => files.get(run) ?? '',
      open: async () => {
        files.set(run, files.get(run) ?? '');
        return open;
      },
      truncate: async (length) => {
        files.set(
          run,
          Buffer.from(files.get(run) ?? '')
            .subarray(0, length)
            .toString(),
        );
      },
      keepCopy: async () => {
        files.set(`${run}.copy`, files.get(run) ?? '');
        return `${run}.copy`;
      },
      replace: async (text) => {
        files.set(run, text);
      },
    };
  }

  /** The texts that a reader would find. */
  texts(): { run: string; text: string }[] {
    return [...this.files].map(([run, text]) => ({ run, text }));
  }
}
