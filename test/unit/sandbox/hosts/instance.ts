import type { FarInstance } from '../../../../src/sandbox/hosts/far-machines.ts';

/** An instance as the local AWS describes it. */
export const instance = (number: number, change: Partial<FarInstance> = {}): FarInstance => ({
  id: `i-0000000000000000${number}`,
  state: 'running',
  image: 'ami-0a24049f1c0de0101',
  type: 't3.medium',
  zone: 'ap-northeast-2a',
  region: 'ap-northeast-2',
  account: '123456789012',
  privateAddress: `10.0.0.${number}`,
  publicAddress: `203.0.113.${100 + number}`,
  subnet: { id: 'subnet-1', cidr: '10.0.0.0/20' },
  vpc: { id: 'vpc-1', cidr: '10.0.0.0/16' },
  groups: ['sg-node'],
  key: 'ssh-ed25519 AAAA',
  keyName: 'key',
  userData: '',
  sourceDestinationCheck: true,
  metadata: { tokens: 'required', hops: 2 },
  reboots: 0,
  profile: '',
  ...change,
});
