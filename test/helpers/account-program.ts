import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { EstateSeed, Tags } from '../contract/estate-seed.ts';
import { wireSeed } from '../contract/wire-seed.ts';
import type { AwsCall } from './aws-server.ts';
import { BuiltProgram, type Said } from './built-program.ts';
import { freePort } from './free-port.ts';
import { type LocalAws, startLocalAws } from './local-aws.ts';
import { pretendSandbox, smallPlatform } from './small-platform.ts';
import { awsPython } from './tool-caches.ts';

export const region = 'ap-northeast-2';
const account = '123456789012';
const options = { region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** A local AWS with room for several platforms. */
export const startAccount = (): Promise<LocalAws> =>
  startLocalAws({
    seed: { region, quotas: { 'L-1216C47A': 4000, 'L-0263D0A3': 400, 'L-F678F1CE': 400 } },
  });

/** A platform as AWS has it: its id, the bucket that says so, and whoever fills the account past the program. */
export interface Standing {
  readonly name: string;
  readonly clusterId: string;
  /** Everything of it is born with these. */
  readonly tags: Tags;
  readonly seed: EstateSeed;
  /** Writes an object beside the Terraform state. */
  put(file: string, text: string): Promise<void>;
  /** Reads one; undefined where there is none. */
  read(file: string): Promise<string | undefined>;
}

/** A Terraform state that holds these. */
export const stateWith = (things: readonly (readonly [type: string, name: string, id: string])[]): string =>
  JSON.stringify({
    version: 4,
    terraform_version: '1.11.4',
    serial: 1,
    lineage: 'test',
    outputs: {},
    resources: things.map(([type, name, id]) => ({
      mode: 'managed',
      type,
      name,
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: [{ schema_version: 0, attributes: { id } }],
    })),
  });

/** Mints a cluster id, as the first step of a build does; nothing else stands yet. */
export async function standingIn(aws: LocalAws, name: string): Promise<Standing> {
  const clusterId = `${name}-sandbox-a1b2c`;
  const seed = wireSeed(aws.endpoint, region, async () => {
    await aws.ask('clock', { advance: 1 });
  });
  const s3 = new S3Client({ ...options, endpoint: aws.endpoint, forcePathStyle: true });
  const Bucket = `platform-state-${account}-${region}-${name}`;
  const tags = { 'platform/environment': 'sandbox', 'platform/purpose': 'state' };
  await seed.bucket(Bucket, { tags, versioned: true });
  const put = async (file: string, Body: string): Promise<void> => {
    await s3.send(new PutObjectCommand({ Bucket, Key: `sandbox/${file}`, Body }));
  };
  await put('identity.json', JSON.stringify({ clusterId }));
  // As Terraform leaves them once it has destroyed everything.
  for (const root of ['foundation', 'cluster']) await put(`${root}.tfstate`, stateWith([]));
  return {
    name,
    clusterId,
    tags: {
      'platform/cluster': clusterId,
      'platform/environment': 'sandbox',
      [`kubernetes.io/cluster/${clusterId}`]: 'owned',
    },
    seed,
    put,
    read: (file) =>
      s3.send(new GetObjectCommand({ Bucket, Key: `sandbox/${file}` })).then(
        ({ Body }) => Body?.transformToString(),
        () => undefined,
      ),
  };
}

/** The built program in a project whose far side is that account, and nothing else: no cluster, no machine, no tool answers. */
export async function programIn(aws: LocalAws, name: string, more = ''): Promise<BuiltProgram> {
  const program = new BuiltProgram();
  program.write('platform.yaml', smallPlatform({ name, region, domain: `${name}.example.com`, more }));
  const rest = `http://127.0.0.1:${await freePort()}`;
  const tool = program.write('tools/none', '#!/bin/sh\nexit 70\n', 0o755);
  const tools = { ssh: tool, 'ansible-playbook': tool, helm: tool, kubectl: tool, python: tool };
  await pretendSandbox(program, { region, endpoint: aws.endpoint, rest, tools });
  return program;
}

/** Every call since; `writes` of them that would change something. */
export async function callsDuring(
  aws: LocalAws,
  work: () => Promise<unknown>,
): Promise<{ readonly all: readonly AwsCall[]; readonly writes: readonly string[] }> {
  const before = (await aws.calls()).at(-1)?.n ?? 0;
  await work();
  const all = await aws.calls(before);
  return { all, writes: all.filter(({ write }) => write).map(({ service, action }) => `${service}:${action}`) };
}

/** Gives the program a terminal of 80 columns, and types an answer once a text stands on it; '\u0004' is the end of input. */
const person = `
import fcntl, os, pty, struct, sys, termios
waits, answer, command = sys.argv[1].encode(), sys.argv[2].encode(), sys.argv[3:]
child, screen = pty.fork()
if child == 0:
    os.execvp(command[0], command)
fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
seen, typed = b"", False
while True:
    try:
        data = os.read(screen, 65536)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
    seen += data
    if waits in seen and not typed:
        typed = True
        os.write(screen, answer)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;

/** Runs the program on a terminal at which somebody sits; everything on the screen is in stdout. */
export const typing = (program: BuiltProgram, args: readonly string[], waits: string, answer: string): Promise<Said> =>
  program.run(args, { through: [awsPython ?? 'python3', '-c', person, waits, answer], env: { TERM: 'xterm' } });

/** Ids that AWS chose, told apart and without what differs from run to run. */
export function plainIds(text: string): string {
  const known = new Map<string, string>();
  return text.replaceAll(/\b(i|sg|vpc|vol|eni|subnet|igw|rtb|eipalloc)-[0-9a-f]{8,}\b/g, (id, kind: string) => {
    const of = [...known.values()].filter((one) => one.startsWith(`${kind}-`)).length;
    const plain = known.get(id) ?? `${kind}-${of + 1}`;
    known.set(id, plain);
    return plain;
  });
}
