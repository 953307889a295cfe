import { expect, test } from 'vitest';
import { findNode } from '../../../src/steps/find-node.ts';

const hosts = {
  'k8s-master': {
    address: '203.0.113.4',
    privateAddress: '10.0.1.10',
    instance: 'i-0aa',
    providerId: 'aws:///ap-northeast-2a/i-0aa',
    zone: 'ap-northeast-2a',
  },
  'k8s-worker-1': {
    address: '203.0.113.5',
    privateAddress: '10.0.1.11',
    instance: 'i-0bb',
    providerId: 'aws:///us-east-1b/i-0bb',
    zone: 'us-east-1b',
  },
};
const near = (word: string): string | undefined => (word === 'k8s-mastr' ? 'k8s-master' : undefined);

test.each([
  ['k8s-master', 'k8s-master'],
  ['K8S-Master', 'k8s-master'],
  ['i-0bb', 'k8s-worker-1'],
  ['203.0.113.5', 'k8s-worker-1'],
  ['10.0.1.10', 'k8s-master'],
  ['ip-10-0-1-10', 'k8s-master'],
  ['ip-10-0-1-10.ap-northeast-2.compute.internal', 'k8s-master'],
  ['ip-10-0-1-11.ec2.internal', 'k8s-worker-1'],
])('%s is %s', (word, name) => {
  expect(findNode(word, hosts, near).name).toBe(name);
});

test('an unknown name is refused with what it may have been, and with all there are', () => {
  const find = () => findNode('k8s-mastr', hosts, near);
  expect(find).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      next: ['did you mean k8s-master?', 'the nodes are: k8s-master (i-0aa), k8s-worker-1 (i-0bb)'],
    }),
  );
});
