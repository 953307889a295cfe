import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateTagsCommand,
  DeleteKeyPairCommand,
  DeleteTagsCommand,
  type EC2Client,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DeleteBucketCommand, DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { EstateSeed } from '../contract/estate-seed.ts';
import type { Project } from '../e2e/support/project.ts';
import type { Random } from './random.ts';
import { domain } from './wire-build.ts';
import { driverTags, makeEntrance, makeName, type Standing } from './wire-fill.ts';
import { keyOf, stateBucket } from './wire-truth.ts';

/** What a cluster on our machines leaves in AWS; keys of what is somebody's data go into `data`. */
export async function useCluster(
  seed: EstateSeed,
  random: Random,
  standing: Standing,
  story: string[],
  data: Set<string>,
): Promise<{ readonly groups: readonly string[] }> {
  const [machine] = standing.machines;
  if (machine === undefined || standing.subnets.length < 2 || random.chance(0.15)) return { groups: [] };
  const groups: string[] = [];
  const stacks = random.chance(0.4) ? ['argocd/argocd', 'web/shop'] : ['argocd/argocd'];
  for (const stack of stacks) {
    const isWhole = random.chance(0.75);
    story.push(`entrance ${stack}${isWhole ? '' : ', its load balancer gone'}`);
    groups.push(...(await makeEntrance(seed, random, standing, stack, isWhole)).groups);
  }
  for (let number = random.whole(0, 2); number > 0; number--) {
    const attached = random.chance(0.6);
    const tags = driverTags(`pvc-${random.letters(8)}`, standing.clusterId);
    const id = await seed.volume(tags, attached ? machine.id : undefined);
    data.add(keyOf({ kind: 'volume', id }));
    story.push(`a claim's volume${attached ? '' : ', on no machine'}`);
  }
  if (random.chance(0.7)) {
    await makeName(seed, standing.zone, 'argocd', standing.clusterId);
    story.push(`the name argocd.${domain}`);
  }
  return { groups };
}

/** Records that were lost, and things that somebody deleted or marked by hand; keys of what carries somebody else's mark go into `contested`. */
export async function damage(place: {
  readonly random: Random;
  readonly story: string[];
  readonly store: S3Client;
  readonly project: Project;
  readonly standing: Standing;
  readonly ec2: EC2Client;
  readonly isWhole: boolean;
  readonly contested: Set<string>;
}): Promise<void> {
  const { random, story, store, project, standing, ec2, isWhole } = place;
  const lose = (key: string) => store.send(new DeleteObjectCommand({ Bucket: stateBucket, Key: `sandbox/${key}` }));
  for (const root of ['cluster', 'foundation'])
    if (random.chance(0.12)) {
      await lose(`${root}.tfstate`);
      story.push(`the state of ${root} is lost`);
    }
  if (random.chance(0.12)) {
    await lose('ledger.ndjson');
    rmSync(join(project.stateFolder, 'ledger.ndjson'), { force: true });
    story.push('the ledger is lost');
  }
  // A lock that a dead Terraform left is explained by the journal of the machine on which it ran, and by nothing else.
  if (isWhole && random.chance(0.15)) {
    for (const name of readdirSync(project.stateFolder).filter((one) => one !== 'sandbox'))
      rmSync(join(project.stateFolder, name), { recursive: true });
    story.push('on another machine');
  }
  if (random.chance(0.25)) await changeTags(place);
  if (!random.chance(0.3)) return;
  const worker = standing.machines.find(({ tags }) => tags['platform/node'] === 'worker-1');
  if (worker !== undefined && random.chance(0.6)) {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [worker.id] }));
    story.push('somebody ended the worker');
  }
  if (random.chance(0.5)) {
    await ec2.send(new DeleteKeyPairCommand({ KeyName: `${standing.clusterId}-key` }));
    story.push('somebody deleted the key pair');
  }
  if (standing.bucket !== undefined && random.chance(0.3)) {
    const deleted = await store.send(new DeleteBucketCommand({ Bucket: standing.bucket })).catch(() => undefined);
    if (deleted !== undefined) story.push('somebody deleted the data bucket');
  }
}

/** A record by id outlives our tags; another cluster's mark beside it is a contradiction, which is never resolved in our favour. */
async function changeTags({ random, story, standing, ec2, contested }: Parameters<typeof damage>[0]): Promise<void> {
  const { subnets, nodes, address } = standing;
  const things = [
    ...subnets.slice(0, 1).map((id) => ({ kind: 'subnet', id })),
    ...(nodes === undefined ? [] : [{ kind: 'security-group', id: nodes }]),
    ...(address === undefined ? [] : [{ kind: 'address', id: address }]),
  ];
  if (things.length === 0) return;
  const thing = random.pick(things);
  if (random.chance(0.5)) {
    await ec2.send(new DeleteTagsCommand({ Resources: [thing.id] }));
    story.push(`somebody took all tags off ${thing.kind} ${thing.id}`);
    return;
  }
  const Tags = [{ Key: 'kubernetes.io/cluster/other', Value: 'owned' }];
  await ec2.send(new CreateTagsCommand({ Resources: [thing.id], Tags }));
  contested.add(keyOf(thing));
  story.push(`somebody marked ${thing.kind} ${thing.id} as another cluster's`);
}
