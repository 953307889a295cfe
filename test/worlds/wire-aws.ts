import { fileURLToPath } from 'node:url';
import { DescribeSecurityGroupRulesCommand, EC2Client, type SecurityGroupRule } from '@aws-sdk/client-ec2';
import { serverPathsAt, type ServerPaths, startAwsServer } from '../helpers/aws-server.ts';

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
export interface WireAccount extends ServerPaths {
  resources(): Promise<readonly Resource[]>;
  /** Every rule of every security group, which the snapshot leaves out. */
  rules(): Promise<readonly SecurityGroupRule[]>;
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
  // Addresses and networks: an account full of other people's things has had its quotas raised.
  const quotas = { 'L-0263D0A3': 20, 'L-F678F1CE': 20 };
  const { port, portFile, child } = await startAwsServer({
    folder,
    program: [fileURLToPath(new URL('wire-images.py', import.meta.url))],
    delay: wireDelay,
    seed: { region: wireRegion, zones, console: 'none', quotas },
  });
  const account = accountAt(port, child.pid ?? 0);
  // The first call of a service loads it: seconds, on a machine with much to do.
  await account.rules();
  return { ...account, portFile };
}

function accountAt(port: number, pid: number): WireAccount {
  const paths = serverPathsAt(port);
  const client = new EC2Client({ endpoint: paths.endpoint, region: wireRegion, credentials });
  return {
    ...paths,
    resources: async () => (await paths.ask<{ resources: readonly Resource[] }>('snapshot')).resources,
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
    async copy() {
      const made = await paths.ask<{ port: number; pid: number }>('copy', {});
      return accountAt(made.port, made.pid);
    },
    end: () => void process.kill(pid, 'SIGKILL'),
  };
}
