import {
  DefaultRenderer,
  Listr,
  ListrLogger,
  ListrTaskState,
  type ListrTaskWrapper,
  ProcessOutput,
  Spinner,
} from 'listr2';
import type { Output } from '../host.ts';
import type { Clock } from '../tools/ports.ts';
import { oneLine, widthOf, wrap } from './text-width.ts';
import type { Style } from './style.ts';

/** A short list of things that we do ourselves, in one go: not a run, which has a drawing of its own (`tty.ts`). */
export interface TaskList {
  began(id: string): void;
  /** What a task does now. */
  said(id: string, text: string): void;
  /** What stays in the place of the task; without a text the drawing leaves its title and what it said last. */
  ended(id: string, text?: string): void;
  /** Ends the drawing; what has not ended is marked so. Twice is harmless. */
  close(): Promise<void>;
}

interface ListedTask {
  readonly id: string;
  readonly title: string;
}

/**
 * A live list on a terminal, drawn by listr2. The work is not its own: it is told what began and ended, and decides
 * nothing, because it calls a list done when a task failed and takes a signal for the end of the process (listr2 11.4).
 */
export function openLiveList(
  output: Output,
  clock: Clock,
  { style, tasks }: { readonly style: Style; readonly tasks: readonly ListedTask[] },
): TaskList {
  const rows = new Map(tasks.map((task) => [task.id, new Row(task.title)]));
  const rowOf = (id: string): Row => rows.get(id) ?? new Row(id);
  const stream = streamOf(output);
  const list = new Listr(
    [...rows.values()].map((row) => ({ title: row.title, task: (_: unknown, task: Drawn) => row.follow(task) })),
    {
      concurrent: true,
      exitOnError: false,
      // Its own handler ends the process in the middle of our work.
      registerSignalListeners: false,
      // It looks at stdout to choose its drawing, and we draw on stderr: chosen here.
      renderer: AnywhereRenderer,
      rendererOptions: {
        logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream, stream) }),
        spinner: new ClockSpinner(clock),
        // Titles come with marks and colours of their own when they end.
        icon: { [ListrTaskState.COMPLETED]: '', WAITING: ' .', PENDING: '..' },
        color: { PENDING: style.yellow, WAITING: style.dim, COMPLETED: (text?: string) => text ?? '' },
      },
    },
  );
  const drawing = list.run();
  const columns = (): number => (output.columns || 80) - 3;
  const fitted = (text: string): string =>
    text
      .split('\n')
      .flatMap((line) => wrapped(line, columns()))
      .map((line, index) => (index === 0 ? line : line.replace(/^ {2}/, '')))
      .join('\n');
  return {
    began: (id) => rowOf(id).begin(),
    said: (id, text) => rowOf(id).say(oneLine(text)),
    ended(id, text) {
      const row = rowOf(id);
      const last = row.said === '' ? '' : `  ${style.dim(row.said)}`;
      row.end(fitted(text ?? `${style.green('ok')} ${row.title}${last}`));
    },
    async close() {
      for (const row of rows.values())
        row.end(`${style.dim(' -')} ${row.title}${style.dim(row.begun ? '  (stopped)' : '  (not begun)')}`);
      await drawing;
    },
  };
}

type Drawn = ListrTaskWrapper<unknown, typeof AnywhereRenderer, typeof AnywhereRenderer>;

class AnywhereRenderer extends DefaultRenderer {
  static override nonTTY = true;
}

/** What is known of one task; listr2 asks for its tasks some turns after the list was opened. */
class Row {
  readonly title: string;
  said = '';
  begun = false;
  #drawn: Drawn | undefined;
  readonly #ended = Promise.withResolvers<string>();

  constructor(title: string) {
    this.title = title;
  }

  async follow(drawn: Drawn): Promise<void> {
    this.#drawn = drawn;
    // Listr2 knows no task that waits for anything but a place: the state is set by hand (semi-public, held by a test).
    if (!this.begun) drawn.task.state$ = ListrTaskState.WAITING;
    if (this.said !== '') drawn.output = this.said;
    drawn.title = await this.#ended.promise;
    // It completes only what it takes for started.
    drawn.task.state$ = ListrTaskState.STARTED;
  }

  begin(): void {
    this.begun = true;
    if (this.#drawn !== undefined) this.#drawn.task.state$ = ListrTaskState.STARTED;
  }

  say(text: string): void {
    if (!this.begun) this.begin();
    this.said = text;
    if (this.#drawn !== undefined) this.#drawn.output = text;
  }

  end(line: string): void {
    this.#ended.resolve(line);
  }
}

/** Turns by our clock. */
class ClockSpinner extends Spinner {
  readonly #clock: Clock;
  #turning: AbortController | undefined;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  /** As wide as the marks of what ended. */
  override fetch(): string {
    return ` ${super.fetch()}`;
  }

  override start(draw?: () => void): void {
    const turning = new AbortController();
    this.#turning = turning;
    const turn = async (): Promise<void> => {
      while (!turning.signal.aborted) {
        await this.#clock.sleep(125, turning.signal);
        if (turning.signal.aborted) return;
        this.spin();
        draw?.();
      }
    };
    void turn();
  }

  override stop(): void {
    this.#turning?.abort();
  }
}

/** Our output as the stream that the library's parts want; a size of 0 is an unknown one. No terminal: it would hide the cursor by a signal handler of its own. */
function streamOf(output: Output): NodeJS.WriteStream {
  const stream = {
    isTTY: false,
    get columns() {
      return output.columns || 80;
    },
    get rows() {
      return output.rows || 24;
    },
    write: (text: string) => {
      output.write(text);
      return true;
    },
  };
  return stream as unknown as NodeJS.WriteStream;
}

/** With the indentation of the line kept. In a line that is too long colours count, which only breaks it earlier. */
function wrapped(line: string, columns: number): string[] {
  if (widthOf(oneLine(line)) <= columns) return [line];
  const indent = /^ */.exec(line)?.[0] ?? '';
  return wrap(line.slice(indent.length), Math.max(20, columns - indent.length)).map((text) => indent + text);
}
