import { join } from 'node:path';
import { textFiles } from '../../tools/files.ts';
import { writeQuick } from '../../tools/folders.ts';
import type { AwsMachine } from '../supervisor/far-side.ts';
import { makeSshKey } from '../user-key.ts';
import type { SimulatedMachine } from './machine.ts';

/** All machines of a sandbox; on disk, so that a new supervisor knows them. */
export interface Machines {
  all(): readonly SimulatedMachine[];
  /** By public or private address. */
  at(address: string): SimulatedMachine | undefined;
  get(id: string): SimulatedMachine | undefined;
  change(id: string, part: Partial<SimulatedMachine>): Promise<void>;
  /** Takes over what AWS says; gives those that are gone. */
  follow(instances: readonly AwsMachine[], now: number): Promise<readonly SimulatedMachine[]>;
}

/** `keep`: the AWS of these machines is still the same; otherwise they are forgotten. */
export async function openMachines(folder: string, keep: boolean): Promise<Machines> {
  const file = join(folder, 'machines.json');
  const text = keep ? await textFiles.read(file) : undefined;
  const machines = new Map(
    (text === undefined ? [] : (JSON.parse(text) as SimulatedMachine[])).map((one) => [one.id, one]),
  );
  let saved = '';
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const next = `${JSON.stringify([...machines.values()], undefined, 2)}\n`;
    if (next === saved) return writing;
    saved = next;
    writing = writing.catch(() => undefined).then(() => writeQuick(file, next));
    return writing;
  };
  return {
    all: () => [...machines.values()],
    get: (id) => machines.get(id),
    at: (address) =>
      [...machines.values()].find(
        (one) => address !== '' && (one.address === address || one.privateAddress === address),
      ),
    async change(id, part) {
      const machine = machines.get(id);
      if (machine === undefined) return;
      machines.set(id, { ...machine, ...part });
      await save();
    },
    async follow(instances, now) {
      const gone = [...machines.values()].filter(
        (one) => !instances.some(({ id, state }) => id === one.id && !isEnding(state)),
      );
      for (const { id } of gone) machines.delete(id);
      for (const instance of instances)
        if (!isEnding(instance.state)) machines.set(instance.id, met(machines.get(instance.id), instance, now));
      await save();
      return gone;
    },
  };
}

const isEnding = (state: string): boolean => state === 'shutting-down' || state === 'terminated';

function met(known: SimulatedMachine | undefined, instance: AwsMachine, now: number): SimulatedMachine {
  const { id, name, type, state, privateAddress, publicAddress } = instance;
  const { bootedAt, ...machine } = known ?? {
    hostKey: makeSshKey('').publicKey,
    printed: false,
    units: [],
    bootedAt: undefined,
  };
  // Stopped and started again it boots anew, with the same disk and host key.
  const booted = state === 'running' ? (bootedAt ?? now) : undefined;
  return {
    ...machine,
    id,
    name,
    type,
    state,
    privateAddress,
    address: publicAddress,
    ...(booted === undefined ? {} : { bootedAt: booted }),
  };
}
