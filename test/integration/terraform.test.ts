import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLauncher } from '../../src/launcher/client.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { childEnvironment } from '../../src/tools/environment.ts';
import { textFiles } from '../../src/tools/files.ts';
import type { Processes, TerraformRoot } from '../../src/tools/ports.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { createTerraform, type TerraformLock, type TerraformOptions } from '../../src/tools/terraform.ts';
import { environment } from '../helpers/environment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { until } from '../helpers/until.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const installed = (environment['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'terraform')));
const never = new AbortController().signal;

/** Real Terraform with local state, through a real launcher. */
function world(fixture: string, more: Partial<TerraformOptions> = {}) {
  const folder = temporaryFolder();
  const tree = join(folder, 'project');
  cpSync(here(`../fixtures/terraform/${fixture}`), tree, { recursive: true });
  const stateFolder = join(folder, 'state');
  mkdirSync(stateFolder);
  const env = childEnvironment({ PATH: environment['PATH'], HOME: folder });
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
  const lockFile = join(stateFolder, 'terraform', '.cluster.tfstate.lock.info');
  const options: TerraformOptions = {
    processes: launcher.processesFor({ run: 'r1', step: 'infrastructure', attempt: 1, spawned: async () => {} }),
    read: createReadingProcesses(),
    program: 'terraform',
    folder: stateFolder,
    environment: env,
    files: textFiles,
    clock: systemClock,
    readLock: async () =>
      existsSync(lockFile) ? (JSON.parse(readFileSync(lockFile, 'utf8')) as TerraformLock) : undefined,
    ownDeadAttempt: async () => false,
    ...more,
  };
  const terraform = createTerraform(options);
  const hold = join(folder, 'hold');
  const root = (nodes: Record<string, string>, directory = tree): TerraformRoot => ({
    name: 'cluster',
    directory,
    variables: { nodes, hold },
  });
  const notes: string[] = [];
  const scope = { signal: never, note: (text: string) => notes.push(text) };
  return { folder, tree, stateFolder, options, terraform, launcher, root, hold, notes, scope, lockFile };
}

/** Reading processes that count how often Terraform plans. */
function countPlans(): { readonly read: Processes; plans(): number } {
  const reading = createReadingProcesses();
  let plans = 0;
  return {
    plans: () => plans,
    read: {
      run: (command) => {
        if (command.argv[1] === 'plan') plans += 1;
        return reading.run(command);
      },
    },
  };
}

const listing = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe.skipIf(!installed)(`terraform${installed ? '' : ' (SKIPPED: terraform is not on PATH)'}`, () => {
  test('applies exactly its plan, says how far it is, and then plans no changes; the tree stays as it was', async () => {
    const { terraform, root, scope, notes, tree, stateFolder } = world('small');
    const before = listing(tree);
    const nodes = root({ a: '1', b: '1' });
    expect(await terraform.outputs(nodes, never)).toEqual({});
    const { changes } = await terraform.plan(nodes, never);
    expect(changes.map(({ address, actions }) => [address, actions])).toEqual([
      ['terraform_data.node["a"]', ['create']],
      ['terraform_data.node["b"]', ['create']],
    ]);
    const outputs = await terraform.apply(nodes, scope);
    expect(outputs).toEqual(await terraform.outputs(nodes, never));
    expect(Object.keys(outputs['nodes'] as object)).toEqual(['a', 'b']);
    expect(notes.at(-1)).toBe('2/2 resources');
    expect(await terraform.plan(nodes, never)).toEqual({ changes: [] });
    expect(await terraform.apply(nodes, scope)).toEqual(outputs);
    expect(listing(tree)).toEqual(before);
    const variables = listing(stateFolder).filter((name) => name.endsWith('.tfvars.json'));
    expect(variables.map((name) => statSync(join(stateFolder, name)).mode & 0o777)).toEqual(variables.map(() => 0o600));
    expect(listing(stateFolder).filter((name) => name.endsWith('.tfplan'))).toEqual([]);
  });

  test('applies the plan that was looked at a moment ago; one that the state has overtaken is made again', async () => {
    const { read, plans } = countPlans();
    const { terraform, root, scope, notes, stateFolder } = world('small', { read });
    await terraform.plan(root({ a: '1' }), never);
    await terraform.apply(root({ a: '1' }), scope);
    expect(plans()).toBe(1);
    await terraform.plan(root({ a: '1', b: '1' }), never);
    await terraform.apply(root({ a: '1', c: '1' }), scope);
    const outputs = await terraform.apply(root({ a: '1', b: '1' }), scope);
    expect(notes).toContain('the state moved on after planning: planning again');
    expect(Object.keys(outputs['nodes'] as object)).toEqual(['a', 'b']);
    expect(listing(stateFolder).filter((name) => name.endsWith('.tfplan'))).toEqual([]);
  });

  test('a plan that was looked at too long ago is made again', async () => {
    let now = 0;
    const { read, plans } = countPlans();
    const { terraform, root, scope } = world('small', { read, clock: { ...systemClock, monotonic: () => now } });
    await terraform.plan(root({ a: '1' }), never);
    now = 121_000;
    await terraform.apply(root({ a: '1' }), scope);
    expect(plans()).toBe(2);
  });

  test('is initialised once per content', async () => {
    const { terraform, root, tree, stateFolder } = world('small');
    const copies = () =>
      readdirSync(join(stateFolder, 'terraform', 'cluster')).filter((name) => /^[0-9a-f]{16}$/.test(name));
    await terraform.plan(root({}), never);
    const [first] = copies();
    await terraform.plan(root({ a: '1' }), never);
    expect(copies()).toEqual([first]);
    writeFileSync(join(tree, 'more.tf'), 'output "more" {\n  value = 1\n}\n');
    await terraform.plan(root({}), never);
    expect(copies()).toHaveLength(2);
    await terraform.apply(root({}), { signal: never, note: () => {} });
    expect(copies()).toHaveLength(1);
  });

  test('that the environment has initialised serves a command that leaves nothing behind', async () => {
    const { folder, stateFolder, options, root } = world('small');
    const [scratch, localState] = [join(folder, 'scratch'), stateFolder];
    await createTerraform({ ...options, localState }).plan(root({ a: '1' }), never);
    const before = listing(stateFolder);
    expect(
      (await createTerraform({ ...options, localState, folder: scratch }).plan(root({ a: '1' }), never)).changes,
    ).not.toEqual([]);
    expect(listing(stateFolder)).toEqual(before);
    expect(listing(scratch).filter((name) => name.includes('tree'))).toEqual([]);
  });

  test('runs a root that refers to its neighbours, and writes nothing beside it', async () => {
    const { terraform, root, scope, tree } = world('neighbours');
    const before = listing(tree);
    const outputs = await terraform.apply({ ...root({}, join(tree, 'root')), variables: {} }, scope);
    expect(outputs).toEqual({ greeting: 'hello world' });
    expect(listing(tree)).toEqual(before);
  });

  test('names file and line of what is wrong', async () => {
    const { terraform, root, tree, scope } = world('broken');
    const place = { file: join(tree, 'main.tf'), line: 2 };
    expect(await terraform.validate(root({}), never)).toEqual([
      { message: expect.stringContaining('undeclared'), ...place },
    ]);
    await expect(terraform.apply(root({}), scope)).rejects.toMatchObject({
      code: 'TOOL_FAILED',
      next: expect.arrayContaining([`correct ${place.file} line 2`]),
      facts: place,
    });
  });

  test('that is missing says how to get it', async () => {
    const { terraform, root } = world('small', { program: 'terraform-of-nowhere' });
    await expect(terraform.plan(root({}), never)).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      next: [expect.stringContaining('https://'), expect.anything()],
    });
  });

  test('an interrupted apply is INTERRUPTED and leaves a damaged node; settle proves it whole, and nothing is replaced', async () => {
    const { terraform, launcher, root, scope, hold } = world('small');
    const nodes = root({ a: '1', b: '1' });
    writeFileSync(hold, '');
    const applying = terraform.apply(nodes, scope).catch((error: unknown) => error);
    await until('both nodes are being made', () => existsSync(`${hold}.a`) && existsSync(`${hold}.b`));
    await launcher.signal('infrastructure', 'SIGINT');
    expect(await applying).toMatchObject({ code: 'INTERRUPTED', facts: { root: 'cluster' } });
    rmSync(hold);
    const addresses = ['terraform_data.node["a"]', 'terraform_data.node["b"]'];
    const damaged = await terraform.plan(nodes, never);
    expect(damaged.changes.map(({ address, reason }) => [address, reason])).toEqual(
      addresses.map((address) => [address, 'tainted']),
    );
    const did = await terraform.settle(nodes, { existing: {}, healthy: addresses }, scope);
    expect(did).toEqual(addresses.map((address) => `${address} is healthy: took its damaged mark away`));
    expect(await terraform.plan(nodes, never)).toEqual({ changes: [] });
    expect(await terraform.settle(nodes, { existing: {}, healthy: addresses }, scope)).toEqual([]);
  });

  test('settle imports what exists without being recorded, once, and only what would be made again', async () => {
    const { terraform, root, scope, tree } = world('small');
    const nodes = root({ a: '1', b: '1' });
    writeFileSync(join(tree, 'existing.tf'), 'resource "terraform_data" "existing" {}\n');
    const facts = {
      existing: { 'terraform_data.existing': 'i-0123', 'terraform_data.node["gone"]': 'i-4567' },
      healthy: [],
    };
    expect(await terraform.settle(nodes, facts, scope)).toEqual([
      'terraform_data.existing exists as i-0123 without being recorded: imported it',
    ]);
    const { changes } = await terraform.plan(nodes, never);
    expect(changes.map(({ address }) => address)).toEqual(['terraform_data.node["a"]', 'terraform_data.node["b"]']);
    expect(await terraform.settle(nodes, facts, scope)).toEqual([]);
  });

  test('a lock that is held is explained with holder and age, and stays', async () => {
    const { terraform, root, scope, hold, lockFile } = world('small');
    writeFileSync(hold, '');
    const applying = terraform.apply(root({ a: '1' }), scope);
    await until('the node is being made', () => existsSync(`${hold}.a`));
    const holder = JSON.parse(readFileSync(lockFile, 'utf8')) as TerraformLock;
    const second = terraform.settle(root({ a: '1' }), { existing: {}, healthy: [] }, scope);
    await expect(second).rejects.toMatchObject({
      code: 'TERRAFORM_LOCKED',
      message: expect.stringMatching(/holds the Terraform state of cluster \(apply\) since .*less than a minute ago/),
      facts: { lockId: holder.ID, who: holder.Who },
    });
    rmSync(hold);
    await applying;
  });

  test('a lock of our own dead attempt is released', async () => {
    const asked: TerraformLock[] = [];
    const { terraform, root, scope, stateFolder, lockFile } = world('small', {
      ownDeadAttempt: async (lock) => asked.push(lock) > 0,
    });
    await terraform.apply(root({ a: '1' }), scope);
    const lock = {
      ID: '7d1a',
      Operation: 'OperationTypeApply',
      Who: 'me@laptop',
      Created: '2026-01-01T00:00:00Z',
      Info: '',
      Version: '1.11.4',
    };
    writeFileSync(lockFile, JSON.stringify({ ...lock, Path: join(stateFolder, 'terraform', 'cluster.tfstate') }));
    const did = await terraform.settle(root({ a: '1' }), { existing: {}, healthy: [] }, scope);
    expect(did).toEqual(['released the lock 7d1a of me@laptop: it was ours, and its Terraform is dead']);
    expect(asked).toMatchObject([lock]);
  });
});
