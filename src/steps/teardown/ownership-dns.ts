import type { CloudResource } from '../../tools/ports.ts';
import { keyOf, type Verdict, verdict } from './ownership-marks.ts';
import type { Estate } from './ownership-estate.ts';
import type { Recorded } from './ownership-records.ts';

/** Text of the record that says whose a name is; the build writes it beside each alias. */
export const ownerTextOf = (clusterId: string): string => `heritage=platform,platform/cluster=${clusterId}`;

const ownerPrefix = '_platform-owner.';

/**
 * A record is ours when the owner record beside it says so, word for word. The ledger alone is not enough: whoever took the name over since then
 * took our owner record away. What Terraform made (the validation of the certificate) stands in its state.
 */
export function judgeRecord(resource: CloudResource, { byName }: Recorded, { evidence, resources }: Estate): Verdict {
  const [zone = '', type = '', ...rest] = resource.id.split('/');
  const name = rest.join('/').toLowerCase();
  const host = name.startsWith(ownerPrefix) ? name.slice(ownerPrefix.length) : name;
  const wanted = ownerTextOf(evidence.clusterId);
  const ownerKey = keyOf({ kind: 'dns-record', id: `${zone}/TXT/${ownerPrefix}${host}` }).toLowerCase();
  const owner = resources.find((one) => one.kind === 'dns-record' && keyOf(one).toLowerCase() === ownerKey);
  const said = owner?.record?.values?.map(unquoted) ?? [];
  const isMade = name.startsWith(ownerPrefix) ? type === 'TXT' : type === 'A' || type === 'AAAA';
  if (isMade && said.length === 1 && said[0] === wanted) return verdict('owned', `owner record "${wanted}"`);
  if (said.length > 0)
    return said.includes(wanted)
      ? verdict('unknown', `the owner record names us and more, or we never make a ${type} record of that name`)
      : verdict('foreign', `owner record "${said.join(', ')}"`);
  const isOfTerraform = evidence.terraform.some(
    ({ kind, id }) => kind === 'dns-record' && id.toLowerCase() === resource.id.toLowerCase(),
  );
  if (isOfTerraform && byName !== undefined) return verdict('owned', byName);
  return verdict(
    'unknown',
    byName === undefined ? 'no owner record of ours' : `${byName}, but the owner record is gone`,
  );
}

const unquoted = (text: string): string => text.replace(/^"|"$/g, '');
