import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { wireSeed } from '../contract/wire-seed.ts';
import type { Project } from '../e2e/support/project.ts';
import { Random } from './random.ts';
import { credentials, type Resource, type WireAccount, wireDelay, wireRegion } from './wire-aws.ts';
import { type Build, openImage } from './wire-build.ts';
import { blocking, decoys, twins } from './wire-decoys.ts';
import { type Standing, standingIn } from './wire-fill.ts';
import { damage, useCluster } from './wire-past.ts';
import { type Stock, takeStock } from './wire-stock.ts';
import { keyOf, stateBucket, type Truth } from './wire-truth.ts';

/** One account by its seed, and what a person asks for in it. */
export interface WireBase {
  readonly seed: number;
  readonly story: readonly string[];
  readonly project: Project;
  readonly account: WireAccount;
  readonly standing: Standing;
  readonly arguments: readonly string[];
  /** For the program. */
  readonly environment: Readonly<Record<string, string>>;
  readonly deleteData: boolean;
  readonly keep: boolean;
  /** Somebody else's cluster carries our very id; `twinLost`: its network does not any more. */
  readonly isTwin: boolean;
  readonly twinLost: boolean;
  /** What each thing was when it was made. */
  readonly born: Map<string, Truth>;
  /** Events after which the program is killed, and whether Terraform dies with it. */
  readonly kill: { readonly after: number; readonly terraformToo: boolean } | undefined;
  remove(): void;
}

/** As it stands before anything is taken apart. */
export interface WireWorld extends WireBase, Stock {}

export async function makeWorld(seed: number, build: Build): Promise<WireWorld> {
  const random = new Random(seed);
  // Numbers of its own for each part, so that more of one part does not change another.
  const [past, harms, strangers] = [random.fork(), random.fork(), random.fork()];
  const whole = build.images.filter((image) => image.whole);
  const image = random.pick(random.chance(0.3) ? whole : build.images);
  const story = [image.story];
  const account = await image.account.copy();
  const project = openImage(image);
  const options = { endpoint: account.endpoint, region: wireRegion, credentials };
  const store = new S3Client({ ...options, forcePathStyle: true });
  const fill = wireSeed(account.endpoint, wireRegion, async () => {
    await account.ask('clock', { advance: wireDelay });
  });

  const isTheirs = (one: Resource): boolean => one.default || one.kind === 'hosted-zone' || one.id === stateBucket;
  const born = new Map<string, Truth>();
  const label = async (truth: Truth): Promise<readonly Resource[]> => {
    const found = await account.resources();
    for (const one of found) if (!born.has(keyOf(one))) born.set(keyOf(one), isTheirs(one) ? 'foreign' : truth);
    return found;
  };
  const built = await label('ours');
  const clusterId = built.map(({ tags }) => tags['platform/cluster']).find((id) => id !== undefined) ?? '';
  let standing = standingIn(built, clusterId);

  const data = new Set<string>();
  const { groups } = await useCluster(fill, past, standing, story, data);
  if (standing.bucket !== undefined && past.chance(0.4)) {
    await store.send(new PutObjectCommand({ Bucket: standing.bucket, Key: `${clusterId}/etcd/one.db`, Body: 'data' }));
    data.add(keyOf({ kind: 'bucket', id: standing.bucket }));
    story.push('a backup in the data bucket');
  }
  await label('ours');
  for (const key of data) born.set(key, 'data');

  const contested = new Set<string>();
  const ec2 = new EC2Client(options);
  await damage({ random: harms, story, store, project, standing, ec2, isWhole: image.whole, contested });
  for (const key of contested) born.set(key, 'contested');
  standing = standingIn(await account.resources(), clusterId);
  // Where no network of ours stands, nobody could tell the other one from an orphan of ours (docs/worlds.md).
  const names = Object.keys(decoys);
  const chosen = names.filter(
    (name, index) =>
      // Whatever else chance brings, each of them comes by turns.
      (strangers.chance(blocking.has(name) ? 0.05 : 0.25) || seed % names.length === index) &&
      (standing.vpc !== undefined || !twins.has(name)),
  );
  for (const name of chosen) {
    await decoys[name]?.({ seed: fill, random: strangers, standing, fronts: groups });
    story.push(name);
  }
  await store.send(new PutObjectCommand({ Bucket: stateBucket, Key: 'prod/cluster.tfstate', Body: '{}' }));
  await label('foreign');

  const [deleteData, keep] = [random.chance(0.3), random.chance(0.25)];
  const kill = random.chance(0.3) ? { after: random.whole(5, 60), terraformToo: random.chance(0.5) } : undefined;
  if (deleteData) story.push('--delete-data');
  if (keep) story.push('--keep foundation');
  if (kill !== undefined) story.push(`killed after ${kill.after} events${kill.terraformToo ? ', with Terraform' : ''}`);
  const base: WireBase = {
    seed,
    story,
    project,
    account,
    standing,
    arguments: [
      'destroy',
      '--cleanup',
      '--aws-only',
      '--yes',
      '--json',
      ...(deleteData ? ['--delete-data'] : []),
      ...(keep ? ['--keep', 'foundation'] : []),
    ],
    environment: {
      AWS_ENDPOINT_URL: account.endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      TF_CLI_CONFIG_FILE: build.terraformConfiguration,
    },
    deleteData,
    keep,
    isTwin: chosen.some((name) => twins.has(name)),
    twinLost: false,
    born,
    kill,
    remove: () => {
      account.end();
      rmSync(project.folder, { recursive: true, force: true });
    },
  };
  return { ...base, ...(await takeStock(base)) };
}

/** The journals of all that was run here. */
export function journalsOf({ stateFolder }: Project): readonly string[] {
  const folder = join(stateFolder, 'journal');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
