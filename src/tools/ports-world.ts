import type {
  AnsibleReader,
  AnsibleWriter,
  Clock,
  Downloads,
  HelmReader,
  HelmWriter,
  LedgerReader,
  LedgerWriter,
  Network,
  Randomness,
  SshReader,
  SshWriter,
  Templates,
  TerraformReader,
  TerraformWriter,
  TextFiles,
  WritableTextFiles,
} from './ports.ts';
import type { AwsReader, AwsWriter } from './ports-aws.ts';
import type { ClusterReader, ClusterWriter } from './ports-cluster.ts';
import type { EstateReader, EstateWriter } from './ports-estate.ts';
import type { Registries } from './ports-registries.ts';
import type { Workplace } from './ports-workplace.ts';

/** What a step may look at. */
export interface ReadWorld {
  readonly clock: Clock;
  readonly terraform: TerraformReader;
  readonly ansible: AnsibleReader;
  readonly helm: HelmReader;
  readonly aws: AwsReader;
  readonly estate: EstateReader;
  readonly ssh: SshReader;
  readonly network: Network;
  readonly templates: Templates;
  readonly downloads: Downloads;
  readonly registries: Registries;
  readonly ledger: LedgerReader;
  readonly files: TextFiles;
  readonly workplace: Workplace;
  /** Opened lazily, through a tunnel where needed; checks the cluster's identity before the first write. */
  cluster(): Promise<ClusterReader>;
}

/** What a step may change. Assignable to ReadWorld. */
export interface WriteWorld extends ReadWorld {
  readonly random: Randomness;
  readonly terraform: TerraformWriter;
  readonly ansible: AnsibleWriter;
  readonly helm: HelmWriter;
  readonly aws: AwsWriter;
  readonly estate: EstateWriter;
  readonly ssh: SshWriter;
  readonly ledger: LedgerWriter;
  readonly files: WritableTextFiles;
  cluster(): Promise<ClusterWriter>;
}
