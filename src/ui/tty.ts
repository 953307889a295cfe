import type { PlatformEvent } from '../engine/events.ts';
import type { Output } from '../host.ts';
import type { Clock } from '../tools/ports.ts';
import { frameOf } from './frame.ts';
import type { Reporter } from './reporter.ts';
import { follow, newPicture, type RunPicture } from './run-picture.ts';
import type { Style } from './style.ts';
import { oneLine, widthOf, wrap } from './text-width.ts';

/** Eight redraws a second: enough to be alive, little enough for a slow line. */
const beat = 125;
const usualRows = 24;
const usualColumns = 80;

/**
 * A live tree on a terminal. It redraws by its own clock, never by event, so that ten thousand lines of a tool cost
 * nothing; it touches no signal handler and no other stream. The last frame stays.
 *
 * Not listr2, which draws the short lists of `doctor` and `sandbox` (task-list.ts): it redraws on every output event
 * (10,000 lines took it 13 s, listr2 9.0.5), takes over the streams while it draws, and has no place for the kept steps
 * in one line, for what a pending step waits for, or for the words of a cancel.
 */
export function openTty(
  output: Output,
  clock: Clock,
  options: { readonly style: Style; readonly title: string },
): Reporter {
  return new TtyReporter(output, clock, options);
}

class TtyReporter implements Reporter {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #options: { readonly style: Style; readonly title: string };
  readonly #over = new AbortController();
  #picture: RunPicture;
  /** Widths of the lines on the screen: a narrower window has wrapped them. */
  #drawn: readonly number[] = [];
  #text = '';
  #ticking: AbortController | undefined;

  constructor(output: Output, clock: Clock, options: { readonly style: Style; readonly title: string }) {
    this.#output = output;
    this.#clock = clock;
    this.#options = options;
    this.#picture = newPicture(clock.monotonic());
  }

  emit(event: PlatformEvent): void {
    if (this.#over.signal.aborted) return;
    const now = this.#clock.monotonic();
    if (event.type === 'plan.fixed') this.#picture = newPicture(now);
    follow(this.#picture, event, now);
    if (event.type === 'run.message') return this.#say(event);
    // Told at once: who presses Ctrl-C wants to see that it was heard.
    if (event.type === 'run.cancelling') this.#draw(this.#rows());
    if (this.#ticking === undefined) void this.#tick();
  }

  pause(): void {
    this.#ticking?.abort();
    this.#ticking = undefined;
    this.#paint([]);
  }

  close(): Promise<void> {
    if (this.#over.signal.aborted) return Promise.resolve();
    const { planned } = this.#picture;
    this.#picture.ending ??= 'interrupted';
    if (planned) this.#draw(Number.POSITIVE_INFINITY);
    this.#over.abort();
    this.#ticking?.abort();
    if (!planned) this.#paint([]);
    return Promise.resolve();
  }

  async #tick(): Promise<void> {
    const ticking = new AbortController();
    this.#ticking = ticking;
    while (!ticking.signal.aborted) {
      await this.#clock.sleep(beat, ticking.signal);
      if (!ticking.signal.aborted) this.#draw(this.#rows());
    }
  }

  /** Above the frame, where it stays. */
  #say({ level, text }: Extract<PlatformEvent, { type: 'run.message' }>): void {
    const { style } = this.#options;
    const frame = this.#drawn.length > 0;
    this.#paint([]);
    for (const line of wrap(oneLine(text), this.#columns()))
      this.#output.write(`${level === 'warning' ? style.yellow(line) : line}\n`);
    if (frame) this.#draw(this.#rows());
  }

  /** One less than there are: a cursor in the last column wraps on some terminals. */
  #columns(): number {
    return (this.#output.columns || usualColumns) - 1;
  }

  #rows(): number {
    return (this.#output.rows || usualRows) - 1;
  }

  #draw(rows: number): void {
    const now = this.#clock.monotonic();
    this.#paint(frameOf(this.#picture, { ...this.#options, now, columns: this.#columns(), rows }));
  }

  /** One write a frame: up to where the last one began, each line over the old one, and what is left below wiped. */
  #paint(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\u001b[K\n`).join('');
    if (text === this.#text) return;
    const columns = this.#output.columns || usualColumns;
    const up = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    this.#output.write(`${up > 0 ? `\r\u001b[${up}A` : ''}${text}\u001b[J`);
    this.#drawn = lines.map((line) => widthOf(oneLine(line)));
    this.#text = text;
  }
}
