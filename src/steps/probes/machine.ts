import type { Machine } from '../../tools/ports.ts';
import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe, ReadContext } from '../kit.ts';

/** Output of a step whose probes look at one machine. */
export type OneMachine = {
  readonly name: string;
  readonly address: string;
};

const machine = (ctx: ReadContext, out: OneMachine): Machine => ({
  name: out.name,
  address: out.address,
  user: ctx.config.access.sshUser,
  key: ctx.config.access.sshKey,
});

export const portOpen: PlatformProbe<OneMachine> = {
  name: 'TCP 22 open',
  every: seconds(5),
  within: minutes(5),
  test: async (ctx, out) => {
    const { open, because } = await ctx.ssh.reach(out.address, 22, ctx.signal);
    return open ? { is: 'ready', because: `${out.address}:22 answers` } : { is: 'waiting', because };
  },
};

/** Twice, because sshd restarts while cloud-init works. */
export const loginWorks: PlatformProbe<OneMachine> = {
  name: 'SSH login',
  every: seconds(5),
  within: minutes(5),
  count: 2,
  test: async (ctx, out) => {
    const exit = await ctx.ssh.run(machine(ctx, out), ['true'], ctx.signal);
    return exit.code === 0
      ? { is: 'ready', because: `${ctx.config.access.sshUser}@${out.address} with the pinned host key` }
      : { is: 'waiting', because: lastLine(exit.tail) };
  },
};

/** Exit 2 is "done, with recoverable errors" (cloud-init's status command): a warning, not a failure. */
export const cloudInitDone: PlatformProbe<OneMachine> = {
  name: 'cloud-init done',
  every: seconds(5),
  within: minutes(10),
  test: async (ctx, out) => {
    const exit = await ctx.ssh.run(machine(ctx, out), ['cloud-init', 'status', '--format', 'json'], ctx.signal);
    const status = /"status":\s*"([a-z ]+)"/.exec(exit.stdout)?.[1];
    if (status === 'done')
      return {
        is: 'ready',
        because: exit.code === 2 ? 'done, with recoverable errors: see /var/log/cloud-init.log' : 'done',
      };
    if (status === 'disabled')
      return {
        is: 'failed',
        because: 'cloud-init is disabled in this image',
        next: ['use an image with cloud-init, such as Canonical’s'],
      };
    if (status === 'error')
      return {
        is: 'failed',
        because: 'cloud-init ended in an error',
        next: [`read why: platform ssh ${out.name} -- cloud-init status --long`],
      };
    return { is: 'waiting', because: status === undefined ? lastLine(exit.tail) : `cloud-init is ${status}` };
  },
};

/** Unattended upgrades hold the lock for minutes after the first boot. */
export const packagesFree: PlatformProbe<OneMachine> = {
  name: 'package manager free',
  every: seconds(5),
  within: minutes(10),
  test: async (ctx, out) => {
    const exit = await ctx.ssh.run(
      machine(ctx, out),
      ['sudo', 'fuser', '/var/lib/dpkg/lock-frontend', '/var/lib/dpkg/lock', '/var/lib/apt/lists/lock'],
      ctx.signal,
    );
    // fuser exits 1 when nobody has the files open.
    if (exit.code === 1) return { is: 'ready', because: 'nobody holds the dpkg lock' };
    return {
      is: 'waiting',
      because:
        exit.code === 0
          ? `process ${exit.stdout.trim().split(/\s+/)[0] ?? ''} holds the dpkg lock`
          : lastLine(exit.tail),
    };
  },
};

const lastLine = (lines: readonly string[]): string =>
  lines.findLast((line) => line.trim() !== '')?.trim() ?? 'no answer';
