import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writesBy } from '../../src/sandbox/control-plane/audit.ts';
import type { AuditedWrite } from '../../src/sandbox/control-plane/audit.ts';
import { startControlPlane } from '../../src/sandbox/control-plane/cluster.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { cachedPrograms, childRunner, freePorts, plainFiles } from './control-plane.ts';

const stage = (name: string): string => fileURLToPath(new URL(`../../sandbox/stages/${name}`, import.meta.url));
const { description, found } = await cachedPrograms();

/** Why there is no live cluster; '' when there can be one. */
export const noCluster =
  'missing' in found ? `skipped: no control plane in the cache (${description.key}); npm run setup makes it` : '';

/** A real control plane without machines. */
export interface LiveCluster {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly server: string;
  /** Finished writes of a client that changed something, or tried to. */
  writes(userAgentPrefix: string): readonly AuditedWrite[];
  stop(): Promise<void>;
}

export async function startLiveCluster(): Promise<LiveCluster> {
  if ('missing' in found) throw new Error(noCluster);
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-live-'));
  const [api = 0, etcd = 0, etcdPeer = 0] = await freePorts(3);
  const plane = await startControlPlane(
    { runner: childRunner(), files: plainFiles, clock: systemClock },
    found.programs,
    {
      folder: join(folder, 'plane'),
      stages: [stage('node.yaml'), stage('pod.yaml')],
      ports: { api, etcd, etcdPeer },
      names: ['api.cluster.test'],
      advertise: '10.0.1.10',
      podCidr: '192.168.0.0/16',
      serviceCidr: '10.96.0.0/12',
    },
    new AbortController().signal,
  );
  return {
    folder,
    kubeconfig: plane.kubeconfig,
    server: plane.server,
    writes: (userAgentPrefix) => writesBy(userAgentPrefix, readFileSync(plane.auditLog, 'utf8')),
    async stop() {
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
