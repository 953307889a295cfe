import { textFiles } from '../../../tools/files.ts';
import type { AwsRecord } from '../../supervisor/far-side.ts';
import type { FarInstance } from '../far-machines.ts';

/** What the servers in the router's namespace know; the supervisor writes it, for they cannot reach the local AWS. */
export interface View {
  readonly instances: readonly FarInstance[];
  readonly records: readonly AwsRecord[];
  readonly loadBalancers: readonly string[];
}

export const viewFile = (hosts: string): string => `${hosts}/view.json`;

export async function readView(hosts: string): Promise<View> {
  const text = await textFiles.read(viewFile(hosts));
  return text === undefined ? { instances: [], records: [], loadBalancers: [] } : (JSON.parse(text) as View);
}
