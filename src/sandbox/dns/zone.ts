import type { AwsRecord, FarSide } from '../supervisor/far-side.ts';
import { noError, noSuchName, recordTypes } from './message.ts';
import type { Answer, Found } from './message.ts';

const loopback = '127.0.0.1';
const balancerTtl = 5;

/**
 * What the name servers of Route 53 and of AWS would say: records of the hosted zones, aliases resolved, and the
 * hostname of a load balancer while it exists. All load balancers are on loopback.
 */
export function lookUp(farSide: Pick<FarSide, 'records' | 'loadBalancers'>, name: string, type: number): Found {
  const address = (): readonly Answer[] =>
    type === recordTypes.A ? [{ type: 'A', ttl: balancerTtl, address: loopback }] : [];
  if (farSide.loadBalancers.includes(name)) return { code: noError, answers: address() };
  const records = recordsOf(farSide.records, name);
  if (records.length === 0) return { code: noSuchName, answers: [] };
  const answers = records.flatMap((record): readonly Answer[] => {
    if (record.alias !== undefined) return farSide.loadBalancers.includes(record.alias) ? address() : [];
    if (recordTypes[record.type as keyof typeof recordTypes] !== type) return [];
    return record.values.flatMap((value) => answerOf(record, value));
  });
  return { code: noError, answers };
}

/** Those of the name itself; without any, those of the wildcard above it. */
function recordsOf(records: readonly AwsRecord[], name: string): readonly AwsRecord[] {
  const own = records.filter((record) => record.name === name);
  if (own.length > 0) return own;
  const wildcard = `*.${name.split('.').slice(1).join('.')}`;
  return records.filter((record) => record.name === wildcard);
}

function answerOf({ type, ttl }: AwsRecord, value: string): readonly Answer[] {
  if (type === 'A') return [{ type: 'A', ttl, address: value }];
  if (type === 'TXT') return [{ type: 'TXT', ttl, text: value.replace(/^"|"$/g, '') }];
  if (type === 'CNAME') return [{ type: 'CNAME', ttl, name: value.replace(/\.$/, '') }];
  return [];
}
