import type { CloudResource } from '../../tools/ports.ts';
import type { Evidence } from './inventory-types.ts';
import { isFromDriver, type Verdict, verdict } from './ownership-marks.ts';

/**
 * What is proven ours and holds what cannot be made again goes only with --delete-data. A volume of the driver of which no PersistentVolume tells
 * the reclaim policy counts as kept on purpose: to keep a disk costs cents, to delete a kept database cannot be undone.
 */
export function dataVerdict(resource: CloudResource, found: Verdict, { volumes }: Evidence): Verdict {
  if (found.class !== 'owned' || resource.diesWith !== undefined) return found;
  switch (resource.kind) {
    case 'snapshot':
      return verdict('data', found.because);
    case 'bucket':
      return resource.empty === true ? found : verdict('data', `${found.because}, not empty`);
    case 'volume': {
      const known = volumes.get(resource.id);
      if (known?.retain === true) return verdict('data', `${found.because}, reclaim policy Retain`);
      if (known === undefined && isFromDriver(resource))
        return verdict('data', `${found.because}, and nothing tells its reclaim policy`);
      return found;
    }
    default:
      return found;
  }
}
