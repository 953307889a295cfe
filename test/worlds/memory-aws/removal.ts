import type { MemoryAws } from './memory-aws.ts';
import { keyOf, type Thing } from './thing.ts';

/** How long a listing still shows a machine that has ended. */
const shownAfterEnd = 600_000;

/** What happens once AWS has agreed to delete something. */
export function carryOut(aws: MemoryAws, thing: Thing): void {
  switch (thing.kind) {
    case 'instance':
      return terminate(aws, thing);
    case 'load-balancer':
      return endLoadBalancer(aws, thing);
    case 'vpc':
      aws.drop(thing);
      return dropWith(aws, thing);
    case 'address':
    case 'route-table':
    case 'role':
      // Taken off who has it: an association of an address or a table, the place of a role in a profile.
      for (const holder of aws.holdersOf(thing))
        aws.change(holder, () => {
          holder.holds = holder.holds.filter(({ kind, id }) => kind !== thing.kind || id !== thing.id);
        });
      aws.drop(thing);
      return;
    default:
      aws.drop(thing);
  }
}

/** Ends a machine: what it holds is free only when it is terminated. */
function terminate(aws: MemoryAws, machine: Thing): void {
  aws.change(machine, () => {
    machine.state = 'shutting-down';
    machine.phase = 'going';
  });
  aws.clock.at(aws.clock.monotonic() + aws.delays.termination * (0.6 + aws.random.next() * 0.8), () => {
    const held = machine.holds.map(keyOf);
    aws.change(machine, () => {
      machine.state = 'terminated';
      machine.phase = 'gone';
      machine.holds = [];
      machine.public = false;
    });
    dropWith(aws, machine);
    for (const thing of aws.all())
      if (held.includes(keyOf(thing)) && (thing.kind === 'volume' || thing.kind === 'network-interface'))
        aws.change(thing, () => {
          thing.state = 'available';
        });
    aws.clock.at(aws.clock.monotonic() + shownAfterEnd, () => aws.drop(machine));
  });
}

/** A load balancer is gone at once; the interfaces that the service made for it are not. */
function endLoadBalancer(aws: MemoryAws, balancer: Thing): void {
  aws.drop(balancer);
  const interfaces = aws.all().filter(({ kind, serves }) => kind === 'network-interface' && serves?.id === balancer.id);
  aws.clock.at(aws.clock.monotonic() + aws.delays.lingering * (0.4 + aws.random.next() * 1.2), () => {
    for (const one of interfaces) aws.drop(one);
  });
}

/** Everything that dies with it. */
function dropWith(aws: MemoryAws, parent: Thing): void {
  for (const thing of aws.all())
    if (thing.diesWith?.kind === parent.kind && thing.diesWith.id === parent.id) aws.drop(thing);
}
