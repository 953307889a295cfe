import { isPlatformError } from '../../errors.ts';
import type { Clock } from '../../tools/ports.ts';
import { readTextFile } from '../../tools/text-files.ts';
import { openAws } from './shared/aws.ts';
import type { Controller } from './shared/controller.ts';
import { readFault } from './shared/faults.ts';
import { connectionOf } from './shared/kubeconfig.ts';
import { openKubernetes } from './shared/kubernetes.ts';
import type { Kubernetes } from './shared/kubernetes.ts';

/** What the controllers stand on; paths are read again and again, because a cluster may come, go and come back as another one. */
export interface ControllersWorld {
  readonly kubeconfig: string;
  readonly endpoint: string;
  readonly region: string;
  readonly faults?: string;
  readonly clock: Clock;
  note(text: string): void;
}

/** Milliseconds between two rounds: when something was written and more will follow; when nothing was; and when nothing was for long. */
const busy = 150;
const idle = 1_000;
const sleepy = 2_000;

/** Runs all until the signal; one loop each, so that a slow one holds up no other. */
export async function runControllers(
  controllers: readonly Controller[],
  world: ControllersWorld,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(controllers.map((controller) => loop(controller, world, signal)));
}

async function loop(controller: Controller, world: ControllersWorld, signal: AbortSignal): Promise<void> {
  let said = '';
  const note = (text: string): void => {
    // The same failure every second would bury the rest of the log.
    if (text !== said) world.note(`${controller.name}: ${text}`);
    said = text;
  };
  let life: { readonly writes: number; left: number } | undefined;
  const spend = (): void => {
    if (life === undefined) return;
    if (life.left === 0) throw new Error('it is dead');
    life.left -= 1;
  };
  const { userAgent } = controller;
  const aws = openAws({ endpoint: world.endpoint, region: world.region, userAgent, spend });
  let open: { readonly text: string; readonly kubernetes: Kubernetes } | undefined;
  const round = async (): Promise<boolean> => {
    const text = readTextFile(world.kubeconfig);
    if (text === undefined || text.trim() === '') return false;
    if (open?.text !== text) {
      open?.kubernetes.close();
      open = { text, kubernetes: openKubernetes(connectionOf(text), world.clock, userAgent, spend) };
    }
    const { kubernetes } = open;
    const fault = readFault(world.faults, controller.name);
    if (fault.dies !== life?.writes)
      life = fault.dies === undefined ? undefined : { writes: fault.dies, left: fault.dies };
    if (fault.dead || life?.left === 0) {
      await controller.silence?.();
      return false;
    }
    if (fault.slow > 0) await world.clock.sleep(fault.slow * 1000, signal);
    const before = kubernetes.writes + aws.writes;
    await controller.round({
      kubernetes,
      aws,
      clock: world.clock,
      note,
      leaks: fault.leak,
      recreates: fault.recreate,
      // Read anew whenever it is asked for: a round that began before the fault was put in place still meets it.
      get failure() {
        return readFault(world.faults, controller.name).fail;
      },
      get refusal() {
        const { refuse, fail } = readFault(world.faults, controller.name);
        return refuse ?? fail;
      },
    });
    return kubernetes.writes + aws.writes > before;
  };
  let quiet = 0;
  while (!signal.aborted) {
    let wrote = false;
    try {
      wrote = await round();
    } catch (error) {
      // Somebody changed the object meanwhile: look again at once.
      if (isPlatformError(error) && error.facts['reason'] === 'Conflict') wrote = true;
      else note(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    }
    quiet = wrote ? 0 : quiet + 1;
    await world.clock.sleep(wrote ? busy : Math.min(sleepy, idle + 50 * quiet), signal);
  }
  await controller.silence?.();
  open?.kubernetes.close();
  aws.close();
}
