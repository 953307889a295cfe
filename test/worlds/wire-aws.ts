import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { DescribeSecurityGroupRulesCommand, EC2Client, type SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { AwsCall } from '../helpers/local-aws.ts';
import { awsPython } from '../helpers/tool-caches.ts';
import { until } from '../helpers/until.ts';

export const wireRegion = 'ap-northeast-2';
export const credentials = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };

/** Seconds of every state change. */
export const wireDelay = 0.1;

/** One thing as the server's snapshot has it. */
export interface Resource {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** In every account from the start. */
  readonly default: boolean;
  readonly [fact: string]: unknown;
}

/** One local AWS with all that its account holds. */
export interface WireAccount {
  readonly endpoint: string;
  ask<Answer>(path: string, body?: unknown): Promise<Answer>;
  resources(): Promise<readonly Resource[]>;
  /** Every rule of every security group, which the snapshot leaves out. */
  rules(): Promise<readonly SecurityGroupRule[]>;
  calls(since?: number): Promise<readonly AwsCall[]>;
  /** Another account that holds the same at this moment, and lives its own life from here on. */
  copy(): Promise<WireAccount>;
  end(): void;
}

/** The first account, and what a sandbox's supervisor needs to take it over in place of a server of its own. */
export interface FirstAccount extends WireAccount {
  readonly portFile: string;
}

/** The local AWS in a process of its own that can be copied, with all that its account holds, in 50 ms. */
export async function startWireAws(folder: string, zones: readonly string[]): Promise<FirstAccount> {
  const home = join(folder, 'aws');
  mkdirSync(home, { recursive: true });
  const [portFile, seedFile] = [join(home, 'port.json'), join(home, 'seed.json')];
  // Addresses and networks: an account full of other people's things has had its quotas raised.
  const quotas = { 'L-0263D0A3': 20, 'L-F678F1CE': 20 };
  writeFileSync(seedFile, JSON.stringify({ region: wireRegion, zones, console: 'none', quotas }));
  const program = fileURLToPath(new URL('wire-images.py', import.meta.url));
  const words = [program, '--port-file', portFile, '--delay', String(wireDelay), '--seed', seedFile];
  const server = spawn(awsPython ?? '', words, {
    env: {
      PATH: env['PATH'],
      HOME: home,
      PYTHONPATH: fileURLToPath(new URL('../../sandbox/aws', import.meta.url)),
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until(
    'the local AWS answers',
    () => {
      try {
        return readFileSync(portFile, 'utf8');
      } catch {
        return '';
      }
    },
    60_000,
  );
  const { port } = JSON.parse(readFileSync(portFile, 'utf8')) as { port: number };
  const account = accountAt(port, server.pid ?? 0);
  // The first call of a service loads it: seconds, on a machine with much to do.
  await account.rules();
  return { ...account, portFile };
}

function accountAt(port: number, pid: number): WireAccount {
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new EC2Client({ endpoint, region: wireRegion, credentials });
  const text = async (path: string, body?: unknown): Promise<string> => {
    const answer = await fetch(
      `${endpoint}/_sandbox/${path}`,
      body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) },
    );
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return await answer.text();
  };
  const ask = async <Answer>(path: string, body?: unknown) => JSON.parse(await text(path, body)) as Answer;
  return {
    endpoint,
    ask,
    resources: async () => (await ask<{ resources: readonly Resource[] }>('snapshot')).resources,
    async rules() {
      const found: SecurityGroupRule[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(new DescribeSecurityGroupRulesCommand({ NextToken }));
        found.push(...(page.SecurityGroupRules ?? []));
        ({ NextToken } = page);
      } while (NextToken !== undefined);
      return found;
    },
    calls: async (since = 0) =>
      (await text(`journal?since=${since}`))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AwsCall),
    async copy() {
      const made = await ask<{ port: number; pid: number }>('copy', {});
      return accountAt(made.port, made.pid);
    },
    end: () => void process.kill(pid, 'SIGKILL'),
  };
}
