import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { backup, listBackups } from '../../../src/commands/backups.ts';
import type { Host } from '../../../src/host.ts';
import type { KubernetesObject } from '../../../src/tools/ports.ts';
import { exampleText, versionsText } from '../../helpers/configuration.ts';
import { clusterWith, fakeWorld } from '../../helpers/fake-world.ts';
import { MemoryLocks } from '../../helpers/memory-locks.ts';
import { journalOf } from '../../helpers/recorded-platform.ts';
import { SimulatedClock } from '../../helpers/simulated-clock.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const key = 'shop-dev-abcde/etcd/20261121T100000Z-k8s-master.db';
const stored = {
  status: 'stored',
  bucket: 'shop-dev-abcde-data-123456789012',
  key,
  bytes: 42,
  sha256: 'ff',
  revision: 7,
  keys: 3,
};
const identity = { server: 's', authority: 'ca', uid: 'uid' };
const common = { env: 'sandbox', logLevel: 'info', color: false, wait: true } as const;

/** The command against fakes: one control plane that stores a snapshot when its unit is started. */
async function make(state = 'running') {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'platform.yaml'), exampleText);
  writeFileSync(join(folder, 'versions.yaml'), versionsText);
  const clock = new SimulatedClock();
  const did: string[] = [];
  const said = { stdout: '', stderr: '' };
  const exit = (code: number, stdout = '') => ({ code, signal: null, tail: [], stdout, log: '' });
  let outcome = '';
  const objects: KubernetesObject[] = [];
  const { context, ledger } = fakeWorld({
    random: { next: () => 0.5 },
    cluster: {
      ...clusterWith(objects),
      identity: async () => identity,
      apply: async (object) => {
        did.push(`apply ${object.metadata.name}`);
        objects.push(object);
        return object;
      },
    },
    aws: {
      instances: async () => [
        {
          id: 'i-0aa',
          node: 'k8s-master',
          state: state as 'running',
          publicAddress: '203.0.113.4',
          privateAddress: '10.0.1.10',
          zone: '',
          type: '',
          launchTime: '',
          clientToken: '',
        },
      ],
      objectSize: async () => 42,
      objects: async () => (outcome === '' ? [] : [{ key, bytes: 42, changed: 0 }]),
    },
    ssh: {
      run: async (_machine, argv) => {
        const words = argv.join(' ');
        if (words.includes(' cat ')) return outcome === '' ? exit(1) : exit(0, outcome);
        did.push(words);
        outcome = JSON.stringify(stored);
        return exit(0);
      },
    },
  });
  const world = Object.assign(context, { clock });
  const host = {
    folder,
    program: folder,
    home: folder,
    environment: {},
    stdout: { write: (text: string) => (said.stdout += text) },
    stderr: { write: (text: string) => (said.stderr += text) },
    signals: async function* () {},
    open: async (config: object) => ({
      config: { ...config, target: 'aws', environment: 'prod' },
      clock,
      host: { user: 'me', host: 'laptop', pid: 1, startTime: '1', bootId: 'b' },
      locks: new MemoryLocks(),
      processes: {},
      journals: await journalOf({ 'control-plane': { kubeconfig: '', identity } }),
      observe: () => undefined,
      contexts: { write: () => world },
      look: () => world,
      close: async () => undefined,
    }),
  } as unknown as Host;
  return { host, did, said, ledger };
}

describe('backup', () => {
  test('writes the canary first, waits for S3, and records what was read in the snapshot', async () => {
    const { host, did, said, ledger } = await make();
    expect(await backup(host, { ...common, json: true })).toBe(0);
    expect(did).toEqual(['apply platform-backup-canary', 'sudo -n systemctl start platform-etcd-backup.service']);
    expect(JSON.parse(said.stdout)).toMatchObject({
      schema: 'platform/backup/v1',
      key,
      revision: 7,
      keys: 3,
      uid: 'uid',
    });
    expect(ledger).toMatchObject([
      { kind: 'etcd-backup', id: `s3://shop-dev-abcde-data-123456789012/${key}`, unique: { uid: 'uid', sha256: 'ff' } },
    ]);
    expect(await listBackups(host, { ...common })).toBe(0);
    expect(said.stderr).toContain('3 keys at revision 7, with a canary');
  });

  test('--no-wait begins it and records nothing', async () => {
    const { host, did, ledger } = await make();
    expect(await backup(host, { ...common, wait: false })).toBe(0);
    expect(did.at(-1)).toBe('sudo -n systemctl start --no-block platform-etcd-backup.service');
    expect(ledger).toEqual([]);
  });

  test('without a running control plane nothing is written', async () => {
    const { host, did } = await make('stopped');
    await expect(backup(host, common)).rejects.toMatchObject({ code: 'UNHEALTHY' });
    expect(did).toEqual([]);
  });
});
