import { expect } from 'vitest';
import type { DurableEvent } from '../../src/engine/events.ts';
import { encodeRecord } from '../../src/engine/record.ts';
import { BuiltProgram, type Said } from './built-program.ts';
import { freePort } from './free-port.ts';
import { pretendSandbox, smallPlatform } from './small-platform.ts';

const region = 'eu-west-1';
export const yaml = smallPlatform({ name: 'shop', region });
export const state = '.platform/sandbox';

/** A project whose sandbox seems to run (its supervisor is this test) while nothing answers at its addresses. */
export async function project(text = yaml): Promise<BuiltProgram> {
  const program = new BuiltProgram();
  program.write('platform.yaml', text);
  const nobody = `http://127.0.0.1:${await freePort()}`;
  const tool = (name: string, version: string): string =>
    program.write(`tools/${name}`, `#!/bin/sh\necho '${version}'\n`, 0o755);
  const tools = {
    ssh: tool('ssh', 'OpenSSH_9.2p1'),
    'ansible-playbook': tool('ansible-playbook', 'ansible-playbook [core 2.19.0]'),
    helm: tool('helm', 'v4.1.4'),
    kubectl: tool('kubectl', 'v1.36.0'),
    python: tool('python', 'Python 3.12.1'),
  };
  await pretendSandbox(program, { region, endpoint: nobody, rest: nobody, tools });
  return program;
}

interface ErrorDocument {
  readonly schema: string;
  readonly code: string;
  readonly exitCode: number;
  readonly message: string;
  readonly next: readonly string[];
}

const documentOf = ({ stdout }: Said): ErrorDocument =>
  JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as ErrorDocument;

/** The refusal as a person sees it (golden) and as a machine does; both runs leave every file as it was. */
export async function refused(
  program: BuiltProgram,
  args: readonly string[],
  name: string,
  code: string,
  exitCode: number,
  plain = (text: string): string => text,
): Promise<void> {
  const before = program.files();
  const said = await program.run(args);
  expect(program.files()).toEqual(before);
  await expect(
    `$ platform ${args.join(' ')}\n${plain(program.plain(said.stderr))}exit ${said.code}\n`,
  ).toMatchFileSnapshot(`../golden/bad-input/${name}.txt`);
  expect(said.code).toBe(exitCode);
  expect(said.stdout).toBe('');
  const document = documentOf(await program.run([...args, '--json']));
  expect(document).toMatchObject({ schema: 'platform/error/v1', code, exitCode });
  expect(document.message).not.toBe('');
  expect(document.next).not.toEqual([]);
  expect(program.files()).toEqual(before);
}

export const run = '2026-01-01T00-00-00-test';
export const journalFile = `${state}/journal/${run}.ndjson`;

/** The journal of a run that a crash cut off inside a step. */
export function journalOf(...more: readonly DurableEvent[]): string {
  const events: readonly DurableEvent[] = [
    { type: 'run.created', verb: 'up', environment: 'sandbox', version: '0.1.0', config: 'c', steps: [] },
    { type: 'step.intent', step: 'node-base', attempt: 1, inputs: 'i', because: 'not done yet' },
    ...more,
  ];
  return events.map((event, index) => encodeRecord({ v: 1, seq: index + 1, ts: 0, run, event })).join('');
}

export const settled: DurableEvent = { type: 'step.settled', step: 'node-base', attempt: 1, because: 'looked at' };
