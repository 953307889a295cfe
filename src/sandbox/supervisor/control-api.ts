import { parse, stringify } from 'yaml';
import { textFiles } from '../../tools/files.ts';
import { applyEffect } from '../effects/index.ts';
import { EffectRefused } from '../effects/effect.ts';
import type { EffectWorld, HostFacts } from '../effects/effect.ts';
import { json } from '../http.ts';
import type { Asked, Reply } from '../http.ts';
import { runCommand } from '../machines/commands.ts';
import { sshdOf } from '../machines/machine.ts';

export interface ControlWorld extends EffectWorld {
  readonly parts: () => readonly { readonly name: string; readonly alive: boolean; readonly detail?: string }[];
  stop(): void;
}

/**
 * The loopback API below its secret word:
 *   GET  /parts                        what runs
 *   GET  /machines                     all machines
 *   GET  /machines/reach?address=&port= {open, because}, as a TCP connection would end
 *   GET  /machines/host-key?address=   {open, because?, hostKey?}
 *   POST /machines/run {address, user, command}  {code, stdout, stderr}
 *   POST /effects/NAME                 a generated Ansible task
 *   POST /shutdown
 */
export function controlApi(world: ControlWorld): (asked: Asked, path: string) => Promise<Reply> {
  const sshd = (address: string) => sshdOf(world.machines.at(address), world.settings.delay, world.clock.now());
  return async (asked, path) => {
    const address = asked.url.searchParams.get('address') ?? '';
    if (path.startsWith('/effects/') && asked.method === 'POST')
      return effect(world, path.slice('/effects/'.length), asked);
    switch (`${asked.method} ${path}`) {
      case 'GET /parts':
        return json(200, world.parts());
      case 'GET /machines':
        return json(200, world.machines.all());
      case 'GET /machines/reach':
        return json(200, reach(world, address, Number(asked.url.searchParams.get('port'))));
      case 'GET /machines/host-key': {
        const answer = sshd(address);
        return json(200, answer.open ? { open: true, hostKey: world.machines.at(address)?.hostKey } : answer);
      }
      case 'POST /machines/run':
        return run(world, asked);
      case 'POST /shutdown':
        world.stop();
        return json(202, {});
      default:
        return json(404, { because: `no such path: ${asked.method} ${path}` });
    }
  };
}

function reach(
  world: ControlWorld,
  address: string,
  port: number,
): { readonly open: boolean; readonly because: string } {
  const name = `port ${port} of ${address}`;
  const machine = world.machines.at(address);
  const answer = sshdOf(machine, world.settings.delay, world.clock.now());
  if (machine === undefined || (!answer.open && answer.because === 'timed out'))
    return { open: false, because: `${name} does not answer` };
  const open =
    port === 22
      ? answer.open
      : port === 6443 && machine.node?.role === 'control-plane' && world.cluster.current() !== undefined;
  return { open, because: `${name} ${open ? 'is open' : 'refuses connections'}` };
}

async function run(world: ControlWorld, asked: Asked): Promise<Reply> {
  const { address, command } = (await asked.json()) as { readonly address: string; readonly command: string };
  const machine = world.machines.at(address);
  if (machine === undefined) return json(404, { because: `no machine has the address ${address}` });
  const cluster = machine.node?.role === 'control-plane' ? world.cluster.current() : undefined;
  return json(
    200,
    runCommand(machine, command, {
      delay: world.settings.delay,
      now: world.clock.now(),
      adminConfiguration: cluster === undefined ? undefined : await adminConfiguration(cluster.kubeconfig),
    }),
  );
}

/** In the plain YAML that kubeadm writes; ours is JSON. */
async function adminConfiguration(kubeconfig: string): Promise<string> {
  return stringify(parse((await textFiles.read(kubeconfig)) ?? ''), { lineWidth: 0 });
}

async function effect(world: ControlWorld, name: string, asked: Asked): Promise<Reply> {
  try {
    return json(200, await applyEffect(world, name, (await asked.json()) as HostFacts));
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    return json(error instanceof EffectRefused ? 409 : 500, { because }, because);
  }
}
