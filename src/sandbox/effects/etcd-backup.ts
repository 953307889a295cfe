import { EffectRefused } from './effect.ts';
import type { Effect } from './effect.ts';

const timer = 'platform-etcd-backup.timer';

/** The timer is active; no snapshot is taken. */
export const etcdBackup: Effect = async ({ machines }, machine) => {
  if (machine.node?.role !== 'control-plane') throw new EffectRefused(`${machine.name} runs no etcd`);
  if (machine.units.includes(timer)) return { changed: false, because: `${timer} is active` };
  await machines.change(machine.id, { units: [...machine.units, timer] });
  return { changed: true, because: `${timer} switched on` };
};
