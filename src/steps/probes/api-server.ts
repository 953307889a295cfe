import { minutes, seconds } from '../durations.ts';
import type { PlatformProbe } from '../kit.ts';

/** /readyz through the endpoint that users take, several times in a row: once is not stable (catalogue C5, C6, C18). */
export const apiServerReady: PlatformProbe<unknown> = {
  name: 'API server ready',
  every: seconds(5),
  within: minutes(10),
  count: 3,
  noProgressFor: minutes(4),
  test: async (ctx) => {
    const { status, body } = await (await ctx.cluster()).raw('/readyz?verbose');
    if (status === 200) return { is: 'ready', because: '/readyz answers ok' };
    const failing = body.split('\n').find((line) => line.startsWith('[-]'));
    return {
      is: 'waiting',
      because: failing === undefined ? `/readyz answers ${status}` : `/readyz: ${failing.slice(3)}`,
    };
  },
};

/** What kubeadm leaves when init went through to the end. */
export const kubeadmConfigured: PlatformProbe<unknown> = {
  name: 'kubeadm configuration recorded',
  every: seconds(5),
  within: minutes(2),
  test: async (ctx) => {
    const found = await (await ctx.cluster()).get({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: 'kube-system',
      name: 'kubeadm-config',
    });
    return found === undefined
      ? { is: 'waiting', because: 'ConfigMap kube-system/kubeadm-config does not exist' }
      : { is: 'ready' };
  },
};
