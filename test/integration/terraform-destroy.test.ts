import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Audit } from '../../src/engine/types.ts';
import { PlatformError } from '../../src/errors.ts';
import { createLauncher } from '../../src/launcher/client.ts';
import { terraformMirror } from '../../src/sandbox/find-tools.ts';
import { foundation } from '../../src/steps/build/foundation.ts';
import type { StepContext } from '../../src/steps/kit.ts';
import { destroyTerraformFoundation } from '../../src/steps/teardown/destroy-terraform-foundation.ts';
import { openAws } from '../../src/tools/aws/aws.ts';
import { openEstate } from '../../src/tools/aws/estate/estate.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { childEnvironment } from '../../src/tools/environment.ts';
import { textFiles } from '../../src/tools/files.ts';
import type { TerraformRoot, TerraformWriter } from '../../src/tools/ports.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { createTerraform, type TerraformLock } from '../../src/tools/terraform.ts';
import { exampleConfig } from '../helpers/configuration.ts';
import { environment } from '../helpers/environment.ts';
import { fakeWorld, specOf } from '../helpers/fake-world.ts';
import { type LocalAws, startLocalAws } from '../helpers/local-aws.ts';
import { awsPython } from '../helpers/tool-caches.ts';
import { until } from '../helpers/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const program = (environment['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'terraform'))
  .find((path) => existsSync(path));
