import { connect } from 'node:net';
import { startBeside } from './hold.ts';
import type { Output } from './output.ts';
import type { CompanionRequest } from './protocol.ts';
import { killSession } from './session.ts';
import type { Surroundings } from './tool.ts';

const pause = 50;

export interface Companion {
  /** Ends it and everything that it started. */
  end(): void;
}

/**
 * Starts the companion of a tool and waits until its loopback port accepts connections. Throws with the companion's last
 * words when it ends first, or when it is not ready in time; nothing of it is left then.
 */
export async function startCompanion(
  request: CompanionRequest & { readonly cwd: string },
  output: Output,
  after: Surroundings['after'],
): Promise<Companion> {
  const name = request.argv[0] ?? '';
  const { child, gate } = await startBeside(request);
  if (child.stdout) output.follow(child.stdout, 'stderr');
  if (child.stderr) output.follow(child.stderr, 'stderr');
  let over: string | undefined;
  child.once('exit', (code, signal) => {
    over = `${name} ended with ${signal ?? `code ${code}`} before the tool did`;
    output.remark(over);
  });
  const end = (): void => {
    gate.end();
    if (over === undefined && child.pid !== undefined) killSession(child.pid);
  };
  let late = false;
  const cancel = after(request.within, () => {
    late = true;
  });
  try {
    while (!(await accepts(request.port))) {
      if (over !== undefined) throw new Error([over, ...output.tail().slice(-3)].join(': '));
      if (late) throw new Error(`${name} did not open port ${request.port} within ${request.within} ms`);
      await new Promise<void>((go) => after(pause, go));
    }
    return { end };
  } catch (error) {
    end();
    throw error;
  } finally {
    cancel();
  }
}

/** Tells whether a loopback port accepts connections right now. */
async function accepts(port: number): Promise<boolean> {
  return await new Promise((answer) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      answer(true);
    });
    socket.once('error', () => answer(false));
  });
}
