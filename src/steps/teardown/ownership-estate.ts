import type { CloudResource } from '../../tools/ports.ts';
import type { Evidence } from './inventory-types.ts';
import type { Verdict } from './ownership-marks.ts';
import type { Homes } from './ownership-network.ts';

/** Everything that the verdict on one resource may depend on. */
export interface Estate {
  readonly evidence: Evidence;
  readonly homes: Homes;
  readonly resources: readonly CloudResource[];
  /** Who keeps it: the resources whose `holds` name it. */
  readonly holders: ReadonlyMap<string, readonly CloudResource[]>;
  /** Of everything judged so far: parents before children. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** Something elsewhere that carries our very id: then a tag alone is no proof outside a VPC. */
  readonly namesake?: string;
}
