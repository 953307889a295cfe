import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlatformError } from '../../src/errors.ts';
import { createLauncher } from '../../src/launcher/client.ts';
import { terraformMirror } from '../../src/sandbox/find-tools.ts';
import { openAws } from '../../src/tools/aws/aws.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { childEnvironment } from '../../src/tools/environment.ts';
import { textFiles } from '../../src/tools/files.ts';
import type { TerraformRoot, TerraformWriter } from '../../src/tools/ports.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { createTerraform, type TerraformLock } from '../../src/tools/terraform.ts';
import { environment } from '../helpers/environment.ts';
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

/** One tree of two machines, from its apply to its end: each test goes on where the one before it stopped. */
describe.skipIf(reason !== '')(
  `terraform destroy on the local AWS${reason === '' ? '' : ` (SKIPPED: ${reason})`}`,
  () => {
    const notes: string[] = [];
    const scope = { signal: new AbortController().signal, note: (text: string) => void notes.push(text) };
    const key = 'dev/cluster.tfstate';
    let aws: LocalAws;
    let terraform: TerraformWriter;
    let root: TerraformRoot;
    let launcher: ReturnType<typeof createLauncher>;
    let [folder, stateFolder] = ['', ''];
    let dead = false;
    let readLock: () => Promise<TerraformLock | undefined>;
    const ours = async () => (await aws.alive()).filter((one) => !/^(bucket|zone|record|parameter)/.test(one));

    beforeAll(async () => {
      folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-destroy-'));
      aws = await startLocalAws(folder, { seed: { region } });
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
      stateFolder = join(folder, 'state');
      mkdirSync(stateFolder);
      launcher = createLauncher({
        stateFolder,
        entry: here('../../src/launcher/main.ts'),
        node: process.execPath,
        clock: systemClock,
        env,
      });
      const service = openAws({ region, endpoint: aws.endpoint });
      readLock = async () => {
        const text = await service.object('state', `${key}.tflock`);
        return text === undefined ? undefined : (JSON.parse(text) as TerraformLock);
      };
      terraform = createTerraform({
        processes: launcher.processesFor({ run: 'r1', step: 'destroy', attempt: 1, spawned: async () => {} }),
        read: createReadingProcesses(),
        program: program ?? '',
        folder: stateFolder,
        environment: env,
        files: textFiles,
        clock: systemClock,
        readLock,
        ownDeadAttempt: async () => dead,
      });
      const tree = join(folder, 'tree');
      cpSync(here('../fixtures/small-tree'), tree, { recursive: true });
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')]);
      const machine = { role: 'worker', type: 't3.medium', disk: 8, eip: false, labels: {} };
      root = {
        name: 'cluster',
        directory: tree,
        variables: { key: readFileSync(join(folder, 'key.pub'), 'utf8').trim(), names: { a: machine, b: machine } },
        backend: { bucket: 'state', key, region },
      };

      expect(await terraform.resources(root, scope.signal)).toEqual([]);
      expect(await terraform.planDestroy(root, scope.signal)).toEqual({ changes: [] });
      await terraform.destroy(root, scope);
      await service.makeBucket('state', {});
      expect(await terraform.resources(root, scope.signal)).toEqual([]);
      await terraform.apply(root, scope);
    }, 180_000);

    afterAll(async () => {
      await launcher?.close();
      await until('the launcher has ended', () => !existsSync(join(stateFolder, 'launcher.json')));
      await aws?.close();
      rmSync(folder, { recursive: true, force: true });
    });

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
      await until('both machines are told to end', async () => {
        const calls = await aws.calls(since);
        return calls.filter(({ action }) => action === 'TerminateInstances').length === 2;
      });
      const lock = await readLock();
      expect(lock).toMatchObject({ Operation: 'OperationTypeApply' });
      await launcher.signal('destroy', 'SIGKILL');
      expect(await destroying).toMatchObject({ code: 'INTERRUPTED' });
      await aws.ask('clock', { hold: false });

      const locked = { code: 'TERRAFORM_LOCKED', facts: { lockId: lock?.ID } };
      await expect(terraform.destroy(root, scope)).rejects.toMatchObject(locked);
      await expect(terraform.forget(root, ['aws_key_pair.own'], scope)).rejects.toMatchObject(locked);
      expect(await readLock()).toEqual(lock);

      dead = true;
      await terraform.forget(root, ['aws_key_pair.own', 'aws_key_pair.of_nobody'], scope);
      expect(await readLock()).toBeUndefined();
      // Killed before it could save its state, so that holds machines which are gone; the key is in AWS and in no state: left for the sweep.
      notes.length = 0;
      await terraform.destroy(root, scope);
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
