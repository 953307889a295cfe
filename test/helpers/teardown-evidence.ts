import type { Evidence, Finding } from '../../src/steps/teardown/inventory-types.ts';
import type { CloudKind, CloudReference, CloudResource, LedgerEntry } from '../../src/tools/ports.ts';

/** The cluster of the tests on ownership. */
export const ours = 'shop-dev-a1b2c';
export const born = {
  'platform/cluster': ours,
  'platform/environment': 'dev',
  [`kubernetes.io/cluster/${ours}`]: 'owned',
} as const;

export function evidenceOf(parts: Partial<Evidence> = {}): Evidence {
  return {
    clusterId: ours,
    environment: 'dev',
    account: '123456789012',
    stateBucket: 'platform-state-123456789012-eu-west-1-shop',
    vpcs: [],
    ledger: [],
    terraform: [],
    volumes: new Map(),
    hostnames: new Map(),
    bringYourOwn: false,
    ...parts,
  };
}

export function resource(kind: CloudKind, id: string, parts: Partial<CloudResource> = {}): CloudResource {
  return { kind, id, name: '', tags: {}, state: '', phase: 'live', unique: {}, holds: [], ...parts };
}

export const reference = (kind: CloudKind, id: string): CloudReference => ({ kind, id });

export const entry = (kind: string, id: string, unique: Record<string, string> = {}, name?: string): LedgerEntry => ({
  kind,
  id,
  ...(name === undefined ? {} : { name }),
  unique,
  step: 'infrastructure',
});

export const inState = (kind: CloudKind, id: string, root: 'foundation' | 'cluster' = 'cluster') => ({
  kind,
  id,
  root,
  address: `aws_${kind.replaceAll('-', '_')}.this`,
});

export const finding = (seen: CloudResource, parts: Partial<Finding> = {}): Finding => ({
  resource: seen,
  class: 'owned',
  because: 'tag',
  ...parts,
});
