import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BuiltProgram } from '../helpers/built-program.ts';

const repository = realpathSync(join(import.meta.dirname, '../..'));
let folder = '';
let installed = '';

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'platform-packed-'));
  installed = join(folder, 'package');
  // Without scripts: what is packed is what was built and is under test.
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: repository });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
  execFileSync('tar', ['-xzf', tarball], { cwd: folder });
  // Above it, where Node.js looks too: nothing is added to what was unpacked.
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(() => {
  setModes(0o755);
  rmSync(folder, { recursive: true, force: true });
});

const filesOf = (root: string): readonly string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();

describe('the packed program', () => {
  test('holds every file that it needs at run time, and nothing that was made by running it', () => {
    const needed = execFileSync(
      'git',
      ['ls-files', '--stage', 'bin', 'ansible', 'terraform', 'templates', 'sandbox', 'versions.yaml', 'package.json'],
      { cwd: repository, encoding: 'utf8' },
    )
      .trim()
      .split('\n')
      // npm packs no links (mode 120000); the one that there is serves the tests of the Ansible tree.
      .flatMap((line) => (line.startsWith('120000') ? [] : [line.split('\t')[1] ?? '']));
    const packed = filesOf(installed).filter((name) => !name.startsWith('dist/') && name !== 'README.md');
    expect(packed).toEqual(needed.toSorted());
    const entries = filesOf(join(repository, 'src'))
      .filter((name) => name.endsWith('main.ts'))
      .map((name) => name.replace(/ts$/, 'js'));
    expect(filesOf(join(installed, 'dist'))).toEqual(expect.arrayContaining(entries));
    expect(filesOf(join(installed, 'dist')).filter((name) => !/\.js(\.map)?$/.test(name))).toEqual([]);
  });

  test.each([false, true])('runs in an empty folder (install folder read-only: %s)', async (readOnly) => {
    const program = new BuiltProgram(join(installed, 'bin/platform.js'));
    const through = readOnly ? withoutWriting() : [];
    const run = async (...args: readonly string[]): Promise<string> => {
      const said = await program.run(args, { through });
      expect(said, said.stderr).toMatchObject({ code: 0 });
      return said.stdout;
    };
    const before = filesOf(installed);

    expect(await run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(await run('--help')).toContain('Start with: platform init');
    await run('init', '--name', 'shop', '--region', 'eu-west-1', '--allow', '203.0.113.0/24');
    expect(program.read('platform.yaml')).toContain('name: shop');
    await run('plan', '--config-only', '--env', 'prod');
    expect(await run('config', 'show', '--env', 'prod')).toContain('eu-west-1');
    expect(JSON.parse(await run('config', 'schema'))).toMatchObject({ type: 'object' });
    expect(await run('completion', 'bash')).toContain('complete ');
    expect((await program.run(['sandbox', 'status', '--env', 'sandbox'], { through })).code).toBe(11);
    expect(Object.keys(program.files())).toEqual(['platform.yaml']);
    expect(filesOf(installed)).toEqual(before);
  });
});

/** A command line before which nobody may write into the install folder: by mode, or for root, whom modes do not stop, by a mount of its own. */
function withoutWriting(): readonly string[] {
  if (userInfo().uid === 0)
    return [
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
      installed,
    ];
  setModes(0o555);
  return [];
}

function setModes(mode: number): void {
  for (const entry of readdirSync(installed, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) chmodSync(join(entry.parentPath, entry.name), mode);
  chmodSync(installed, mode);
}
