import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BuiltProgram } from '../helpers/built-program.ts';

interface Loaded {
  readonly packages: readonly string[];
  /** Of our own, below `dist`. */
  readonly modules: readonly string[];
}

/** What a command loads, by V8's own account of the scripts that it compiled: counted, since milliseconds depend on the machine. */
async function loadedBy(args: readonly string[], code = 0): Promise<Loaded> {
  const program = new BuiltProgram();
  const said = await program.run(args, { env: { NODE_V8_COVERAGE: program.path('coverage') } });
  expect(said).toMatchObject({ code });
  const urls = readdirSync(program.path('coverage')).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(program.path(`coverage/${name}`), 'utf8')) as {
      readonly result: readonly { readonly url: string }[];
    };
    return result.map(({ url }) => url);
  });
  const found = (shape: RegExp): string[] => [
    ...new Set(urls.flatMap((url) => [shape.exec(url)?.[1] ?? '']).filter((name) => name !== '')),
  ];
  return {
    packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//).toSorted(),
    modules: found(/\/dist\/(.+)$/)
      .filter((name) => !name.includes('node_modules'))
      .toSorted(),
  };
}

test.each(['--help', '--version', 'up --help', 'sandbox --help'])(
  'platform %s loads no package but commander, and no module that a command needs',
  async (words) => {
    const { packages, modules } = await loadedBy(words.split(' '));
    expect(packages).toEqual(['commander']);
    expect(modules).toEqual(['cli-options.js', 'cli.js', 'errors.js', 'main.js']);
  },
);

test('describing the configuration loads no AWS, no Kubernetes and no process library', async () => {
  const { packages } = await loadedBy(['config', 'schema']);
  expect(packages).toEqual(['commander', 'zod']);
});
