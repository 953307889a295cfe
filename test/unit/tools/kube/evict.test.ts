import { expect, test } from 'vitest';
import { evictPod } from '../../../../src/tools/kube/evict.ts';
import { openRequests } from '../../../../src/tools/kube/requests.ts';
import type { Call } from '../../../../src/tools/kube/transport.ts';

const budget = {
  message: 'Cannot evict pod as it would violate the pod’s disruption budget.',
  reason: 'TooManyRequests',
};

const answering = (status: number, body: object = {}) => {
  const calls: Call[] = [];
  const send = async (call: Call) => {
    calls.push(call);
    return { status, body: JSON.stringify(body) };
  };
  return { calls, requests: openRequests({ server: 'https://x', send, close: () => undefined }) };
};
const pod = { namespace: 'shop', name: 'web', uid: 'u1' };

test.each([201, 404, 409])('status %i is a pod that leaves', async (status) => {
  const { calls, requests } = answering(status);
  expect(await evictPod(requests, pod)).toEqual({ is: 'leaving' });
  expect(calls).toMatchObject([
    {
      path: '/api/v1/namespaces/shop/pods/web/eviction',
      body: { kind: 'Eviction', deleteOptions: { preconditions: { uid: 'u1' } } },
    },
  ]);
});

test('a budget that allows nobody to leave is told, and any other refusal is an error', async () => {
  expect(await evictPod(answering(429, budget).requests, pod)).toMatchObject({
    is: 'blocked',
    because: expect.stringContaining('disruption budget'),
  });
  await expect(evictPod(answering(403).requests, pod)).rejects.toMatchObject({ code: 'KUBERNETES' });
});
