import type { Output } from '../../../src/host.ts';

/** Where a golden file of the views stands, seen from a test. `npx vitest run -u` writes them anew. */
export const golden = (name: string): string => `../../golden/ui/${name}`;

/** A stream that keeps what is written. */
export class Recorder implements Output {
  readonly isTTY: boolean;
  columns: number;
  rows: number;
  text = '';
  writes = 0;

  constructor(options: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {}) {
    this.isTTY = options.isTTY ?? false;
    this.columns = options.columns ?? 80;
    this.rows = options.rows ?? 24;
  }

  write(text: string): void {
    this.text += text;
    this.writes += 1;
  }
}
