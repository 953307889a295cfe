import { join } from 'node:path';
import { readBytes } from '../../tools/folders.ts';

/** How the stand-in of an image behaves. */
export interface StandIn {
  /** Where it answers HTTP and HTTPS; none, and it only stays alive. */
  readonly ports: readonly number[];
  /** First arguments with which it ends at once, as a Job does; "*" for any. */
  readonly jobs?: readonly string[];
}

/** By repository with its registry ("docker.io/library/redis"); "*" is any other. */
export type StandInTable = Readonly<Record<string, StandIn>>;

/** The table that fits the stand-in charts: sandbox/supply/stand-ins.json. */
export async function readStandIns(program: string): Promise<StandInTable> {
  const text = await readBytes(join(program, 'sandbox', 'supply', 'stand-ins.json'));
  return JSON.parse(text.toString('utf8')) as StandInTable;
}

/** The environment that tells the program of the stand-in image whom it plays. Without a registry the path alone decides. */
export function standInEnvironment(table: StandInTable, repository: string): Readonly<Record<string, string>> {
  const key = repository in table ? repository : Object.keys(table).find((name) => pathOf(name) === repository);
  const { ports, jobs = [] } = table[key ?? '*'] ?? { ports: [] };
  return { STAND_IN_IMAGE: repository, STAND_IN_PORTS: ports.join(','), STAND_IN_JOBS: jobs.join(',') };
}

/** A repository without its registry. */
export const pathOf = (repository: string): string => repository.slice(repository.indexOf('/') + 1);
