import type { PlatformEvent } from '../engine/events.ts';
import type { Host } from '../host.ts';
import type { Clock } from '../tools/ports.ts';
import { durationText } from './duration-text.ts';
import type { Reporter } from './reporter.ts';
import { styleFor } from './style.ts';

const heartbeat = 60_000;

/** One plain line an event, and once a minute of silence a line that names what is awaited: CI kills what says nothing. */
export function openPlain(
  host: Pick<Host, 'environment' | 'stderr'>,
  options: { readonly color: boolean },
  clock: Clock,
): Reporter {
  const style = styleFor(host, host.stderr, options.color);
  const started = clock.monotonic();
  const active = new Map<string, { since: number; saying: string }>();
  const over = new AbortController();
  let lastLine = clock.monotonic();
  const say = (text: string): void => {
    lastLine = clock.monotonic();
    host.stderr.write(`${style.dim(durationText(lastLine - started).padStart(7))}  ${text}\n`);
  };
  void beat();
  async function beat(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(heartbeat - (clock.monotonic() - lastLine), over.signal);
      if (over.signal.aborted || clock.monotonic() - lastLine < heartbeat) continue;
      say(
        [...active]
          .map(([step, { since, saying }]) => `${step} for ${durationText(clock.monotonic() - since)}: ${saying}`)
          .join('; ') || 'still here',
      );
    }
  }
  return {
    emit: (event) => {
      track(active, event, clock.monotonic());
      const text = lineOf(event, style);
      if (text !== undefined) say(text);
    },
    close: () => {
      over.abort();
      return Promise.resolve();
    },
  };
}

function track(active: Map<string, { since: number; saying: string }>, event: PlatformEvent, now: number): void {
  if (event.type === 'step.intent') active.set(event.step, { since: now, saying: event.because });
  else if (event.type === 'step.note')
    active.set(event.step, { since: active.get(event.step)?.since ?? now, saying: event.text });
  else if (event.type === 'probe.sample')
    active.set(event.step, { since: active.get(event.step)?.since ?? now, saying: event.because });
  else if (event.type === 'step.done' || event.type === 'step.failed' || event.type === 'step.interrupted')
    active.delete(event.step);
}

function lineOf(event: PlatformEvent, style: ReturnType<typeof styleFor>): string | undefined {
  switch (event.type) {
    case 'run.message':
      return event.level === 'warning' ? style.yellow(event.text) : event.text;
    case 'step.intent':
      return `${style.cyan('start')} ${event.step}: ${event.because}${event.attempt > 1 ? ` (attempt ${event.attempt})` : ''}`;
    case 'step.note':
      return `      ${event.step}: ${event.text}`;
    case 'step.adopted':
      return `      ${event.step}: ${event.process.tool} of an earlier run ended with ${event.exitCode === null ? (event.signal ?? 'an unknown code') : `code ${event.exitCode}`}`;
    case 'step.retrying':
      return `${style.yellow('retry')} ${event.step} in ${durationText(event.delay)}: ${event.failure.message.split('\n')[0]}`;
    case 'probe.sample':
      return event.is === 'ready'
        ? undefined
        : `${style.yellow('wait ')} ${event.step}: ${event.because} (${event.probe}, ${durationText(event.elapsed)} of ${durationText(event.within)})`;
    case 'step.done':
      return event.kept
        ? undefined
        : `${style.green('done ')} ${event.step}: ${durationText(event.work)}${event.wait >= 50 ? `, ready after ${durationText(event.wait)} more` : ''}`;
    case 'step.failed':
      return `${style.red('fail ')} ${event.step}: ${event.failure.code} ${event.failure.message.split('\n')[0]}`;
    case 'step.interrupted':
      return `${style.yellow('cut  ')} ${event.step}: ${event.because}`;
    case 'step.skipped':
      return event.blockedBy.length > 0 ? `${style.dim('skip ')} ${event.step}: ${event.because}` : undefined;
    case 'signal.received':
      return `${event.signal} received`;
    case 'run.cancelling':
      return `stopping: waiting up to ${durationText(event.budget)} for ${event.awaited.map(({ step, policy }) => `${step} (${policy})`).join(', ') || 'nothing'}; again to insist`;
    default:
      return undefined;
  }
}
