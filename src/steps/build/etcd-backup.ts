import type { Machine } from '../../tools/ports.ts';
import { outcomeOfBackup } from '../etcd-snapshot.ts';
import { type ReadContext, stepWhen } from '../kit.ts';
import { firstControlPlane } from '../names.ts';
import { controlPlane } from './control-plane.ts';
import { foundation } from './foundation.ts';
import { inventory, machineOf } from './inventory.ts';
import { play, playInputs } from './playbook.ts';
import { playbookRules } from './playbook-rules.ts';

/** Snapshots of etcd to the data bucket by a timer, as soon as there is an etcd. */
export const etcdBackup = stepWhen({
  id: 'etcd-backup',
  title: 'Backups of etcd',
  needs: { inventory, controlPlane, foundation },
  when: (config) => config.addons.includes('etcd-backup'),
  ...playbookRules(),
  inputs: (config, up) => ({
    play: playInputs(config, 'etcd-backup'),
    schedule: config.backups.schedule,
    bucket: up.foundation?.bucket ?? null,
    cluster: up.controlPlane.identity.uid,
  }),
  check: async (ctx, up) => {
    const machine = machineOf(ctx.config, firstControlPlane(ctx.config), up.inventory.hosts);
    const exit = await ctx.ssh.run(machine, ['systemctl', 'is-active', 'platform-etcd-backup.timer'], ctx.signal);
    const state = exit.stdout.trim();
    if (state !== 'active')
      return { state: 'needed', because: `platform-etcd-backup.timer is ${state === '' ? 'not there' : state}` };
    // A timer alone proves nothing: our role makes the first backup at once, and writes down only what S3 has confirmed.
    if (ctx.config.ansible.dir === undefined && !(await hasWorked(ctx, machine)))
      return { state: 'needed', because: 'platform-etcd-backup.timer is active, but no backup has been made yet' };
    return {
      state: 'satisfied',
      output: null,
      because: `platform-etcd-backup.timer is active (${ctx.config.backups.schedule})`,
    };
  },
  apply: async (ctx, up) => {
    await play(ctx, 'etcd-backup', up.inventory);
    return null;
  },
});

/** Of several control planes only the leader of etcd sends a snapshot; the others write down that they do not lead. */
async function hasWorked(ctx: ReadContext, machine: Machine): Promise<boolean> {
  const exit = await ctx.ssh.run(machine, ['sudo', '-n', 'cat', outcomeOfBackup], ctx.signal);
  return exit.code === 0 && /"status":\s*"(?:stored|not-leader)"/.test(exit.stdout);
}
