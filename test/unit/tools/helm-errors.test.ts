import { describe, expect, test } from 'vitest';
import { helmError } from '../../../src/tools/helm-errors.ts';

const release = {
  name: 'argocd',
  namespace: 'argocd',
  repository: 'https://argoproj.github.io/argo-helm',
  chart: 'argo-cd',
  version: '9.1.0',
  values: '',
};
const ended = (code: number | null, ...tail: string[]) => ({
  code,
  signal: null,
  tail,
  stdout: '',
  log: '/state/logs/argocd.log',
});

describe('what Helm says becomes an error with a class', () => {
  test.each([
    [
      'Error: chart "argo-cd" version "9.1.0" not found in https://argoproj.github.io/argo-helm repository',
      'CONFIG_INVALID',
      'permanent',
      'chart-not-found',
    ],
    [
      'Error: chart "argo-cd" matching 9.1.0 not found in argo index. (try \'helm repo update\'): no chart version found for argo-cd-9.1.0',
      'CONFIG_INVALID',
      'permanent',
      'chart-not-found',
    ],
    [
      'Error: looks like "https://argoproj.github.io/argo-helm" is not a valid chart repository or cannot be reached: Get "https://x/index.yaml": dial tcp: lookup x: no such host',
      'UNREACHABLE',
      'transient',
      'network',
    ],
    [
      'Error: looks like "https://x" is not a valid chart repository or cannot be reached: failed to fetch https://x/index.yaml : 404 Not Found',
      'CONFIG_INVALID',
      'permanent',
      'repository',
    ],
    [
      'Error: looks like "https://x" is not a valid chart repository or cannot be reached: failed to fetch https://x/index.yaml : 503 Service Unavailable',
      'UNREACHABLE',
      'transient',
      'network',
    ],
    [
      'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress',
      'TOOL_FAILED',
      'permanent',
      'pending',
    ],
    [
      'Error: Kubernetes cluster unreachable: Get "https://10.0.0.1:6443/version": dial tcp 10.0.0.1:6443: connect: connection refused',
      'UNREACHABLE',
      'transient',
      'cluster',
    ],
    [
      'Error: UPGRADE FAILED: failed calling webhook "webhook.cert-manager.io": connect: connection refused',
      'KUBERNETES',
      'transient',
      'cluster-busy',
    ],
    [
      'Error: INSTALLATION FAILED: failed pre-install: timed out waiting for the condition',
      'KUBERNETES',
      'transient',
      'cluster-busy',
    ],
    [
      'Error: execution error at (argo-cd/templates/x.yaml:3:4): domain is required',
      'CONFIG_INVALID',
      'permanent',
      'template',
    ],
    ['Error: something that nobody has seen before', 'TOOL_FAILED', 'permanent', 'unknown'],
  ])('%s', (line, code, expected, reason) => {
    expect(helmError(ended(1, 'WARNING: noise', line), 'upgrade', release)).toMatchObject({
      code,
      class: expected,
      facts: { reason, release: 'argocd', exit: 1 },
    });
  });

  test('managers of a conflict are named once each, and the log is pointed at', () => {
    const error = helmError(
      ended(
        1,
        'Error: UPGRADE FAILED: conflict occurred while applying object: Apply failed with 2 conflicts: conflicts with "kubectl" using apps/v1:',
        '- .spec.replicas',
        'conflict with "argocd-controller": .spec.x',
        'conflict with "argocd-controller": .spec.y',
      ),
      'upgrade',
      release,
    );
    expect(error).toMatchObject({
      code: 'KUBERNETES',
      facts: { reason: 'conflict', managers: 'kubectl, argocd-controller' },
    });
    expect(error.next.at(-1)).toBe('The whole output: /state/logs/argocd.log');
  });

  test('a Helm that was killed may be tried again', () => {
    expect(helmError(ended(null), 'upgrade', release)).toMatchObject({
      class: 'transient',
      message: expect.stringContaining('ended without a word'),
    });
  });
});
