import { expect, test } from 'vitest';
import { releaseFinalizers, removeObject } from '../../../../src/tools/kube/take-away.ts';
import { readKinds } from '../../../../src/tools/kube/kinds.ts';
import { refusal } from '../../../../src/tools/kube/errors.ts';
import type { Requests } from '../../../../src/tools/kube/requests.ts';
import type { Answer, Call } from '../../../../src/tools/kube/transport.ts';

const path = '/api/v1/namespaces/a/things/x';

/** A server that answers from a script; every call is kept. */
function serverThat(answers: (call: Call) => { readonly status?: number; readonly body?: unknown }) {
  const calls: Call[] = [];
  const accept = (call: Call, answer: Answer): unknown => {
    if (answer.status >= 400)
      throw refusal({ method: call.method, path: call.path, server: 'x' }, answer.status, answer.body);
    return JSON.parse(answer.body);
  };
  const send = async (call: Call): Promise<Answer> => {
    calls.push(call);
    const { status = 200, body = {} } = answers(call);
    return { status, body: JSON.stringify(body) };
  };
  const requests: Requests = {
    send,
    accept,
    expect: async (call) => accept(call, await send(call)),
    pathOf: async () => path,
    noSuchKind: () => new Error('none'),
  };
  return { requests, calls };
}

const held = (finalizers: readonly string[], resourceVersion: string, uid = 'u1') => ({
  metadata: { name: 'x', uid, resourceVersion, finalizers },
});

test('only the named finalizers go, against the state that was seen; a conflict is looked at again', async () => {
  const versions = ['1', '2'];
  const { requests, calls } = serverThat(({ method }) => {
    if (method === 'GET') return { body: held(['a/b', 'c/d'], versions[0] ?? '') };
    return versions.shift() === '1' ? { status: 409, body: { reason: 'Conflict' } } : {};
  });
  await releaseFinalizers(requests, path, 'u1', ['a/b']);
  const patches = calls.filter(({ method }) => method === 'PATCH');
  expect(patches.map(({ body }) => body)).toEqual([
    { metadata: { resourceVersion: '1', finalizers: ['c/d'] } },
    { metadata: { resourceVersion: '2', finalizers: ['c/d'] } },
  ]);
});

test.each([
  ['gone', { status: 404 }],
  ['a namesake that was made later', { body: held(['a/b'], '1', 'u2') }],
  ['already without it', { body: held(['c/d'], '1') }],
])('no finalizer is released from what is %s', async (_, answer) => {
  const { requests, calls } = serverThat(() => answer);
  await releaseFinalizers(requests, path, 'u1', ['a/b']);
  expect(calls.map(({ method }) => method)).toEqual(['GET']);
});

test('an object that changes all the time is a transient error', async () => {
  const { requests } = serverThat(({ method }) =>
    method === 'GET' ? { body: held(['a/b'], '1') } : { status: 409, body: { reason: 'Conflict' } },
  );
  await expect(releaseFinalizers(requests, path, 'u1', ['a/b'])).rejects.toMatchObject({ class: 'transient' });
});

test('a namesake and an absent object are left in peace, any other conflict is an error', async () => {
  const conflict = { status: 409, body: { reason: 'Conflict', message: 'says the server' } };
  const namesake = serverThat(({ method }) => (method === 'GET' ? { body: held([], '1', 'u2') } : conflict));
  await removeObject(namesake.requests, path, { uid: 'u1', propagation: 'foreground' });
  expect(namesake.calls[0]?.body).toMatchObject({ preconditions: { uid: 'u1' }, propagationPolicy: 'Foreground' });
  await removeObject(serverThat(() => ({ status: 404 })).requests, path, {});
  const busy = serverThat(({ method }) => (method === 'GET' ? { body: held([], '1') } : conflict));
  await expect(removeObject(busy.requests, path, {})).rejects.toMatchObject({ code: 'KUBERNETES' });
  await expect(removeObject(busy.requests, path, { uid: 'u1' })).rejects.toMatchObject({ code: 'KUBERNETES' });
});

test('each kind once, from the preferred version; what has no list or no living server is left out', async () => {
  const { requests } = serverThat(({ path: asked }) => {
    if (asked === '/apis')
      return {
        body: {
          groups: [
            {
              name: 'acme.io',
              versions: [{ groupVersion: 'acme.io/v1beta1' }, { groupVersion: 'acme.io/v1' }],
              preferredVersion: { groupVersion: 'acme.io/v1' },
            },
            { name: 'dead.io', versions: [{ groupVersion: 'dead.io/v1' }] },
            { name: 'removed.io', versions: [{ groupVersion: 'removed.io/v1' }] },
          ],
        },
      };
    const kind = (name: string, verbs: readonly string[] = ['list']) => ({
      name: `${name.toLowerCase()}s`,
      kind: name,
      namespaced: true,
      verbs,
    });
    const lists: Readonly<Record<string, readonly object[]>> = {
      '/api/v1': [kind('Pod'), { ...kind('Pod'), name: 'pods/status' }, kind('Binding', ['create'])],
      '/apis/acme.io/v1': [kind('Queue')],
      '/apis/acme.io/v1beta1': [kind('Queue'), kind('Topic')],
    };
    if (asked.includes('dead')) return { status: 503 };
    return lists[asked] === undefined ? { status: 404 } : { body: { resources: lists[asked] } };
  });
  expect(await readKinds(requests)).toEqual({
    kinds: [
      { apiVersion: 'v1', kind: 'Pod', namespaced: true },
      { apiVersion: 'acme.io/v1', kind: 'Queue', namespaced: true },
      { apiVersion: 'acme.io/v1beta1', kind: 'Topic', namespaced: true },
    ],
    unavailable: ['dead.io'],
  });
});
