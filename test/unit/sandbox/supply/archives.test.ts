import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packDebianPackage } from '../../../../src/sandbox/supply/deb.ts';
import type { DebianPackage } from '../../../../src/sandbox/supply/deb.ts';
import { packTar, sizeOfTar } from '../../../../src/sandbox/supply/tar.ts';
import type { TarEntry } from '../../../../src/sandbox/supply/tar.ts';
import { blobFiles } from '../../../../src/tools/blob-files.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

/** An odd size, so that padding counts. */
function program(folder: string): Extract<TarEntry, { is: 'file' }> {
  writeFileSync(join(folder, 'kubelet'), 'x'.repeat(1_234_567));
  return { path: 'usr/bin/kubelet', is: 'file', from: join(folder, 'kubelet'), size: 1_234_567 };
}

test('an archive holds folders before their members, modes, links and content, as tar itself reads it', async () => {
  const folder = temporaryFolder();
  const entries: readonly TarEntry[] = [
    { path: 'usr/bin/kube-scheduler', is: 'link', to: 'kubelet' },
    { path: 'tmp', is: 'folder', mode: 0o1777 },
    program(folder),
    { path: 'etc/passwd', is: 'text', text: 'root\n' },
  ];
  const file = join(folder, 'a.tar');
  const { size } = await blobFiles.write(file, packTar(entries));
  expect(size).toBe(sizeOfTar(entries));
  const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--file', file], {
    env: { TZ: 'UTC', LC_ALL: 'C', PATH: process.env['PATH'] },
    encoding: 'utf8',
  });
  expect(listed.trim().replaceAll(/ +/g, ' ').split('\n')).toEqual([
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 ./etc/',
    '-rw-r--r-- 0/0 5 1970-01-01 00:00 ./etc/passwd',
    'drwxrwxrwt 0/0 0 1970-01-01 00:00 ./tmp/',
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 ./usr/',
    'drwxr-xr-x 0/0 0 1970-01-01 00:00 ./usr/bin/',
    'lrwxrwxrwx 0/0 0 1970-01-01 00:00 ./usr/bin/kube-scheduler -> kubelet',
    '-rwxr-xr-x 0/0 1234567 1970-01-01 00:00 ./usr/bin/kubelet',
  ]);
  execFileSync('tar', ['--extract', '--file', file, '--directory', folder, './usr/bin/kubelet']);
  expect(readFileSync(join(folder, 'usr/bin/kubelet')).equals(readFileSync(join(folder, 'kubelet')))).toBe(true);
});

test('a path that a header cannot hold is refused, not cut', () => {
  const path = 'x'.repeat(120);
  expect(() => [...packTar([{ path, is: 'text', text: '' }])]).toThrow(RangeError);
});

test('a package is an archive of three members with even sizes', async () => {
  const folder = temporaryFolder();
  const item: DebianPackage = {
    name: 'kubelet',
    version: '1.2.3-1.1',
    architecture: 'amd64',
    summary: 'Node agent',
    relations: { Depends: 'mount' },
    files: [program(folder)],
    configuration: ['/etc/default/kubelet'],
    scripts: { postinst: '#!/bin/sh\n' },
  };
  const file = join(folder, 'a.deb');
  await blobFiles.write(file, packDebianPackage(item));
  const content = readFileSync(file);
  const members: string[] = [];
  for (let at = 8; at < content.length; ) {
    const size = Number(content.toString('latin1', at + 48, at + 58));
    members.push(content.toString('latin1', at, at + 16).trim());
    expect(content.toString('latin1', at + 58, at + 60)).toBe('`\n');
    expect(size % 2).toBe(0);
    at += 60 + size;
  }
  expect(members).toEqual(['debian-binary', 'control.tar', 'data.tar']);
});
