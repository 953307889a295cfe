import { titleOf } from './judge.ts';
import type { Outcome } from './property.ts';

/** A teardown as a person reads it: the world, what was said and done and when, how it ended, what is left, and what broke a promise. */
export function traceOf({ seed, world, player, endings, problems, calls, owned }: Outcome): readonly string[] {
  const { aws, clusterId, story, terraform, cluster } = world;
  const lines: { readonly at: number; readonly text: string }[] = [];
  const say = (at: number, text: string): void => void lines.push({ at, text });
  for (const { at, event } of player.events) {
    switch (event.type) {
      case 'step.intent':
        say(at, `${event.step} begins: ${event.because}`);
        break;
      case 'step.note':
        say(at, `${event.step}: ${event.text}`);
        break;
      case 'step.audit':
        say(at, `${event.step} will ${event.action} ${event.target}, because ${event.because}`);
        break;
      case 'step.done':
        say(at, `${event.step} is done${event.kept ? ' (kept)' : ''}: ${event.because}`);
        break;
      case 'step.failed':
        say(at, `${event.step} failed: ${event.failure.code} ${event.failure.message}`);
        break;
      default:
        break;
    }
  }
  for (const call of aws.calls)
    if (call.mutating || call.error !== undefined)
      say(
        call.at,
        `  AWS ${call.actor} ${call.action} ${call.target ?? ''} (${call.truth ?? 'not there'})${call.error === undefined ? '' : `: ${call.error}`}`,
      );
  for (const { at, verb, target } of cluster.writes) say(at, `  Kubernetes ${verb} ${target}`);
  for (const { at, address, on } of terraform.waited) say(at, `  Terraform waits with ${address} on ${on}`);
  lines.sort((one, other) => one.at - other.at);
  const left = aws.all().filter(({ phase, truth }) => phase !== 'gone' && truth !== 'foreign' && truth !== 'shared');
  return [
    `world ${seed}: cluster ${clusterId}; ${story.join('; ')}`,
    ...lines.map(({ at, text }) => `${(at / 1000).toFixed(1).padStart(8)} s  ${text}`),
    ...endings.map(
      ({ exitCode, step, failure }, index) =>
        `run ${index + 1}: exit ${exitCode}${failure === undefined ? '' : ` in ${step}: ${failure.code} ${failure.message}`}${(failure?.next ?? []).map((next) => `\n    next: ${next}`).join('')}`,
    ),
    ...left.map((thing) => {
      const holders = aws.holdersOf(thing).map(titleOf);
      return `left: ${titleOf(thing)}${holders.length === 0 ? '' : ` <- ${holders.join(', ')}`}`;
    }),
    `${calls} calls on AWS in the first run, ${owned} things of ours`,
    ...(problems.length === 0 ? ['no promise broken'] : problems.map((problem) => `BROKEN: ${problem}`)),
  ];
}
