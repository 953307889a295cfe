import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetBucketTaggingCommand,
  HeadObjectCommand,
  PutBucketTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awsCalls, awsResources, clusterWrites, locksLeft } from './support/far-side.ts';
import { originalLayout } from './support/original-layout.ts';
import { makeProject, type Project } from './support/project.ts';

const tree = 'test/fixtures/original-layout';
const bucket = { Bucket: 'somebody-terraform-state' };
let project: Project;
let s3: S3Client;
beforeAll(async () => {
  project = makeProject(originalLayout, { terraform: `${tree}/terraform`, ansible: `${tree}/ansible` });
  expect(await project.platform(['sandbox', 'up'])).toMatchObject({ code: 0 });
  const region = 'ap-northeast-2';
  s3 = new S3Client({
    region,
    endpoint: project.sandbox().endpoint,
    forcePathStyle: true,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
  });
  // Their state bucket, made by hand long ago: with a tag of theirs, and not versioned.
  await s3.send(new CreateBucketCommand({ ...bucket, CreateBucketConfiguration: { LocationConstraint: region } }));
  await s3.send(new PutBucketTaggingCommand({ ...bucket, Tagging: { TagSet: [{ Key: 'team', Value: 'data' }] } }));
});
afterAll(async () => {
  s3?.destroy();
  await project?.remove();
});

const writes = () => awsCalls(project).filter(({ write }) => write).length;
/** Runs with a file changed, and puts it back. */
async function withChange(file: string, change: (text: string) => string, work: () => Promise<void>): Promise<void> {
  const path = join(project.folder, file);
  const text = readFileSync(path, 'utf8');
  expect(change(text)).not.toBe(text);
  writeFileSync(path, change(text));
  try {
    await work();
  } finally {
    writeFileSync(path, text);
  }
}

/** One story: a broken contract is refused, then the trees move over as they are. */
describe('a tree in the layout of the original scripts', () => {
  it('an output that vanished is refused by doctor and plan, by name, before anything is built', async () => {
    const without = (text: string) => text.replace(/output "vpc_id" \{[^}]*\}/, '');
    const before = writes();
    await withChange('terraform/outputs.tf', without, async () => {
      for (const verb of ['doctor', 'plan', 'up --yes']) {
        const refused = await project.platform(verb.split(' '));
        expect(refused.code, refused.stderr).toBe(4);
        expect(refused.stderr + refused.stdout).toMatch(/terraform has no output vpc_id/);
      }
    });
    expect(writes()).toBe(before);
  });

  it('a group that no play is for is refused, with the machines that would never join', async () => {
    const forgetting = (text: string) => text.replace('hosts: workers:storage', 'hosts: workers');
    const before = project.files();
    await withChange('ansible/site.yml', forgetting, async () => {
      const plan = await project.platform(['plan']);
      expect(plan.code, plan.stderr).toBe(4);
      expect(plan.stderr).toContain('no play is for the group storage: k8s-storage');
    });
    expect(project.files()).toEqual(before);
  });

  it('dies with site.yml at work: the machines are prepared, the cluster is not', async () => {
    const tools: number[] = [];
    const run = await project.platform(['up', '--json', '--yes'], {
      onEvent: (event, child) => {
        if (event.type === 'step.spawned' && event.process.tool === 'ansible-playbook') {
          expect(event.step).toBe('node-base');
          tools.push(event.process.pid);
        }
        if (event.type !== 'step.note' || !event.text.includes('Start the first control plane')) return;
        child.kill('SIGKILL');
        for (const pid of tools.splice(0)) process.kill(-pid, 'SIGKILL');
      },
    });
    expect(run.signal, run.stderr).toBe('SIGKILL');
  });

  it('goes on, and moves over by configuration alone: one run of site.yml serves all that is left', async () => {
    const run = await project.platform(['up', '--json', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    const plays = run.events.flatMap((event) =>
      event.type === 'step.spawned' && event.process.tool === 'ansible-playbook' ? [event.step] : [],
    );
    expect(plays).toEqual(['control-plane']);
    const machines = (await awsResources(project)).filter(({ kind }) => kind === 'instance');
    expect(machines.map(({ tags }) => tags?.['Name'] ?? '').toSorted()).toEqual([
      'k8s-master',
      'k8s-storage',
      'k8s-worker-1',
      'k8s-worker-2',
    ]);
    expect(
      machines.flatMap(({ tags }) => Object.keys(tags ?? {})).filter((key) => key.startsWith('platform/')),
    ).toEqual([]);
  });

  it('the derived inventory has their groups and variables, and the extra variables that site.yml asks for', async () => {
    const read = (name: string) => JSON.parse(readFileSync(join(project.stateFolder, name), 'utf8'));
    const { all } = read('inventory.yml');
    expect(Object.keys(all.children.k8s_cluster.children).toSorted()).toEqual(['masters', 'storage', 'workers']);
    expect(all.children.k8s_cluster.children.storage.hosts['k8s-storage']).toMatchObject({
      workload: 'storage',
      data_disk_gib: 100,
      node_role: 'worker',
    });
    expect(all.vars).toMatchObject({ ansible_python_interpreter: '/usr/bin/python3' });
    expect(JSON.stringify(all)).not.toContain('StrictHostKeyChecking');
    expect(read('variables.json')).toEqual({
      vpc_id: expect.stringMatching(/^vpc-/),
      acm_certificate_arn: '',
    });
  });

  it('the state is where theirs was, in a bucket whose settings nobody touched', async () => {
    const object = { ...bucket, Key: 'k8s-cluster/terraform.tfstate' };
    expect((await s3.send(new HeadObjectCommand(object))).ContentLength).toBeGreaterThan(1000);
    const { TagSet } = await s3.send(new GetBucketTaggingCommand(bucket));
    expect(TagSet).toEqual([{ Key: 'team', Value: 'data' }]);
    expect(await locksLeft(project)).toEqual([]);
  });

  it('a second up changes nothing', async () => {
    const before = { aws: writes(), cluster: clusterWrites(project).length };
    const run = await project.platform(['up', '--yes']);
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain('Nothing is to be done');
    expect({ aws: writes(), cluster: clusterWrites(project).length }).toEqual(before);
  });
});
