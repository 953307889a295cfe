import type { PlatformEvent } from '../engine/events.ts';
import { durationText } from './duration-text.ts';
import { policies } from './frame.ts';
import type { Style } from './style.ts';
import { oneLine } from './text-width.ts';

/** One event as one line without cursor codes: what, which step, why. undefined: not worth a line. */
export function eventLine(event: PlatformEvent, style: Style): string | undefined {
  switch (event.type) {
    case 'run.message':
      return event.level === 'warning' ? style.yellow(oneLine(event.text)) : oneLine(event.text);
    case 'run.resumed':
      return `going on: ${event.because}`;
    case 'step.intent':
      return `${style.cyan('start')} ${event.step}: ${oneLine(event.because)}${event.attempt > 1 ? ` (attempt ${event.attempt})` : ''}`;
    case 'step.waiting':
      return `${style.dim('wait ')} ${event.step}: ${event.because}`;
    case 'step.note':
      return `${style.dim('note ')} ${event.step}: ${oneLine(event.text)}`;
    case 'step.audit':
      return `${style.yellow('audit')} ${event.step}: ${oneLine(`${event.action} ${event.target}: ${event.because}`)}`;
    case 'step.adopted':
      return `${style.dim('note ')} ${event.step}: ${event.process.tool} of an earlier run ended with ${event.exitCode === null ? (event.signal ?? 'an unknown code') : `code ${event.exitCode}`}`;
    case 'step.settled':
      return `${style.dim('note ')} ${event.step}: settled, ${oneLine(event.because)}`;
    case 'step.retrying':
      return `${style.yellow('retry')} ${event.step} in ${durationText(event.delay)}: ${oneLine(event.failure.message)}`;
    case 'probe.sample':
      if (event.is === 'ready') return undefined;
      return `${style.yellow('wait ')} ${event.step}: ${oneLine(event.because)} (${event.probe}, ${durationText(event.elapsed)} of ${durationText(event.within)})`;
    case 'step.done':
      if (event.kept) return undefined;
      return `${style.green('done ')} ${event.step} in ${durationText(event.work + event.wait)}${event.wait >= 1000 ? ` (${durationText(event.work)} of work, ${durationText(event.wait)} until ready)` : ''}`;
    case 'step.failed':
      return `${style.red('fail ')} ${event.step}: ${event.failure.code}: ${oneLine(event.failure.message)}`;
    case 'step.interrupted':
      return `${style.yellow('cut  ')} ${event.step}: ${oneLine(event.because)}`;
    case 'step.skipped':
      return event.blockedBy.length > 0 ? `${style.dim('skip ')} ${event.step}: ${event.because}` : undefined;
    case 'step.forgotten':
      return `${style.dim('note ')} ${event.step}: forgotten, ${event.because}`;
    case 'signal.received':
      return `${event.signal} received`;
    case 'run.cancelling':
      return style.yellow(cancelText(event));
    default:
      return undefined;
  }
}

function cancelText({ awaited, budget }: Extract<PlatformEvent, { type: 'run.cancelling' }>): string {
  if (awaited.length === 0) return 'stopping: nothing works any more';
  const names = awaited.map(({ step, policy }) => `${step} (${policies[policy] ?? policy})`).join(', ');
  const policy = new Set(awaited.map((one) => one.policy));
  const insist = policy.has('kill')
    ? 'the next run settles what that leaves'
    : policy.has('drain') || policy.has('abort')
      ? 'a second Ctrl-C interrupts, a third kills'
      : 'insisting with Ctrl-C kills';
  return `stopping: up to ${durationText(budget)} for ${names}; ${insist}`;
}
