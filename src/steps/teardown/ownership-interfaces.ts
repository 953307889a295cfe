import type { CloudResource } from '../../tools/ports.ts';
import { keyOf, type Verdict, verdict } from './ownership-marks.ts';
import type { Estate } from './ownership-estate.ts';
import { isEntryOf } from './ownership-records.ts';

/**
 * An interface carries no tags: it is judged by whom it works for. One of a load balancer outlives it by minutes, so the ledger is asked when
 * the listing no longer has the balancer. Such an interface is awaited: AWS takes it away itself.
 */
export function judgeInterface(resource: CloudResource, { evidence, resources, holders, verdicts }: Estate): Verdict {
  const balancer = /^ELB ((?:app|net|gwy)\/.+)$/.exec(resource.description ?? '')?.[1];
  if (resource.managedBy !== undefined && balancer !== undefined) {
    // `ELB app/NAME/HASH`, and `...:loadbalancer/app/NAME/HASH`: the hash makes the name one of a kind.
    const isNamed = (arn: string): boolean => arn.endsWith(`loadbalancer/${balancer}`);
    const live = resources.find(({ kind, id }) => kind === 'load-balancer' && isNamed(id));
    if (live !== undefined) {
      const found = verdicts.get(keyOf(live)) ?? verdict('unknown', 'not judged');
      return verdict(found.class, `works for load balancer ${live.name}: ${found.because}`);
    }
    const gone = evidence.ledger.find((entry) => isEntryOf('load-balancer', entry) && isNamed(entry.id));
    return gone === undefined
      ? verdict('unknown', `works for load balancer ${balancer}, which nothing proves ours`)
      : verdict('owned', `worked for load balancer ${gone.name ?? balancer}, recorded by step ${gone.step}`);
  }
  if (resource.managedBy !== undefined) {
    const parent = resource.diesWith === undefined ? undefined : verdicts.get(keyOf(resource.diesWith));
    return parent?.class === 'owned'
      ? verdict('owned', `made by ${resource.managedBy}, goes with ${resource.diesWith?.id}: ${parent.because}`)
      : verdict('unknown', `made by ${resource.managedBy}, which our topology never uses`);
  }
  const holder = holders.get(keyOf(resource))?.[0];
  if (holder === undefined) return verdict('unknown', 'no mark of ours, and nothing recorded it');
  const found = verdicts.get(keyOf(holder)) ?? verdict('unknown', 'not judged');
  return verdict(found.class, `attached to ${holder.id}: ${found.because}`);
}
