import type { Failure, PlatformEvent } from '../engine/events.ts';
import type { Host } from '../host.ts';
import type { Clock, WritableTextFiles } from '../tools/ports.ts';
import { jobSummary } from './job-summary.ts';
import { openPlain } from './plain.ts';
import type { Reporter } from './reporter.ts';
import { follow, newPicture } from './run-picture.ts';

/** GitHub shows ten annotations of a kind a step and drops the rest without a word (docs.github.com, "Annotations limits"). */
const annotationLimit = 10;
/** Already secret to the runner where they come from its store; a self-hosted runner may bring its own. */
const secretVariables = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/**
 * Plain lines with what GitHub makes of them: the looking in a group, masks, at most ten annotations, and a job summary
 * with table and Gantt chart. The runner reads workflow commands on stderr as well as on stdout.
 */
export function openGithub(
  host: Pick<Host, 'environment' | 'stderr'>,
  options: {
    readonly color: boolean;
    readonly title: string;
    readonly files: Pick<WritableTextFiles, 'read' | 'write'>;
  },
  clock: Clock,
): Reporter {
  const write = (text: string): void => host.stderr.write(`${text}\n`);
  for (const name of secretVariables) {
    const value = host.environment[name] ?? '';
    if (value.length >= 8) write(`::add-mask::${escapeData(value)}`);
  }
  const picture = newPicture(clock.monotonic());
  const failures: { readonly step: string; readonly failure: Failure }[] = [];
  let looked = false;
  let group: 'looking' | 'deeds' | undefined;
  const endGroup = (): void => {
    if (group !== undefined) write('::endgroup::');
    group = undefined;
  };
  const beginGroup = (name: 'looking' | 'deeds', title: string): void => {
    if (group === name) return;
    endGroup();
    write(`::group::${title}`);
    group = name;
  };
  let drawing = false;
  // A heartbeat that comes by itself must be seen: not in a group that is folded away.
  const unfolded = (text: string): void => {
    if (!drawing && group === 'deeds') endGroup();
    host.stderr.write(text);
  };
  const stderr = { isTTY: host.stderr.isTTY, columns: host.stderr.columns, write: unfolded };
  const plain = openPlain({ environment: host.environment, stderr }, options, clock);
  let over = false;
  return {
    emit: (event: PlatformEvent) => {
      if (event.type === 'step.checking' && !looked) {
        looked = true;
        beginGroup('looking', 'Looking at what is there');
      }
      if (event.type === 'step.checking' && group === 'looking') write(`  ${event.step}`);
      if (event.type === 'plan.fixed') endGroup();
      if (event.type === 'step.audit') beginGroup('deeds', 'Deletions and other changes, each with its reason');
      else if (group === 'deeds' && event.type !== 'step.note') endGroup();
      follow(picture, event, clock.monotonic());
      drawing = true;
      plain.emit(event);
      drawing = false;
      if (event.type === 'step.failed') {
        failures.push(event);
        if (failures.length < annotationLimit) write(annotation(event.step, event.failure));
      }
    },
    pause: endGroup,
    close: async () => {
      if (over) return;
      over = true;
      endGroup();
      await plain.close();
      const untold = failures.slice(annotationLimit - 1);
      if (untold.length === 1) for (const { step, failure } of untold) write(annotation(step, failure));
      else if (untold.length > 1)
        write(
          `::error title=${escapeProperty(options.title)}::${untold.length} more steps failed; the job summary has them all`,
        );
      const path = host.environment['GITHUB_STEP_SUMMARY'];
      if (path === undefined || path === '' || !picture.planned) return;
      const problem = await appendSummary(
        options.files,
        path,
        jobSummary(picture, failures, options.title, clock.monotonic()),
      );
      if (problem !== undefined) write(problem);
    },
  };
}

/** Other steps of the job may have written before. A summary that cannot be written is told: it must not hide the result of the run. */
async function appendSummary(
  files: Pick<WritableTextFiles, 'read' | 'write'>,
  path: string,
  text: string,
): Promise<string | undefined> {
  try {
    await files.write(path, `${(await files.read(path)) ?? ''}${text}`);
    return undefined;
  } catch (error) {
    return `::warning title=Job summary::${escapeData(error instanceof Error ? error.message : String(error))}`;
  }
}

function annotation(step: string, { code, message, next }: Failure): string {
  const text = [message, ...next.map((one) => `Next: ${one}`)].join('\n');
  return `::error title=${escapeProperty(`${step}: ${code}`)}::${escapeData(text)}`;
}

/** Escapes of workflow commands, as the runner undoes them (github.com/actions/toolkit, packages/core/src/command.ts). */
export const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
export const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
