import type { RunResult } from '../engine/run-options.ts';
import { failureText } from './error-view.ts';
import { leftoverLines, leftoversOf } from './leftovers-view.ts';
import { paragraph } from './screen-lines.ts';
import type { Style } from './style.ts';

/** Failures that are told in full; of the others one line each. */
const fullFailures = 3;

/** What failed and why; of what is left a list instead of a message, each thing with what holds it. */
export function removalFailureLines(failures: RunResult['failures'], style: Style, columns: number): string[] {
  const told = failures.slice(0, fullFailures);
  const others = failures.slice(fullFailures);
  return [
    ...told.flatMap(({ step, failure }) => {
      const { title, leftovers } = leftoversOf(failure);
      return leftovers.length > 0
        ? [
            '',
            style.bold(`What is left (${leftovers.length}), as ${step} says; a <- b: b holds a`),
            ...paragraph(title, 2, columns),
            ...leftoverLines(leftovers, style, columns),
          ]
        : [
            '',
            style.bold(step === '' ? 'the run' : step),
            ...failureText(failure, style, columns).trimEnd().split('\n'),
          ];
    }),
    ...(others.length > 0 ? ['', style.bold('Also failed')] : []),
    ...others.flatMap(({ step, failure }) => paragraph(`${step}: ${failure.code}: ${failure.message}`, 2, columns)),
  ];
}
