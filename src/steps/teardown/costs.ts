import type { CloudKind, CloudResource } from '../../tools/ports.ts';

/** What something costs a month, as a person needs to know it before leaving it: the order of magnitude. */
export const costClasses = ['free', 'cents', 'dollars', 'tens of dollars', 'hundreds of dollars'] as const;
export type CostClass = (typeof costClasses)[number];

/** US dollars an hour while it exists, list prices of us-east-1 (aws.amazon.com/ec2/pricing, /elasticloadbalancing, /vpc), without traffic. */
const hourly: Readonly<Partial<Record<CloudKind, number>>> = {
  // No type is known here: a t3.medium, the smallest of our machines.
  instance: 0.0416,
  'load-balancer': 0.0225,
  'classic-load-balancer': 0.025,
  // Every public IPv4 address since February 2024, used or not.
  address: 0.005,
  'nat-gateway': 0.045,
  'vpc-endpoint': 0.01,
};

/** US dollars a gigabyte and month (aws.amazon.com/ebs/pricing): gp3, and standard snapshots, whose changed blocks alone are paid: an upper bound. */
const byGigabyte: Readonly<Partial<Record<CloudKind, number>>> = { volume: 0.08, snapshot: 0.05 };

const hoursOfMonth = 730;

/** The class of a month's cost. Prices differ by a third between regions; a class rarely does. */
export function costOf({ kind, gigabytes, empty }: Pick<CloudResource, 'kind' | 'gigabytes' | 'empty'>): CostClass {
  // Objects are not counted: a gigabyte in S3 is 2.3 cents, and backups of etcd are some hundred megabytes.
  if (kind === 'bucket') return empty === true ? 'free' : 'cents';
  const dollars = (hourly[kind] ?? 0) * hoursOfMonth + (byGigabyte[kind] ?? 0) * (gigabytes ?? 1);
  if (dollars === 0) return 'free';
  if (dollars < 1) return 'cents';
  if (dollars < 10) return 'dollars';
  return dollars < 100 ? 'tens of dollars' : 'hundreds of dollars';
}
