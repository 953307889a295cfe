import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLauncher } from '../../src/launcher/client.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { childEnvironment } from '../../src/tools/environment.ts';
import { textFiles } from '../../src/tools/files.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { createTerraform, type TerraformLock } from '../../src/tools/terraform.ts';
import { findAnsible } from '../helpers/ansible.ts';
import { environment } from '../helpers/environment.ts';
import { freePort } from '../helpers/free-port.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const folders = [dirname(findAnsible()?.program ?? ''), ...(environment['PATH'] ?? '').split(delimiter)];
const moto = folders.map((folder) => join(folder, 'moto_server')).find((path) => existsSync(path));
const installed = moto !== undefined && folders.some((folder) => existsSync(join(folder, 'terraform')));

/** moto hides private objects from anonymous callers, and believes any signature. */
const authorization =
  'AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0';

/** A local S3 for the running test. */
async function startS3(home: string): Promise<string> {
  const port = await freePort();
  const server = spawn(moto ?? '', ['-H', '127.0.0.1', '-p', String(port)], {
    env: { PATH: environment['PATH'], HOME: home },
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    const ended = new Promise((done) => {
      server.once('exit', done);
    });
    server.kill('SIGKILL');
    await ended;
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await until(
    'the local S3 answers',
    async () => (await fetch(`${endpoint}/state`, { method: 'PUT' }).catch(() => undefined))?.ok,
    60_000,
  );
  return endpoint;
}

describe.skipIf(!installed)(
  `terraform with state in S3${installed ? '' : ' (SKIPPED: needs terraform and moto_server; npm run setup)'}`,
  () => {
    test('killed inside an apply: the lock stays, is explained, is released only when it is ours and dead, and the apply goes on', async () => {
      const folder = temporaryFolder();
      const endpoint = await startS3(folder);
      const [tree, stateFolder, hold] = [join(folder, 'project'), join(folder, 'state'), join(folder, 'hold')];
      cpSync(here('../fixtures/terraform/small'), tree, { recursive: true });
      mkdirSync(stateFolder);
      const env = childEnvironment(
        { PATH: environment['PATH'], HOME: folder },
        {
          AWS_ENDPOINT_URL: endpoint,
          AWS_REGION: 'eu-west-1',
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test-secret',
          AWS_EC2_METADATA_DISABLED: 'true',
        },
      );
      const launcher = createLauncher({
        stateFolder,
        entry: here('../../src/launcher/main.ts'),
        node: process.execPath,
        clock: systemClock,
        env,
      });
      onTestFinished(async () => {
        await launcher.close();
        await until('the launcher has ended', () => !existsSync(join(stateFolder, 'launcher.json')));
      });
      let dead = false;
      const lockObject = `${endpoint}/state/dev/cluster.tfstate.tflock`;
      const readLock = async (): Promise<TerraformLock | undefined> => {
        const answer = await fetch(lockObject, { headers: { authorization } });
        return answer.ok ? ((await answer.json()) as TerraformLock) : undefined;
      };
      const options = {
        processes: launcher.processesFor({ run: 'r1', step: 'infrastructure', attempt: 1, spawned: async () => {} }),
        read: createReadingProcesses(),
        program: 'terraform',
        folder: stateFolder,
        environment: env,
        files: textFiles,
        clock: systemClock,
        readLock,
        ownDeadAttempt: async () => dead,
      };
      const terraform = createTerraform(options);
      const backend = { bucket: 'state', key: 'dev/cluster.tfstate', region: 'eu-west-1' };
      const root = { name: 'cluster', directory: tree, variables: { nodes: { a: '1' }, hold }, backend };
      const scope = { signal: new AbortController().signal, note: () => {} };

      // A root that makes nothing has outputs all the same: they are written by an apply of nothing else.
      const empty = {
        ...root,
        name: 'empty',
        variables: { nodes: {}, hold },
        backend: { ...backend, key: 'dev/empty.tfstate' },
      };
      expect(await terraform.plan(empty, scope.signal)).toEqual({ changes: [] });
      expect(await terraform.outputs(empty, scope.signal)).toEqual({});
      expect(await terraform.apply(empty, scope)).toEqual({ nodes: {} });
      expect(await terraform.outputs(empty, scope.signal)).toEqual({ nodes: {} });

      writeFileSync(hold, '');
      const applying = terraform.apply(root, scope).catch((error: unknown) => error);
      await until('the node is being made', () => existsSync(`${hold}.a`));
      expect((await terraform.plan(root, scope.signal)).changes).toHaveLength(1);
      const lock = await readLock();
      expect(lock).toMatchObject({ Operation: 'OperationTypeApply' });
      await launcher.signal('infrastructure', 'SIGKILL');
      expect(await applying).toMatchObject({ code: 'INTERRUPTED', message: expect.stringContaining('SIGKILL') });
      rmSync(hold);

      const locked = { code: 'TERRAFORM_LOCKED', facts: { lockId: lock?.ID, who: lock?.Who, operation: 'apply' } };
      await expect(terraform.settle(root, { existing: {}, healthy: [] }, scope)).rejects.toMatchObject(locked);
      await expect(terraform.apply(root, scope)).rejects.toMatchObject(locked);
      expect(await readLock()).toEqual(lock);

      dead = true;
      expect(await terraform.settle(root, { existing: {}, healthy: [] }, scope)).toEqual([
        expect.stringContaining(`released the lock ${lock?.ID}`),
      ]);
      expect(await readLock()).toBeUndefined();
      expect(Object.keys((await terraform.apply(root, scope))['nodes'] as object)).toEqual(['a']);
      expect(await terraform.plan(root, scope.signal)).toEqual({ changes: [] });
      expect(await readLock()).toBeUndefined();

      // Read from the bucket, without Terraform, it says the same; what cannot be read there is asked of Terraform.
      const asked: string[] = [];
      const direct = (readObject: (bucket: string, key: string) => Promise<string | undefined>) =>
        createTerraform({ ...options, program: '/nonexistent', readObject }).resources(root, scope.signal);
      const recorded = await terraform.resources(root, scope.signal);
      expect(recorded).toMatchObject([{ address: 'terraform_data.node["a"]', type: 'terraform_data' }]);
      const read = async (bucket: string, key: string): Promise<string> => {
        asked.push(`${bucket}/${key}`);
        return await (await fetch(`${endpoint}/${bucket}/${key}`, { headers: { authorization } })).text();
      };
      expect(await direct(read)).toEqual(recorded);
      expect(asked).toEqual(['state/dev/cluster.tfstate']);
      await expect(direct(async () => undefined)).rejects.toThrow('/nonexistent');
    });
  },
);
