import { PassThrough } from 'node:stream';
import type { Host } from '../../src/host.ts';
import { Recorder } from '../unit/ui/golden.ts';

/** Two ends of a terminal, or what looks like none. `keys` are typed as soon as anything is shown. */
export function person(
  options: { readonly stdin?: boolean; readonly stderr?: boolean; readonly CI?: string; readonly keys?: string } = {},
) {
  const { stdin = true, stderr = true, CI, keys } = options;
  const [input, output] = [new PassThrough(), new PassThrough()];
  const said = new Recorder({ isTTY: stderr });
  let shown = '';
  output.on('data', (chunk: Buffer) => {
    if (shown === '' && keys !== undefined) setImmediate(() => input.write(keys));
    shown += chunk.toString();
  });
  const host = {
    environment: CI === undefined ? {} : { CI },
    stdin: { isTTY: stdin },
    stderr: said,
    terminal: { input, output },
  } as unknown as Host;
  return { host, input, shown: () => shown, said: () => said.text };
}
