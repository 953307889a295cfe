import { credentials, hostedZone, keyPair, names, quotas } from './account.ts';
import { capacity } from './capacity.ts';
import type { Check } from './check.ts';
import { images } from './images.ts';
import { terraformContract } from './contract.ts';
import { detours, openDoors, sshKey, stateFolder, tools } from './machine.ts';
import { permissions } from './permissions.ts';
import { charts, manifests, playbooks, terraformTrees } from './trees.ts';

/** Everything that can be known to be wrong before money is spent: this machine, the account, then what will be run. */
export const checks: readonly Check[] = [
  // This machine.
  tools,
  stateFolder,
  sshKey,
  detours,
  openDoors,

  // The account.
  credentials,
  permissions,
  quotas,
  names,
  keyPair,
  hostedZone,

  // What will be run.
  terraformContract,
  terraformTrees,
  playbooks,
  charts,
  manifests,
  images,
  capacity,
];
