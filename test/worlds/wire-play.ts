import type { Ended } from '../e2e/support/project.ts';
import type { WireWorld } from './wire-world.ts';

/** Takes a world apart as a person would: killed on the way where the world says so, the same command again goes on. */
export async function destroy({ project, arguments: words, environment: env, kill }: WireWorld): Promise<Ended> {
  if (kill === undefined) return project.platform(words, { env });
  let seen = 0;
  let terraform: number | undefined;
  const cut = await project.platform(words, {
    env,
    onEvent: (event, child) => {
      if (event.type === 'step.spawned' && event.process.tool === 'terraform') terraform = event.process.pid;
      if (event.type === 'step.done') terraform = undefined;
      if (++seen !== kill.after) return;
      child.kill('SIGKILL');
      if (kill.terraformToo && terraform !== undefined) process.kill(-terraform, 'SIGKILL');
    },
  });
  return cut.signal === null ? cut : project.platform(words, { env });
}