const mirror = await terraformMirror(environment['HOME'] ?? '');
const reason = [
  ...(program === undefined ? ['terraform is not on PATH'] : []),
  ...(awsPython === undefined ? ['no Python for the local AWS: npm run setup'] : []),
  ...(mirror === undefined ? ['no folder mirrors the AWS provider'] : []),
].join(', ');
const region = 'eu-west-1';
/** Accepted by EC2, with no private half. */
const publicKey = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(42)}a test`;

/** The real Terraform through a real launcher, on the local AWS. */
async function openWorld(name: string, seed: object, stored: 'read by us' | 'asked of Terraform') {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `platform-${name}-`));
  const aws = await startLocalAws({ seed: { region, ...seed } });
  const rc = join(folder, 'terraformrc');
  writeFileSync(rc, mirror ?? '');
  const env = childEnvironment(
    { PATH: environment['PATH'], HOME: folder },
    {
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test-secret',
      AWS_EC2_METADATA_DISABLED: 'true',
      TF_CLI_CONFIG_FILE: rc,
    },
  );
  const stateFolder = join(folder, 'state');
  mkdirSync(stateFolder);
  const launcher = createLauncher({
    stateFolder,
    entry: here('../../src/launcher/main.ts'),
    node: process.execPath,
    clock: systemClock,
    env,
  });
  const service = openAws({ region, endpoint: aws.endpoint });
  const lock = async (key: string): Promise<TerraformLock | undefined> => {
    const text = await service.object('state', `${key}.tflock`);
    return text === undefined ? undefined : (JSON.parse(text) as TerraformLock);
  };
  const world = {
    folder,
    aws,
    service,
    launcher,
    lock,
    /** Whether a lock that is met is taken for one of our own dead attempts. */
    dead: false,
    async close() {
      await launcher.close();
      await until('the launcher has ended', () => !existsSync(join(stateFolder, 'launcher.json')));
      await aws.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const terraform = createTerraform({
    processes: launcher.processesFor({ run: 'r1', step: 'destroy', attempt: 1, spawned: async () => {} }),
    read: createReadingProcesses(),
    program: program ?? '',
    folder: stateFolder,
    environment: env,
    files: textFiles,
    clock: systemClock,
    readLock: async (root) => await lock(root.backend?.key ?? ''),
    ownDeadAttempt: async () => world.dead,
    ...(stored === 'read by us' ? { readObject: service.object } : {}),
  });
  return { ...world, terraform, revive: (dead: boolean) => void (world.dead = dead) };
}

type World = Awaited<ReturnType<typeof openWorld>>;

const ofPlatform = async ({ aws }: World) =>
  (await aws.alive()).filter((one) => !/^(hosted-zone|parameter|bucket state$)/.test(one));

/** One tree of two machines, from its apply to its end: each test goes on where the one before it stopped. */
describe.skipIf(reason !== '')(
  `terraform destroy on the local AWS${reason === '' ? '' : ` (SKIPPED: ${reason})`}`,
  () => {
    const notes: string[] = [];
    const scope = { signal: new AbortController().signal, note: (text: string) => void notes.push(text) };
    const key = 'dev/cluster.tfstate';
    let world: World;
    let aws: LocalAws;
    let terraform: TerraformWriter;
    let root: TerraformRoot;
    const ours = () => ofPlatform(world);
    const readLock = () => world.lock(key);

    beforeAll(async () => {
      world = await openWorld('destroy', {}, 'asked of Terraform');
      ({ aws, terraform } = world);
      const tree = join(world.folder, 'tree');
      cpSync(here('../fixtures/small-tree'), tree, { recursive: true });
      const machine = { role: 'worker', type: 't3.medium', disk: 8, eip: false, labels: {} };
      root = {
        name: 'cluster',
        directory: tree,
        variables: { key: publicKey, names: { a: machine, b: machine } },
        backend: { bucket: 'state', key, region },
      };
      expect(await terraform.resources(root, scope.signal)).toEqual([]);
      expect(await terraform.planDestroy(root, scope.signal)).toEqual({ changes: [] });
      await terraform.destroy(root, scope);
      await world.service.makeBucket('state', {});
      expect(await terraform.resources(root, scope.signal)).toEqual([]);
      await terraform.apply(root, scope);
    }, 180_000);
    afterAll(async () => await world?.close());

    test('the state is read without a provider: every managed resource with its id', async () => {
      const found = await terraform.resources(root, scope.signal);
      expect(found.map(({ address }) => address).toSorted()).toEqual([
        'aws_instance.machine["a"]',
        'aws_instance.machine["b"]',
        'aws_key_pair.own',
        'aws_subnet.own',
        'aws_vpc.own',
      ]);
      const alive = await ours();
      for (const { type, id } of found.filter((one) => one.type !== 'aws_key_pair'))
        expect(alive).toContain(`${type.replace('aws_', '')} ${id}`);
    });

    test('a plan that is not agreed to changes nothing and leaves no lock', async () => {
      const before = await aws.alive();
      const refuse = terraform.destroy(root, {
        ...scope,
        agree: (changes) => {
          expect(changes.map(({ actions }) => actions)).toEqual(Array.from({ length: 5 }, () => ['delete']));
          throw new PlatformError('FOREIGN', { message: 'one of them is not ours' });
        },
      });
      await expect(refuse).rejects.toMatchObject({ code: 'FOREIGN' });
      expect(await aws.alive()).toEqual(before);
      expect(await readLock()).toBeUndefined();
      expect((await terraform.planDestroy(root, scope.signal)).changes).toHaveLength(5);
    });

    test('killed while machines end: the lock is explained, and once it is ours and dead the rest goes', async () => {
      await aws.ask('clock', { hold: true });
      const since = (await aws.calls()).length;
      const destroying = terraform.destroy(root, scope).catch((error: unknown) => error);
      // Terraform starts, plans and starts again: on a busy machine that is no matter of seconds.
      const told = async () => {
        const calls = await aws.calls(since);
        return calls.filter(({ action }) => action === 'TerminateInstances').length === 2;
      };
      await until('both machines are told to end', told, 300_000);
      const lock = await readLock();
      expect(lock).toMatchObject({ Operation: 'OperationTypeApply' });
      await world.launcher.signal('destroy', 'SIGKILL');
      expect(await destroying).toMatchObject({ code: 'INTERRUPTED' });
      await aws.ask('clock', { hold: false });

      const locked = { code: 'TERRAFORM_LOCKED', facts: { lockId: lock?.ID } };
      await expect(terraform.destroy(root, scope)).rejects.toMatchObject(locked);
      await expect(terraform.forget(root, ['aws_key_pair.own'], scope)).rejects.toMatchObject(locked);
      expect(await readLock()).toEqual(lock);

      // Overtaken by what leaves the state after it.
      await terraform.planDestroy(root, scope.signal);
      world.revive(true);
      await terraform.forget(root, ['aws_key_pair.own', 'aws_key_pair.of_nobody'], scope);
      expect(await readLock()).toBeUndefined();
      // Killed before it could save its state, so that holds machines which are gone; the key is in AWS and in no state: left for the sweep.
      notes.length = 0;
      await terraform.destroy(root, scope);
      expect(notes).toContain('the state moved on after planning: planning again');
      expect(notes).toContain('4/4 resources destroyed');
      expect((await ours()).filter((one) => !one.startsWith('key-pair'))).toEqual([]);
      expect((await ours()).filter((one) => one.startsWith('key-pair'))).toHaveLength(1);
      expect(await terraform.resources(root, scope.signal)).toEqual([]);
      expect(await terraform.outputs(root, scope.signal)).toEqual({});

      const writes = (await aws.calls()).filter((one) => one.write && one.service !== 's3').length;
      await terraform.destroy(root, scope);
      expect((await aws.calls()).filter((one) => one.write && one.service !== 's3')).toHaveLength(writes);
      expect(await readLock()).toBeUndefined();
    });
  },
);

/** Our own root `foundation`, from its build through two removals; the data decides what goes. */
describe.skipIf(reason !== '')(
  `foundation's removal on the local AWS${reason === '' ? '' : ` (SKIPPED: ${reason})`}`,
  () => {
    const clusterId = 'demo-sandbox-ab1c2';
    const account = '123456789012';
    const bucket = `${clusterId}-data-${account}`;
    const backend = { account, bucket: 'state', clusterId };
    const up = {
      backend,
      inventory: { ...backend, vpcs: [], kubernetes: 'left-out', because: '', counts: {} },
      leftovers: undefined,
    };
    const audits: string[] = [];
    let world: World;

    /** The steps' world: everything real but the ledger. */
    const context = (domain: string, deleteData = false): StepContext => {
      const { context: fake } = fakeWorld(
        {},
        {
          ...exampleConfig(),
          region,
          domain,
          program: here('../..'),
          stateFolder: join(world.folder, 'state'),
          teardown: {
            cleanup: true,
            keepFoundation: false,
            deleteData,
            awsOnly: true,
            forceFinalizers: false,
            backup: 'none',
            rebuild: false,
          },
        },
      );
      return Object.assign(fake, {
        terraform: world.terraform,
        aws: world.service,
        estate: openEstate({ region, endpoint: world.aws.endpoint }),
        files: textFiles,
        clock: systemClock,
        audit: async ({ action, target }: Audit) => void audits.push(`${action} ${target}`),
      });
    };
    const remove = specOf(destroyTerraformFoundation);

    beforeAll(async () => {
      world = await openWorld('foundation', { zones: ['example.dev'] }, 'read by us');
      await world.service.makeBucket('state', {});
      await specOf(foundation).apply(context('example.dev'), up);
      await world.service.putObject(bucket, `${clusterId}/etcd/one.db`, 'data');
    }, 180_000);
    afterAll(async () => await world?.close());

    test('a bucket with data stays and is told; all else goes, though the domain of the build is no longer configured', async () => {
      const kinds = (await ofPlatform(world)).map((one) => one.split(' ')[0]);
      expect(new Set(kinds)).toEqual(new Set(['address', 'bucket', 'certificate', 'record']));
      expect(await remove.apply(context('elsewhere.dev'), up)).toMatchObject({
        kept: [{ id: bucket, because: 'data: --delete-data was not given' }],
      });
      expect(await ofPlatform(world)).toEqual([`bucket ${bucket}`]);
      expect(await remove.check(context('elsewhere.dev'), up)).toMatchObject({ state: 'satisfied' });
      expect(audits.join()).not.toContain(bucket);
    });

    test('the next build of the same cluster id takes it up again, with its data', async () => {
      const ctx = context('example.dev');
      expect(await specOf(foundation).apply(ctx, up)).toMatchObject({ bucket });
      expect(await world.service.object(bucket, `${clusterId}/etcd/one.db`)).toBe('data');
      expect(await specOf(foundation).check(ctx, up)).toMatchObject({ state: 'satisfied' });
    });

    test('with --delete-data nothing is left, and the emptying was written down', async () => {
      await remove.apply(context('example.dev', true), up);
      expect(await ofPlatform(world)).toEqual([]);
      expect(audits).toContainEqual(`delete bucket ${bucket} with all its objects`);
    });
  },
);
