import type { AnsibleEvent, Counts, ResultEvent } from './events.ts';

/** What is known of a playbook while and after it runs. */
export interface PlayRecord {
  /** Takes the next event; returns what to say about it, if anything. */
  take(event: AnsibleEvent): string | undefined;
  /** The first failure, in time, that took a machine out of the play: neither ignored nor rescued. */
  firstFailure(): ResultEvent | undefined;
  /** Per host; undefined while the playbook has not come to its end. */
  stats(): Readonly<Record<string, Counts>> | undefined;
}

/** `tasks`: how many the playbook has, where it was inspected; dynamic includes add to it. */
export function createPlayRecord(tasks: number | undefined): PlayRecord {
  const failures: ResultEvent[] = [];
  let begun = 0;
  let task = '';
  let hosts = new Set<string>();
  let stats: Readonly<Record<string, Counts>> | undefined;

  const count = (): string => (tasks === undefined ? `task ${begun}` : `${begun}/${Math.max(tasks, begun)} tasks`);
  return {
    take(event) {
      switch (event.type) {
        case 'task':
          begun += 1;
          task = event.task;
          hosts = new Set();
          return undefined;
        case 'begin': {
          hosts.add(event.host);
          const [only] = hosts;
          return `${hosts.size === 1 ? only : `${hosts.size} machines`}: ${task} (${count()})`;
        }
        case 'retry':
          return `${event.host}: ${event.task}, attempt ${event.attempt ?? '?'} of ${event.of ?? '?'}${event.msg === null ? '' : `: ${firstLine(event.msg)}`}`;
        case 'result':
          if ((event.status !== 'failed' && event.status !== 'unreachable') || event.ignored) return undefined;
          failures.push(event);
          return `${event.host}: ${event.task} ${event.status}${event.msg === null ? '' : `: ${firstLine(event.msg)}`}`;
        case 'stats':
          stats = event.hosts;
          return undefined;
        default:
          return event.name;
      }
    },
    firstFailure() {
      // What was rescued is followed by more of the same machine; what was not is its last failure.
      const last = new Map(failures.map((failure) => [failure.host, failure]));
      const lost = (host: string): boolean => {
        const counts = stats?.[host];
        return counts === undefined || counts.failures + counts.unreachable > 0;
      };
      return failures.find((failure) => last.get(failure.host) === failure && lost(failure.host));
    },
    stats: () => stats,
  };
}

export const firstLine = (text: string): string =>
  text
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim() ?? '';
