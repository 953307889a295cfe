import type { KubernetesObject } from '../../../tools/ports.ts';
import type { Tools } from '../shared/controller.ts';
import { ensureBalancer, inventory, isOfStack, removeBalancer, removeTargetGroup } from './balancers.ts';
import { ensureBinding, removeBindings } from './bindings.ts';
import { ensureListeners, ensureTargetGroups } from './listeners.ts';
import { ensureBackendGroup, ensureEntrance, removeEntrance } from './security-groups.ts';
import type { Settings, Stack } from './stack.ts';

/** Makes AWS as the stack wants it and takes away what it no longer wants; gives the hostname. Safe to repeat. */
export async function deployStack(
  tools: Tools,
  settings: Settings,
  stack: Stack,
  bindings: readonly KubernetesObject[],
): Promise<string> {
  const entrance = await ensureEntrance(tools, settings, stack);
  const backend = await ensureBackendGroup(tools, settings);
  const { groups, balancers } = await inventory(tools, settings);
  const present = new Map(
    groups.filter((group) => isOfStack(settings, stack, group)).map(({ name, arn }) => [name, arn]),
  );
  const arns = await ensureTargetGroups(tools, settings, stack, present);
  const { arn, hostname } = await ensureBalancer(tools, settings, stack, [entrance, backend]);
  await ensureListeners(tools, settings, stack, arn, arns);
  for (const group of stack.targetGroups)
    await ensureBinding(tools, settings, stack, { group, arn: arns.get(group.name) ?? '', backend }, bindings);
  // Another scheme or name makes another load balancer; the old one goes.
  for (const balancer of balancers)
    if (isOfStack(settings, stack, balancer) && balancer.arn !== arn) await removeBalancer(tools, balancer);
  if (!(await removeBindings(tools, stack, new Set(arns.keys()), bindings)))
    for (const group of groups)
      if (isOfStack(settings, stack, group) && !arns.has(group.name)) await removeTargetGroup(tools, group);
  return hostname;
}

/**
 * Takes a stack away: load balancer, bindings, target groups, its security group. An error where something is still in use, as
 * interfaces of the load balancer are for a while; the next round goes on. False while bindings still wait for their own end.
 */
export async function removeStack(
  tools: Tools,
  settings: Settings,
  stack: Pick<Stack, 'family' | 'id'>,
  bindings: readonly KubernetesObject[],
): Promise<boolean> {
  const { groups, balancers } = await inventory(tools, settings);
  for (const balancer of balancers) if (isOfStack(settings, stack, balancer)) await removeBalancer(tools, balancer);
  if (await removeBindings(tools, stack, new Set(), bindings)) return false;
  for (const group of groups) if (isOfStack(settings, stack, group)) await removeTargetGroup(tools, group);
  await removeEntrance(tools, settings, stack);
  return true;
}
