import { systemClock } from '../../tools/clock.ts';
import { foldersIn } from '../../tools/folders.ts';
import { tellPowerOff } from './far-machines.ts';
import type { FarInstance } from './far-machines.ts';
import { askHost, bootHost, cutPower, lastWords, readRecord, removeHost, runs, writeRecord } from './host.ts';
import type { HostRecord, HostWorld } from './host.ts';

export interface FollowWorld extends HostWorld {
  /** Of the local AWS. */
  readonly endpoint: string;
  say(text: string): void;
}

/** What is due for one host, by what AWS says of its instance and by what is here; pure. */
export type Deed = 'nothing' | 'boot' | 'reboot' | 'tell power-off' | 'shut down' | 'remove';

export function deedFor(instance: FarInstance | undefined, host: HostRecord | undefined, isOn: boolean): Deed {
  const state = instance?.state ?? 'terminated';
  if (state === 'shutting-down' || state === 'terminated') return host === undefined ? 'nothing' : 'remove';
  if (state === 'stopping' || state === 'stopped')
    return host !== undefined && (isOn || host.wanted) ? 'shut down' : 'nothing';
  if (host === undefined) return 'boot';
  // Who shall run and does not has switched itself off; who was off, or whose start was cut short, is started.
  if (!isOn) return host.wanted && host.keeper !== undefined ? 'tell power-off' : 'boot';
  return (instance?.reboots ?? 0) > host.reboots ? 'reboot' : 'nothing';
}

/** How long a guest may take to power off before the plug is pulled. */
const patience = 30_000;

/** Brings every host to what AWS says of its instance, each on its own; a host that is busy is left to itself. */
export function openFollower(world: FollowWorld): {
  follow(instances: readonly FarInstance[]): Promise<void>;
  /** Resolves when no host is being worked on. */
  settled(): Promise<void>;
} {
  const busy = new Map<string, Promise<void>>();
  const work = async (id: string, instance: FarInstance | undefined): Promise<void> => {
    const host = await readRecord(world, id);
    await carryOut(world, deedFor(instance, host, host !== undefined && (await runs(host))), id, instance, host);
  };
  return {
    async follow(instances) {
      const known = (await foldersIn(world.folder)).filter((name) => name.startsWith('i-'));
      const all = new Map<string, FarInstance | undefined>(known.map((id) => [id, undefined]));
      for (const one of instances) if (one.privateAddress !== '') all.set(one.id, one);
      for (const [id, instance] of all) {
        if (busy.has(id)) continue;
        const done = work(id, instance)
          .catch((error: unknown) => world.say(`${id}: ${error instanceof Error ? error.message : String(error)}`))
          .finally(() => busy.delete(id));
        busy.set(id, done);
      }
    },
    settled: async () => {
      await Promise.all(busy.values());
    },
  };
}

async function carryOut(
  world: FollowWorld,
  deed: Deed,
  id: string,
  instance: FarInstance | undefined,
  host: HostRecord | undefined,
): Promise<void> {
  if (deed === 'nothing') return;
  world.say(`${id}: ${deed}`);
  if (deed === 'boot' && instance !== undefined) {
    // A start that was cut short may have left a keeper that nobody wrote down.
    if (host !== undefined) await cutPower(world, id);
    await bootHost(world, instance, host);
  } else if (deed === 'remove') await removeHost(world, id);
  else if (deed === 'reboot' && host !== undefined && instance !== undefined) {
    // Not asked while it has no first process yet: the next look does it.
    if (await askHost(world, id, 'reboot')) await writeRecord(world, { ...host, reboots: instance.reboots });
  } else if (deed === 'tell power-off' && host !== undefined) {
    world.say(`${id}: went off by itself: ${await lastWords(world, id)}`);
    await cutPower(world, id);
    await tellPowerOff(world.endpoint, id);
    await writeRecord(world, { ...host, wanted: false });
  } else if (deed === 'shut down' && host !== undefined) {
    await shutDown(world, id, host);
  }
}

async function shutDown(world: FollowWorld, id: string, host: HostRecord): Promise<void> {
  const end = systemClock.monotonic() + patience;
  await askHost(world, id, 'power-off');
  while ((await runs(host)) && systemClock.monotonic() < end) await systemClock.sleep(100);
  await cutPower(world, id);
  await writeRecord(world, { ...host, wanted: false });
}
