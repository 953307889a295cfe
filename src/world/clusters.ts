import type { PlatformConfig } from '../config/config.ts';
import type { DurableEvent, ShownEvent } from '../engine/events.ts';
import { PlatformError } from '../errors.ts';
import { openCluster, type OpenCluster } from '../tools/kube/cluster.ts';
import type { Clock, ClusterIdentity, TextFiles } from '../tools/ports.ts';
import type { ApiTunnel } from './api-tunnel.ts';

export interface Clusters {
  /** The environment's cluster, through our own kubeconfig; checked against the recorded identity before the first write. */
  open(): Promise<OpenCluster>;
  /** Learns the identity from the step that makes the cluster. */
  observe(event: DurableEvent | ShownEvent): void;
  close(): void;
}

interface ClusterOptions {
  readonly config: PlatformConfig;
  readonly clock: Clock;
  readonly version: string;
  readonly files: TextFiles;
  /** Present where the API is reached through SSH. */
  readonly tunnel?: ApiTunnel;
}

/** One connection for all steps; opened anew when the kubeconfig or the identity changed. */
export function openClusters({ config, clock, version, files, tunnel }: ClusterOptions): Clusters {
  const kubeconfig = `${config.stateFolder}/kubeconfig`;
  let expected: ClusterIdentity | undefined;
  let current: { readonly key: string; readonly cluster: Promise<OpenCluster> } | undefined;
  const forget = (): void => {
    void current?.cluster.then((cluster) => cluster.close()).catch(() => undefined);
    current = undefined;
  };
  return {
    async open() {
      const text = await files.read(kubeconfig);
      if (text === undefined)
        throw new PlatformError('UNREACHABLE', {
          message: 'there is no kubeconfig of this cluster yet',
          next: ['platform up builds the control plane and fetches it'],
        });
      const key = `${text}\n${JSON.stringify(expected ?? null)}`;
      if (current?.key !== key) {
        forget();
        const path = Promise.resolve(tunnel === undefined ? kubeconfig : tunnel.kubeconfig(text));
        const known = expected === undefined ? {} : { expected };
        const cluster = path.then((near) => openCluster({ kubeconfig: near, clock, version, ...known }));
        // What could not be opened is tried anew by whoever asks next.
        cluster.catch(() => (current = undefined));
        current = { key, cluster };
      }
      return current.cluster;
    },
    observe(event) {
      if (event.type === 'epoch.closed' || (event.type === 'step.done' && event.epoch === 'closed')) {
        expected = undefined;
        forget();
      }
      if ((event.type === 'step.done' || event.type === 'step.applied') && event.step === 'control-plane') {
        const output = event.output as { readonly identity?: ClusterIdentity } | null;
        expected = output?.identity ?? expected;
      }
      // A control plane that is being made anew gets another identity; until it is there nobody can be asked for it.
      if (event.type === 'step.intent' && event.step === 'control-plane') expected = undefined;
    },
    close: () => {
      forget();
      tunnel?.close();
    },
  };
}
