import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/tools/clock.ts';
import { createReadingProcesses } from '../../src/tools/process.ts';
import { createWorkplace } from '../../src/tools/workplace.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const signal = new AbortController().signal;

function workplaceIn(folder: string, inherited: Readonly<Record<string, string>> = {}) {
  const tool = (name: string, text: string, stream = 1): string => {
    const path = join(folder, 'bin', name);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' '${text}' >&${stream}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const programs = {
    terraform: tool('terraform', 'Terraform v1.11.4'),
    ansiblePlaybook: tool('ansible-playbook', 'ansible-playbook [core 2.19.4]'),
    helm: tool('helm', 'v4.1.4+gabcdef'),
    ssh: tool('ssh', 'OpenSSH_9.6p1 Ubuntu-3ubuntu13, OpenSSL 3.0.13', 2),
    python: join(folder, 'bin', 'no-python'),
  };
  const read = createReadingProcesses();
  const environment = { PATH: env['PATH'] ?? '' };
  return createWorkplace({
    read,
    programs,
    environment,
    inherited,
    cache: join(folder, 'cache'),
    folder,
    clock: systemClock,
  });
}

describe('the machine that platform is on', () => {
  test('tells the version of each tool, from whichever stream it prints it to', async () => {
    const workplace = workplaceIn(temporaryFolder());
    const names = ['terraform', 'ansible', 'helm', 'ssh'] as const;
    expect(await Promise.all(names.map((name) => workplace.version(name, signal)))).toEqual([
      '1.11.4',
      '2.19.4',
      '4.1.4',
      '9.6',
    ]);
    await expect(workplace.version('python', signal)).rejects.toMatchObject({ code: 'TOOL_MISSING' });
  });

  test('notices that a program was replaced', async () => {
    const folder = temporaryFolder();
    const workplace = workplaceIn(folder);
    const before = await workplace.programs();
    expect(await workplace.programs()).toBe(before);
    writeFileSync(join(folder, 'bin', 'helm'), '#!/bin/sh\necho v5.0.0\n');
    expect(await workplace.programs()).not.toBe(before);
  });

  test('looks at the nearest folder above one that is not there, and makes nothing', async () => {
    const folder = temporaryFolder();
    const facts = await workplaceIn(folder).folder(join(folder, 'a', 'b'));
    expect(facts).toMatchObject({ writable: true, freeBytes: expect.any(Number) });
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });

  test('remembers what held, over processes', async () => {
    const folder = temporaryFolder();
    expect(await workplaceIn(folder).held('digest')).toBe(false);
    await workplaceIn(folder).remember('digest');
    expect(await workplaceIn(folder).held('digest')).toBe(true);
    expect(await workplaceIn(folder).held('other')).toBe(false);
  });

  test('lets a cache be that cannot be written', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'cache'), 'a file where a folder should be');
    const workplace = workplaceIn(folder);
    await workplace.remember('digest');
    expect(await workplace.held('digest')).toBe(false);
  });

  test('digests names and contents, not places and not compiled Python', async () => {
    const [one, other] = [temporaryFolder(), temporaryFolder()];
    for (const folder of [one, other]) writeFileSync(join(folder, 'site.yml'), 'hosts: all');
    const workplace = workplaceIn(temporaryFolder());
    const digest = await workplace.digest(one);
    writeFileSync(join(other, 'x.pyc'), '');
    expect(await workplace.digest(other)).toBe(digest);
    writeFileSync(join(other, 'site.yml'), 'hosts: none');
    expect(await workplace.digest(other)).not.toBe(digest);
  });

  test('keeps files as long as the work goes on, also when that fails', async () => {
    const workplace = workplaceIn(temporaryFolder());
    let seen = '';
    const work = workplace.withFiles({ 'inventory.yml': 'all: {}' }, async (folder) => {
      seen = folder;
      expect(readFileSync(join(folder, 'inventory.yml'), 'utf8')).toBe('all: {}');
      throw new Error('the work failed');
    });
    await expect(work).rejects.toThrow('the work failed');
    expect(existsSync(seen)).toBe(false);
  });

  test('tells variables that bend AWS calls, and no credential', () => {
    const inherited = {
      AWS_ENDPOINT_URL: 'http://localhost:1',
      AWS_ENDPOINT_URL_S3: '',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_REGION: 'eu-west-1',
    };
    expect(workplaceIn(temporaryFolder(), inherited).overrides()).toEqual([
      { name: 'AWS_ENDPOINT_URL', value: 'http://localhost:1' },
      { name: 'AWS_REGION', value: 'eu-west-1' },
    ]);
  });
});
