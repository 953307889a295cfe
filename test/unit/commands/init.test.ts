import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { init } from '../../../src/commands/init.ts';
import type { Host } from '../../../src/host.ts';
import { load } from '../../helpers/configuration.ts';

let folder = '';
let said = '';
beforeEach(() => {
  folder = mkdtempSync(`${tmpdir()}/platform-init-`);
  said = '';
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const silent = { isTTY: false, columns: 0, write: () => undefined };
const host = () =>
  ({
    environment: {},
    folder,
    home: '/home/me',
    program: fileURLToPath(new URL('../../..', import.meta.url)),
    stdin: { isTTY: false },
    stdout: silent,
    stderr: { ...silent, write: (text: string) => void (said += text) },
  }) as unknown as Host;
const common = { logLevel: 'info', color: false, workers: 3 } as const;
const flags = { ...common, name: 'shop', region: 'eu-west-1', allow: ['203.0.113.0/24', '198.51.100.4/32'] };

test('writes a file that loads in every environment, with what the flags said', async () => {
  expect(await init(host(), { ...flags, domain: 'example.com', sshKey: '~/.ssh/shop: "main"' })).toBe(0);
  const { config, environments } = load(readFileSync(`${folder}/platform.yaml`, 'utf8'), 'prod');
  expect(environments).toEqual(['prod', 'sandbox']);
  expect(config).toMatchObject({
    name: 'shop',
    domain: 'example.com',
    protected: true,
    access: { allow: flags.allow },
  });
  expect(config.access.sshKey).toBe('/home/me/.ssh/shop: "main"');
  expect(Object.values(config.nodes).filter(({ role }) => role === 'worker').length).toBe(4);
  expect(said).toContain('Next: platform doctor');
});

test('names every missing flag at once where nobody can be asked', async () => {
  await expect(init(host(), { ...common, name: 'shop' })).rejects.toMatchObject({
    code: 'NEEDS_YES',
    message: expect.stringContaining('(missing: --region, --allow)'),
  });
});

test('replaces no file unasked', async () => {
  await init(host(), flags);
  await expect(init(host(), { ...flags, name: 'other' })).rejects.toMatchObject({ code: 'USAGE' });
  expect(await init(host(), { ...flags, name: 'other', force: true })).toBe(0);
  expect(readFileSync(`${folder}/platform.yaml`, 'utf8')).toContain('name: other');
});

test('writes nothing when an answer is wrong, and says which', async () => {
  await expect(init(host(), { ...flags, region: 'Europe' })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('must be an AWS region'),
  });
  expect(() => readFileSync(`${folder}/platform.yaml`)).toThrow('ENOENT');
});
