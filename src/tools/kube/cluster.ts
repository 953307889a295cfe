import type { Clock } from '../ports.ts';
import type { ClusterIdentity, ClusterWriter, KubernetesObject } from '../ports-cluster.ts';
import { signClient } from './client-certificate.ts';
import { evictPod } from './evict.ts';
import { assertSameCluster } from './identity.ts';
import { readKubeconfig } from './kubeconfig.ts';
import { clusterReader } from './reader.ts';
import { applyCall, fieldManager, openRequests } from './requests.ts';
import { mergeObject, releaseFinalizers, removeObject } from './take-away.ts';
import { openTransport } from './transport.ts';

export interface ClusterOptions {
  /** Path of our own kubeconfig, never the user's default one. */
  readonly kubeconfig: string;
  /** Which cluster it must be; checked once, before the first write. Absent: the cluster is only just being made. */
  readonly expected?: ClusterIdentity;
  readonly clock: Clock;
  /** Our version, for the User-Agent `platform/VERSION`, by which the audit log tells our requests from others. */
  readonly version: string;
  readonly signal?: AbortSignal;
  /** Milliseconds for one request; 10 s unless told. */
  readonly deadline?: number;
}

/** A cluster with the connections to it, which `close` ends. */
export interface OpenCluster extends ClusterWriter {
  close(): void;
}

/** Opens a cluster through a kubeconfig file. Sends nothing yet. CONFIG_INVALID when the file cannot be used. */
export async function openCluster(options: ClusterOptions): Promise<OpenCluster> {
  const connection = await readKubeconfig(options.kubeconfig);
  const transport = openTransport({
    connection,
    clock: options.clock,
    userAgent: `platform/${options.version}`,
    deadline: options.deadline ?? 10_000,
    ...(options.signal !== undefined && { signal: options.signal }),
  });
  const requests = openRequests(transport);
  const reader = clusterReader(requests, connection);

  let proven = options.expected === undefined;
  const prove = async (): Promise<void> => {
    if (proven || options.expected === undefined) return;
    assertSameCluster(options.expected, await reader.identity());
    proven = true;
  };

  return {
    ...reader,
    close: () => transport.close(),

    async apply(object) {
      await prove();
      const path = await requests.pathOf({ ...object, ...object.metadata });
      if (path === undefined) throw requests.noSuchKind(object);
      return (await requests.expect(applyCall(path, object, fieldManager))) as KubernetesObject;
    },

    async remove(reference, options = {}) {
      await prove();
      const path = await requests.pathOf(reference);
      if (path !== undefined) await removeObject(requests, path, options);
    },

    async merge(reference, patch) {
      await prove();
      const path = await requests.pathOf(reference);
      return path === undefined ? undefined : mergeObject(requests, path, patch);
    },

    async releaseFinalizers(reference, uid, finalizers) {
      await prove();
      const path = await requests.pathOf(reference);
      if (path !== undefined) await releaseFinalizers(requests, path, uid, finalizers);
    },

    async evict(pod) {
      await prove();
      return evictPod(requests, pod);
    },

    async signClient(request, signal) {
      await prove();
      return signClient(requests, options.clock, request, signal);
    },
  };
}
