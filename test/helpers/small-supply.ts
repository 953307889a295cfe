import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { PlatformError } from '../../src/errors.ts';
import { makeSupply } from '../../src/sandbox/supply/acquire.ts';
import type { SupplyRequest, SupplyWorld } from '../../src/sandbox/supply/world.ts';
import { systemClock } from '../../src/tools/clock.ts';
import type { Command, Exit, Processes } from '../../src/tools/ports.ts';
import { systemProcessTable } from '../../src/tools/process-table.ts';
import { programFolders } from '../../src/tools/program-folder.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const programRoot = fileURLToPath(new URL('../..', import.meta.url));
const ok: Exit = { code: 0, signal: null, tail: [], stdout: '', log: '' };
const optionOf = (argv: readonly string[], name: string): string => argv[argv.indexOf(name) + 1] ?? '';

/**
 * A supply of programs of a few bytes: Go and apt are played, everything else is the real thing. `real` starts the tools
 * that are not played (gpg); without it they are missing.
 */
export function smallSupply(options: { readonly real?: Processes; fails?(command: Command): Exit | undefined } = {}) {
  const folder = temporaryFolder();
  const program = join(folder, 'program');
  for (const name of ['supply', 'control-plane'])
    cpSync(join(programRoot, 'sandbox', name), join(program, 'sandbox', name), { recursive: true });
  const module = join(folder, 'module');
  mkdirSync(join(module, 'pkg/backend/udp'), { recursive: true });
  mkdirSync(join(module, 'Documentation'));
  for (const name of [
    'Documentation/kube-flannel.yml',
    'main.go',
    'pkg/backend/udp/udp_amd64.go',
    'pkg/backend/udp/proxy_amd64.c',
  ])
    writeFileSync(join(module, name), `original ${name}\n`);
  const built: string[] = [];
  const asked: Command[] = [];
  const play = async (command: Command): Promise<Exit> => {
    asked.push(command);
    const failed = options.fails?.(command);
    if (failed !== undefined) return failed;
    const { argv } = command;
    const [tool = ''] = argv;
    if (tool === 'nice') {
      const file = optionOf(argv, '-o');
      built.push(file.slice(file.lastIndexOf('/') + 1));
      writeFileSync(file, `program ${argv.at(-1)}\n`);
      chmodSync(file, 0o755);
      return ok;
    }
    if (tool === 'go') return argv[1] === 'mod' ? { ...ok, stdout: JSON.stringify({ Dir: module }) } : ok;
    if (tool === 'apt-get' || tool === 'dpkg-deb') return ok;
    if (tool === 'tar') {
      writeFileSync(argv.find((word) => word.startsWith('--file='))?.slice('--file='.length) ?? '', 'a layer\n');
      return ok;
    }
    if (options.real !== undefined) return options.real.run(command);
    throw new PlatformError('TOOL_MISSING', { message: `${tool} was not found` });
  };
  const notes: string[] = [];
  const world: SupplyWorld = {
    processes: { run: play },
    table: systemProcessTable(process.pid, process.platform),
    files: programFolders,
    clock: systemClock,
  };
  const request: SupplyRequest = {
    cache: join(folder, 'cache'),
    program,
    kubernetes: '1.36.3',
    machine: 'x64',
    environment: { PATH: process.env['PATH'] ?? '' },
    signal: new AbortController().signal,
    note: (text) => void notes.push(text),
  };
  const make = (changes: Partial<SupplyRequest> = {}) => makeSupply(world, { ...request, ...changes });
  return { folder, program, request, built, asked, notes, make };
}
