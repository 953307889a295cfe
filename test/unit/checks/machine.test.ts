import { describe, expect, test } from 'vitest';
import { contains, detours, isOlder, openDoors, sshKey, stateFolder, tools } from '../../../src/checks/machine.ts';
import { PlatformError } from '../../../src/errors.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const versions = { terraform: '1.15.0', ansible: '2.20.1', helm: '4.0.1', ssh: '9.6', python: '3.12.3' };

describe('tools', () => {
  test('hold with versions that fit', async () => {
    const result = await askCheck(tools, { workplace: { version: async (tool) => versions[tool] } });
    expect(result.state).toBe('holds');
  });

  test('are all named at once: too old, missing, and one that says nothing (catalogue A20)', async () => {
    const result = await askCheck(tools, {
      workplace: {
        version: async (tool) => {
          if (tool === 'helm')
            throw new PlatformError('TOOL_MISSING', { message: 'helm was not found on PATH', next: ['install Helm'] });
          return { ...versions, terraform: '1.9.8', ssh: undefined }[tool];
        },
      },
    });
    expect(said(result)).toEqual([
      'error: terraform 1.9.8 is older than 1.11.0: state lock files in S3 came with it',
      'error: helm was not found on PATH',
      'warning: ssh does not say its version',
    ]);
    expect(result.findings.every(({ next }) => next.length > 0)).toBe(true);
  });

  test.each([
    ['1.10.9', '1.11.0', true],
    ['1.11.0', '1.11.0', false],
    ['2.0.0', '1.11.0', false],
    ['3.9.0', '3.18.0', true],
    ['9.6', '8.0', false],
    ['8', '8.0', false],
  ])('%s is older than %s: %s', (version, than, expected) => {
    expect(isOlder(version, than)).toBe(expected);
  });
});

const gibibyte = 1024 ** 3;
const folderOf = (facts: object) => ({
  workplace: { folder: async () => ({ writable: true, freeBytes: 50 * gibibyte, ...facts }) },
});

describe('state folder', () => {
  test.each([
    ['holds', {}, []],
    ['not ours', { writable: false }, ['error: /project/.platform/prod cannot be written']],
    ['full', { freeBytes: gibibyte / 2 }, ['error: 0.5 GiB are free below /project/.platform/prod']],
    ['nearly full', { freeBytes: 2 * gibibyte }, ['warning: 2.0 GiB are free below /project/.platform/prod']],
    [
      'on NFS',
      { network: 'nfs' },
      ['warning: /project/.platform/prod is on nfs, where locks and renames cannot be relied on'],
    ],
  ])('%s', async (_title, facts, expected) => {
    expect(said(await askCheck(stateFolder, folderOf(facts)))).toEqual(expected);
  });

  test.each(['/home/me/Dropbox/shop', '/Users/me/Library/Mobile Documents/shop', '/home/me/OneDrive - Acme/shop'])(
    'warns where %s is synchronised',
    async (folder) => {
      const result = await askCheck(stateFolder, folderOf({}), awsConfig({ stateFolder: `${folder}/.platform/prod` }));
      expect(result.state).toBe('warning');
    },
  );
});

describe('SSH key', () => {
  const key = { publicKey: 'ssh-ed25519 AAAA', fingerprints: { imported: 'x' } };

  test('holds with both halves', async () => {
    const result = await askCheck(sshKey, {
      workplace: { key: async () => key },
      files: { read: async () => 'ssh-ed25519 AAAA' },
    });
    expect(result.state).toBe('holds');
  });

  test('says how to write a missing public half', async () => {
    const result = await askCheck(sshKey, {
      workplace: { key: async () => key },
      files: { read: async () => undefined },
    });
    expect(result.findings[0]?.next).toEqual([expect.stringMatching(/^ssh-keygen -y -f \S+ > \S+\.pub$/)]);
  });

  test('an empty key is an error with its next action, not an exception (catalogue A13)', async () => {
    const empty = new PlatformError('KEY_UNREADABLE', {
      message: 'the private key k is empty',
      next: ['name another'],
    });
    const result = await askCheck(sshKey, { workplace: { key: async () => Promise.reject(empty) } });
    expect(result.findings).toEqual([
      { level: 'error', message: 'the private key k is empty', next: ['name another'] },
    ]);
  });
});

describe('endpoints', () => {
  test('are told loudly when the environment bends them', async () => {
    const overrides = () => [
      { name: 'AWS_ENDPOINT_URL_S3', value: 'http://localhost:9000' },
      { name: 'AWS_REGION', value: 'eu-west-1' },
      { name: 'AWS_DEFAULT_REGION', value: 'ap-northeast-2' },
    ];
    expect(said(await askCheck(detours, { workplace: { overrides } }))).toEqual([
      'warning: AWS_ENDPOINT_URL_S3=http://localhost:9000 sends AWS calls elsewhere',
      'warning: AWS_REGION is eu-west-1, and the configuration says ap-northeast-2: the configuration wins',
    ]);
  });

  test('are not asked about in the sandbox, with the reason', async () => {
    const result = await askCheck(detours, {}, awsConfig({ target: 'sandbox' }));
    expect([result.state, result.because]).toEqual(['skipped', 'the sandbox lets no such variable through']);
  });
});

describe('access', () => {
  const access = (allow: readonly string[]) => awsConfig({ access: { ...awsConfig().access, allow } });

  test('warns of a door that is open to everybody', async () => {
    const result = await askCheck(openDoors, { workplace: { publicAddresses: () => [] } }, access(['0.0.0.0/0']));
    expect(said(result)).toEqual(['warning: access.allow has 0.0.0.0/0: SSH and the API are open to everybody']);
  });

  test('warns where our own address is outside, and only where it is known', async () => {
    const from = (addresses: readonly string[]) =>
      askCheck(openDoors, { workplace: { publicAddresses: () => addresses } }, access(['203.0.113.0/24']));
    expect((await from(['203.0.113.7'])).state).toBe('holds');
    expect((await from([])).state).toBe('holds');
    expect(said(await from(['198.51.100.4']))).toEqual([
      'warning: this machine has the address 198.51.100.4, which is not in access.allow',
    ]);
  });

  test.each([
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['0.0.0.0/0', '255.255.255.255', true],
    ['198.51.100.4/32', '198.51.100.4', true],
    ['198.51.100.4/32', '198.51.100.5', false],
    ['128.0.0.0/1', '200.1.1.1', true],
  ])('%s holds %s: %s', (range, address, expected) => {
    expect(contains(range, address)).toBe(expected);
  });
});
