import type { Step } from '../../engine/types.ts';
import { albController, argocd, certManager, ebsCsi, metricsServer, monitoring, storageClass } from './add-ons.ts';
import { addresses } from './addresses.ts';
import { bucketRetention } from './bucket-retention.ts';
import { certificate } from './certificate.ts';
import { cni } from './cni.ts';
import { controlPlane } from './control-plane.ts';
import { rabbitmq, rabbitmqOperator, redis } from './data-services.ts';
import { dns } from './dns.ts';
import { doctor } from './doctor.ts';
import { etcdBackup } from './etcd-backup.ts';
import { foundation } from './foundation.ts';
import { infrastructure } from './infrastructure.ts';
import { ingress } from './ingress.ts';
import { inventory } from './inventory.ts';
import { join } from './join.ts';
import { machines } from './machines.ts';
import { nodeBase } from './node-base.ts';
import { nodesReady } from './nodes-ready.ts';
import { smoke } from './smoke.ts';
import { stateBackend } from './state-backend.ts';

/** A build, from nothing to a platform that answers. Read it top to bottom; the edges are in each step's `needs`. */
export const build: readonly Step<unknown>[] = [
  doctor,
  stateBackend,

  // AWS. The two Terraform roots run side by side.
  foundation,
  infrastructure,
  certificate,
  bucketRetention,
  addresses,

  // Machines become nodes.
  inventory,
  machines,
  nodeBase,
  controlPlane,
  join,
  cni,
  nodesReady,
  etcdBackup,

  // What the nodes run. Independent branches run side by side.
  ebsCsi,
  storageClass,
  certManager,
  albController,
  metricsServer,
  monitoring,
  argocd,
  rabbitmqOperator,
  rabbitmq,
  redis,

  // The way in.
  ingress,
  dns,
  smoke,
];
