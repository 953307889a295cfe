import type { Host } from '../host.ts';
import type { Clock } from '../tools/ports.ts';
import { chooseDrawing } from './reporter.ts';
import { styleFor } from './style.ts';
import type { TaskList } from './task-list.ts';

/** The list that fits this process: live on a terminal, silent where a document is asked for, plain lines elsewhere. */
export async function openTaskList(
  host: Pick<Host, 'environment' | 'stderr'>,
  clock: Clock,
  options: { readonly json?: boolean; readonly color: boolean },
  tasks: readonly { readonly id: string; readonly title: string }[],
): Promise<TaskList> {
  const drawing = chooseDrawing(host, options);
  if (drawing === 'tty') {
    const { openLiveList } = await import('./task-list.ts');
    return openLiveList(host.stderr, clock, { style: styleFor(host, host.stderr, options.color), tasks });
  }
  const write = (text: string): void => {
    if (drawing !== 'json') host.stderr.write(`${text}\n`);
  };
  return {
    began: () => undefined,
    said: (_, text) => write(text),
    ended: (_, text) => text !== undefined && write(text),
    close: () => Promise.resolve(),
  };
}
