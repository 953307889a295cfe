import type { PlatformConfig, TeardownChoices } from '../../src/config/config.ts';
import type { LedgerEntry } from '../../src/tools/ports.ts';
import { exampleConfig } from '../helpers/configuration.ts';
import { MemoryJournals } from '../helpers/memory-journal.ts';
import type { SimulatedClock } from '../helpers/simulated-clock.ts';
import { MemoryAws, usualDelays } from './memory-aws/memory-aws.ts';
import { MemoryCluster } from './memory-cluster/memory-cluster.ts';
import { MemoryHelm } from './memory-helm.ts';
import { MemoryTerraform } from './memory-terraform.ts';
import { Random } from './random.ts';

export const environment = 'sandbox';

/** In the story of a world whose cluster id was lost. */
export const unknownIdentity = 'nothing says which cluster this is';

/** Everything outside the program: an account full of things, our cluster and somebody else's, states, records; and what a person asked for. */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly clock: SimulatedClock;
  readonly aws: MemoryAws;
  readonly cluster: MemoryCluster;
  /** Somebody else's: any write to it is a crime. */
  readonly decoy: MemoryCluster;
  readonly terraform: MemoryTerraform;
  readonly helm: MemoryHelm;
  readonly clusterId: string;
  readonly domain = 'example.dev';
  readonly files = new Map<string, string>();
  /** `BUCKET/KEY` -> body. */
  readonly objects = new Map<string, string>();
  readonly ledgerLines = new MemoryJournals();
  /** What the build put into the ledger; written by `seal`. */
  readonly ledger: LedgerEntry[] = [];
  /** What stands behind our kubeconfig. */
  reached: 'ours' | 'decoy' = 'ours';
  /** Our own two Terraform roots, or one tree of the user's. */
  tree: 'ours' | 'own' = 'ours';
  choices: TeardownChoices = {
    cleanup: true,
    keepFoundation: false,
    deleteData: false,
    awsOnly: false,
    forceFinalizers: false,
    backup: 'none',
    rebuild: false,
  };
  /** For people: what this world is like. */
  readonly story: string[] = [];

  constructor(seed: number, clock: SimulatedClock) {
    this.seed = seed;
    this.random = new Random(seed);
    this.clock = clock;
    this.aws = new MemoryAws(clock, this.random.fork(), {
      ...usualDelays,
      termination: this.random.whole(15_000, 90_000),
      lingering: this.random.whole(5_000, 60_000),
    });
    this.cluster = new MemoryCluster('ours', clock);
    this.decoy = new MemoryCluster('theirs', clock);
    this.terraform = new MemoryTerraform(this.aws);
    this.helm = new MemoryHelm(this.cluster);
    this.clusterId = `demo-${environment}-${this.random.letters(5)}`;
  }

  get config(): PlatformConfig {
    return { ...(this.tree === 'own' ? ownTreeConfig : baseConfig), teardown: this.choices };
  }

  get stateBucket(): string {
    return `platform-state-${this.aws.account}-${this.aws.region}-demo`;
  }

  /** The tags that everything of ours is born with. */
  tags(name?: string): Record<string, string> {
    return bornTags(this.clusterId, environment, name);
  }

  record(step: string, kind: string, id: string, unique: Readonly<Record<string, string>> = {}, name?: string): void {
    this.ledger.push({ kind, id, unique, step, ...(name === undefined ? {} : { name }) });
  }
}

export const bornTags = (cluster: string, place: string, name?: string): Record<string, string> => ({
  ...(name === undefined ? {} : { Name: name }),
  'platform/cluster': cluster,
  'platform/environment': place,
  [`kubernetes.io/cluster/${cluster}`]: 'owned',
});

/** Two machines are enough for every rule: one with the control plane and an address, one without. */
const baseConfig: PlatformConfig = (() => {
  const example = exampleConfig();
  const nodes = Object.entries(example.nodes).filter(([name]) => name === 'k8s-master' || name === 'k8s-worker-1');
  return { ...example, nodes: Object.fromEntries(nodes) };
})();

const ownTreeConfig: PlatformConfig = {
  ...baseConfig,
  terraform: { ...baseConfig.terraform, dir: '/project/tree', outputs: { vpc_id: 'vpc_id', nodes: 'nodes' } },
};
