import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Processes } from '../../src/tools/ports.ts';

/** Starts real programs without a launcher, a log or redaction: for adapters under test. */
export const plainProcesses: Processes = {
  run: (command) =>
    new Promise((resolve, reject) => {
      const [program = '', ...argv] = command.argv;
      const child = spawn(program, argv, {
        cwd: command.cwd,
        env: command.env,
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(command.signal !== undefined && { signal: command.signal, killSignal: 'SIGINT' as const }),
      });
      const tail: string[] = [];
      let stdout = '';
      for (const stream of ['stdout', 'stderr'] as const) {
        createInterface({ input: child[stream] }).on('line', (line) => {
          tail.push(line);
          if (stream === 'stdout') stdout += `${line}\n`;
          command.onLine?.(line, stream);
        });
      }
      child.stdin.on('error', () => {});
      child.stdin.end(command.input ?? '');
      child.once('error', (error) => {
        if (command.signal?.aborted !== true) reject(error);
      });
      child.once('close', (code, signal) => resolve({ code, signal, tail: tail.slice(-200), stdout, log: '' }));
    }),
};
