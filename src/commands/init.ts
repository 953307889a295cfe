import { join } from 'node:path';
import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { CommonOptions } from './options.ts';

interface InitFlags extends CommonOptions {
  readonly name?: string;
  readonly region?: string;
  readonly domain?: string;
  readonly workers: number;
  readonly sshKey?: string;
  readonly allow?: readonly string[];
  readonly force?: boolean;
}

/** Writes a platform.yaml that loads: questions on a terminal, flags elsewhere. Never replaces a file unasked. */
export async function init(host: Host, flags: InitFlags): Promise<number> {
  const [{ textFiles }, { starterConfiguration }, { readVersions }, { loadConfiguration }] = await Promise.all([
    import('../tools/files.ts'),
    import('../config/starter.ts'),
    import('../config/versions.ts'),
    import('../config/load.ts'),
  ]);
  const file = join(host.folder, 'platform.yaml');
  if (flags.force !== true && (await textFiles.read(file)) !== undefined) {
    throw new PlatformError('USAGE', {
      message: `${file} exists`,
      next: ['platform init --force replaces it', 'edit it: platform config schema prints the schema for your editor'],
    });
  }
  const versionsText = (await textFiles.read(join(host.program, 'versions.yaml'))) ?? '';
  const pinned = readVersions('versions.yaml', versionsText).versions?.kubernetes ?? '';
  const kubernetes = pinned.split('.').slice(0, 2).join('.');
  const text = starterConfiguration({ ...(await answersOf(host, flags)), workers: flags.workers, kubernetes });
  // The same judge as for every other file: a wrong answer is told with its line before anything is written.
  const files = { root: host.folder, program: host.program, file: 'platform.yaml', text, home: host.home };
  loadConfiguration({ ...files, versionsFile: 'versions.yaml', versionsText, ansibleDigest: () => '' }, 'prod');
  await textFiles.write(file, text);
  host.stderr.write(`wrote ${file}\nNext: platform doctor --env prod\n  or: platform sandbox up --env sandbox\n`);
  if (flags.json === true) host.stdout.write(`${JSON.stringify({ schema: 'platform/init/v1', file })}\n`);
  return 0;
}

interface Answers {
  readonly name: string;
  readonly region: string;
  readonly domain: string;
  readonly sshKey: string;
  readonly allow: readonly string[];
}

async function answersOf(host: Host, { name, region, domain, sshKey, allow }: InitFlags): Promise<Answers> {
  const missing = Object.entries({ '--name': name, '--region': region, '--allow': allow }).flatMap(([flag, value]) =>
    value === undefined ? [flag] : [],
  );
  const { ask, canAsk } = await import('../ui/prompt.ts');
  const asks = canAsk(host) && missing.length > 0;
  if (missing.length > 0 && !asks) {
    throw new PlatformError('NEEDS_YES', {
      message: `what the platform is called, where it stands and who may reach it is not known (missing: ${missing.join(', ')})`,
      next: ['platform init --name shop --region eu-west-1 --allow 203.0.113.0/24 [--domain example.dev]'],
    });
  }
  const answer = async (given: string | undefined, question: string, flag: string, initial?: string): Promise<string> =>
    given ?? (asks ? await ask(host, question, flag, initial === undefined ? {} : { initial }) : (initial ?? ''));
  return {
    name: await answer(name, 'What is it called?', '--name NAME'),
    region: await answer(region, 'In which AWS region?', '--region REGION'),
    domain: await answer(domain, 'Domain for DNS and certificate (empty for none)?', '--domain DOMAIN', ''),
    sshKey: await answer(sshKey, 'Private SSH key for the machines?', '--ssh-key PATH', '~/.ssh/platform'),
    allow:
      allow ??
      (await answer(undefined, 'Which address ranges may reach SSH and the API?', '--allow CIDR'))
        .split(/[\s,]+/)
        .filter((range) => range !== ''),
  };
}
