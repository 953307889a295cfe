import type { CloudKind } from '../../../src/tools/ports-estate.ts';

const actions: Partial<Record<CloudKind, string>> = {
  instance: 'TerminateInstances',
  address: 'ReleaseAddress',
  'dns-record': 'ChangeResourceRecordSets',
};

const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** The call that deletes a kind. */
export const actionOf = (kind: CloudKind): string => actions[kind] ?? `Delete${kind.split('-').map(capital).join('')}`;

const services: Partial<Record<CloudKind, string>> = {
  'load-balancer': 'elasticloadbalancing',
  'target-group': 'elasticloadbalancing',
  certificate: 'acm',
  role: 'iam',
  policy: 'iam',
  'instance-profile': 'iam',
  bucket: 's3',
  'dns-record': 'route53',
};

export const serviceOf = (kind: CloudKind): string => services[kind] ?? 'ec2';
