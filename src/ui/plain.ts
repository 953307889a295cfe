import type { PlatformEvent } from '../engine/events.ts';
import type { Host } from '../host.ts';
import type { Clock } from '../tools/ports.ts';
import { durationText } from './duration-text.ts';
import { eventLine } from './event-line.ts';
import type { Reporter } from './reporter.ts';
import { follow, isActive, isNoted, newPicture, type RunPicture, tellsSpell } from './run-picture.ts';
import { styleFor } from './style.ts';

const heartbeat = 60_000;

/** One plain line an event, and after a minute of silence a line that names what is awaited: CI kills what says nothing. */
export function openPlain(
  host: Pick<Host, 'environment' | 'stderr'>,
  options: { readonly color: boolean; readonly title: string },
  clock: Clock,
): Reporter {
  const style = styleFor(host, host.stderr, options.color);
  const picture = newPicture(clock.monotonic());
  const over = new AbortController();
  let lastLine = picture.started;
  let counted = false;
  const say = (text: string): void => {
    lastLine = clock.monotonic();
    host.stderr.write(`${style.dim(durationText(lastLine - picture.started).padStart(7))}  ${text}\n`);
  };
  const beat = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await clock.sleep(heartbeat - (clock.monotonic() - lastLine), over.signal);
      if (!over.signal.aborted && clock.monotonic() - lastLine >= heartbeat)
        say(awaitedText(picture, clock.monotonic()));
    }
  };
  void beat();
  return {
    emit: (event: PlatformEvent) => {
      if (event.type === 'step.checking' && picture.asked.length === 0 && !picture.planned)
        say('looking at what is there');
      const repeated = event.type === 'step.note' && isRepeated(picture, event.step, event.text);
      follow(picture, event, clock.monotonic());
      if (repeated) return;
      // Each kept step has a row in the plan; here one line tells all of them.
      if (event.type === 'plan.fixed' && !counted) {
        counted = true;
        const kept = event.rows.filter(({ action }) => action === 'keep').length;
        say(`${style.bold(options.title)}: ${event.rows.length} steps${kept > 0 ? `, ${kept} kept as they are` : ''}`);
      }
      const text = eventLine(event, style);
      if (text !== undefined) say(text);
    },
    pause: () => undefined,
    close: () => {
      over.abort();
      return Promise.resolve();
    },
  };
}

/** Names what is awaited, for how long already, and what was heard last. */
function awaitedText({ steps, asked, planned }: RunPicture, now: number): string {
  if (!planned)
    return asked.length === 0
      ? 'still here'
      : `still looking at what is there: ${asked.length} steps asked, last ${asked.at(-1)}`;
  const active = [...steps.values()].filter(isActive);
  if (active.length === 0) return 'still here; nothing works right now';
  return `still at ${active.map(({ id, since, detail, noted }) => `${id} for ${durationText(now - (since ?? now))} (${detail}${noted === undefined || tellsSpell(detail) ? '' : `, for ${durationText(now - noted)}`})`).join('; ')}`;
}

/** Who polls says the same again and again; in a log it is told once, and its age by the heartbeat. */
function isRepeated({ steps }: RunPicture, id: string, text: string): boolean {
  const step = steps.get(id);
  return step !== undefined && isNoted(step, text);
}
