import process from 'node:process';
import { systemClock } from '../../tools/clock.ts';
import { createReadingProcesses } from '../../tools/process.ts';
import { systemProcessTable } from '../../tools/process-table.ts';
import { programFolders } from '../../tools/program-folder.ts';
import { makeSupply } from './acquire.ts';

export { serveSupply } from './serve.ts';
export type { ServedSupply } from './serve.ts';
export type { SupplyFault } from './faults.ts';
export { readStandIns } from './stand-ins.ts';

/** Everything that bare Debian machines need to become a cluster of kubeadm, made on this machine. */
export interface Supply {
  readonly folder: string;
  /** A flat apt repository: packages, Packages, Release, InRelease, Release.key. */
  readonly packages: string;
  /** An OCI image layout: blobs and index.json with the references. */
  readonly images: string;
  /** Manifests as their projects publish them, each at its address without `https://`. */
  readonly manifests: string;
  readonly kubernetes: string;
}

/** Builds what is missing, keyed by a hash of versions and sources, below `cache`; goes on after a kill, and two at once do no harm. */
export function acquireSupply(options: {
  readonly cache: string;
  /** Folder of the installed program. */
  readonly program: string;
  /** "1.36.3" */
  readonly kubernetes: string;
  note(text: string): void;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string>>;
}): Promise<Supply> {
  return makeSupply(
    {
      processes: createReadingProcesses(),
      table: systemProcessTable(process.pid, process.platform),
      files: programFolders,
      clock: systemClock,
    },
    { ...options, machine: process.arch },
  );
}
