import { PlatformError } from '../../errors.ts';
import { minutes } from '../durations.ts';
import { stepForEach } from '../kit.ts';
import { foundation } from './foundation.ts';
import { infrastructure } from './infrastructure.ts';

/** Gives each node with `eip: true` its Elastic IP. Not in Terraform: it would make the two roots wait for each other. */
export const addresses = stepForEach({
  id: 'addresses',
  title: 'Elastic IP',
  needs: { foundation, infrastructure },
  forEach: (config) =>
    config.terraform.dir === undefined
      ? Object.keys(config.nodes).filter((name) => config.nodes[name]?.eip === true)
      : [],
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(2),
  retry: { attempts: 5, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (_config, up, key) => ({
    allocation: up.foundation?.addresses[key]?.allocation ?? null,
    instance: up.infrastructure.nodes[key]?.id ?? null,
  }),
  check: async (ctx, up) => {
    const { allocation, instance } = pair(ctx.key, up);
    const found = await ctx.aws.address(allocation);
    if (found === undefined)
      throw new PlatformError('AWS', {
        message: `Elastic IP ${allocation} is gone`,
        next: ['run `platform up` again: foundation will make another'],
      });
    if (found.instance === instance)
      return {
        state: 'satisfied',
        output: { address: found.publicAddress },
        because: `${found.publicAddress} is on ${instance}`,
      };
    return {
      state: 'needed',
      because:
        found.instance === undefined
          ? `${found.publicAddress} is on no instance`
          : `${found.publicAddress} is on ${found.instance}`,
    };
  },
  apply: async (ctx, up) => {
    const { allocation, instance } = pair(ctx.key, up);
    await ctx.aws.associateAddress(allocation, instance);
    const found = await ctx.aws.address(allocation);
    if (found?.instance !== instance)
      throw new PlatformError('AWS', {
        message: `Elastic IP ${allocation} is not on ${instance} yet`,
        class: 'transient',
        next: ['run the same command again: it goes on'],
      });
    return { address: found.publicAddress };
  },
});

interface Pair {
  readonly foundation: { readonly addresses: Readonly<Record<string, { readonly allocation: string }>> } | undefined;
  readonly infrastructure: { readonly nodes: Readonly<Record<string, { readonly id: string }>> };
}

function pair(key: string, up: Pair): { allocation: string; instance: string } {
  const allocation = up.foundation?.addresses[key]?.allocation;
  const instance = up.infrastructure.nodes[key]?.id;
  if (allocation !== undefined && instance !== undefined) return { allocation, instance };
  throw new PlatformError('CONTRACT_BROKEN', {
    message: `${key} has no ${allocation === undefined ? 'Elastic IP in foundation' : 'instance in infrastructure'}`,
    next: ['look at what Terraform would change: platform plan', 'then run: platform up'],
  });
}
