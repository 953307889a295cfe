import { describe, expect, test } from 'vitest';
import { conflictsOf, refusal, unreachable } from '../../../../src/tools/kube/errors.ts';

const asked = { method: 'PATCH', path: '/apis/apps/v1/namespaces/a/deployments/b', server: 'https://k8s:6443' };
const conflict = JSON.stringify({
  kind: 'Status',
  message: 'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
  reason: 'Conflict',
  details: {
    causes: [
      { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using apps/v1', field: '.spec.replicas' },
    ],
  },
});

describe('refusal', () => {
  test.each([
    [400, { reason: 'BadRequest', message: 'strict decoding error: unknown field "spec.replcas"' }, 'permanent'],
    [401, { reason: 'Unauthorized', message: 'Unauthorized' }, 'permanent'],
    [403, { reason: 'Forbidden', message: 'no' }, 'permanent'],
    [
      403,
      { reason: 'Forbidden', message: 'terminating', details: { causes: [{ reason: 'NamespaceTerminating' }] } },
      'transient',
    ],
    [404, { reason: 'NotFound', message: 'no' }, 'permanent'],
    [409, { reason: 'AlreadyExists', message: 'exists' }, 'permanent'],
    [409, { reason: 'Conflict', message: 'the object has been modified' }, 'transient'],
    [422, { reason: 'Invalid', message: 'spec.x: Required value' }, 'permanent'],
    [429, { reason: 'TooManyRequests', message: 'slow', details: { retryAfterSeconds: 2 } }, 'throttled'],
    [
      500,
      {
        message:
          'failed to create typed patch object (a/b; apps/v1, Kind=Deployment): .spec.replcas: field not declared in schema',
      },
      'permanent',
    ],
    [500, { reason: 'InternalError', message: 'failed calling webhook "x": connection refused' }, 'transient'],
    [503, { reason: 'ServiceUnavailable', message: 'etcd' }, 'transient'],
  ] as const)('%i %j is %s', (status, body, expected) => {
    const error = refusal(asked, status, JSON.stringify(body));
    expect(error).toMatchObject({ code: 'KUBERNETES', class: expected, facts: { status } });
    expect(error.message).toContain(body.message);
  });

  test('a field conflict is permanent and names the manager and the field', () => {
    expect(refusal(asked, 409, conflict)).toMatchObject({
      class: 'permanent',
      facts: { status: 409, reason: 'Conflict', managers: 'kubectl' },
    });
    expect(conflictsOf(conflict)).toEqual(['.spec.replicas belongs to kubectl']);
  });

  test('an answer that is no Status is quoted', () => {
    expect(refusal(asked, 502, '<html>Bad Gateway</html>')).toMatchObject({
      class: 'transient',
      message: expect.stringContaining('Bad Gateway'),
    });
  });

  test('the pause that the server asks for is a fact', () => {
    expect(refusal(asked, 429, JSON.stringify({ details: { retryAfterSeconds: 3 } })).facts).toMatchObject({
      retryAfter: 3,
    });
  });
});

describe('unreachable', () => {
  const failed = (code: string): Error => Object.assign(new Error('low level'), { code });
  test.each([
    ['ECONNREFUSED', 'connection refused', 'transient'],
    ['ENOTFOUND', 'does not resolve', 'transient'],
    ['CERT_NOT_YET_VALID', 'clock', 'permanent'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'another authority', 'permanent'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'does not name this address', 'permanent'],
    ['EWHATEVER', 'low level', 'transient'],
  ] as const)('%s', (code, because, expected) => {
    expect(unreachable(asked, failed(code))).toMatchObject({
      code: 'UNREACHABLE',
      class: expected,
      message: expect.stringContaining(because),
      facts: { reason: code, server: asked.server },
    });
  });

  test('a deadline is named in seconds', () => {
    expect(unreachable(asked, new Error('aborted'), 10_000).message).toContain('no answer within 10 s');
  });
});
