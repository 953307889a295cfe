import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/tools/clock.ts';
import { makeProject, type Project } from '../e2e/support/project.ts';
import { type FirstAccount, startWireAws, type WireAccount } from './wire-aws.ts';

export const domain = 'example.dev';

const configuration = (target: string): string => `apiVersion: platform/v1
name: world
region: ap-northeast-2
domain: ${domain}
kubernetes: "1.36"
access: { sshKey: .platform/sandbox/sandbox/id_ed25519, allow: [203.0.113.0/24] }
nodes:
  master: { role: control-plane, type: t3.large, disk: 80, eip: true }
  worker-1: { role: worker, type: t3.large, disk: 40 }
environments:
  sandbox: { target: ${target} }
`;

/** What a SIGKILL of program and Terraform leaves at one moment of a build: the account, and what lies on this machine. */
export interface Image {
  readonly story: string;
  readonly whole: boolean;
  readonly account: WireAccount;
  /** A copy of the state folder. */
  readonly folder: string;
}

export interface Build {
  readonly images: readonly Image[];
  readonly terraformConfiguration: string;
  remove(): Promise<void>;
}

/**
 * Both Terraform roots applied once by the built program in a sandbox. Meanwhile account and state folder are copied each time when Terraform has made
 * so many changes: the disk first, so that what is written down never runs ahead of the account.
 */
export async function buildImages(cuts: readonly number[]): Promise<Build> {
  const project = makeProject(configuration('sandbox'));
  const account = await startWireAws(project.folder, [domain]);
  adopt(project, account);
  const up = await project.platform(['sandbox', 'up']);
  if (up.code !== 0) throw new Error(up.stderr);
  const images: Image[] = [];
  const take = async (story: string, whole: boolean): Promise<void> => {
    const folder = join(project.folder, `image-${images.length}`);
    const filter = (path: string): boolean =>
      !path.startsWith(join(project.stateFolder, 'sandbox')) && !lstatSync(path).isSocket();
    cpSync(project.stateFolder, folder, { recursive: true, filter });
    for (const file of ['id_ed25519', 'id_ed25519.pub'])
      cpSync(join(project.stateFolder, 'sandbox', file), join(folder, 'sandbox', file));
    images.push({ story, whole, account: await account.copy(), folder });
  };
  const building = { done: false };
  const steps = ['infrastructure', 'foundation', 'certificate', 'addresses', 'bucket-retention'];
  const words = ['up', '--json', '--yes', '--until', ...steps];
  // A machine under load answers a check too late; the same command goes on.
  const first = project.platform(words).then((ended) => (ended.code !== 0 ? project.platform(words) : ended));
  const run = first.finally(() => (building.done = true));
  const left = cuts.toSorted((a, b) => a - b);
  const seen = { calls: 0, changes: 0 };
  while (!building.done && left.length > 0) {
    await systemClock.sleep(25);
    const calls = await account.calls(seen.calls);
    seen.calls = calls.at(-1)?.n ?? seen.calls;
    seen.changes += calls.filter(
      ({ write, service, agent }) => write && service !== 's3' && /Terraform/.test(agent),
    ).length;
    if (seen.changes < (left[0] ?? 0)) continue;
    await take(`the build was killed after ${seen.changes} changes`, false);
    left.shift();
    // One that was passed in the meantime is the same: a seed finds its image at the same place each time.
    for (; seen.changes >= (left[0] ?? Infinity); left.shift()) images.push(...images.slice(-1));
  }
  const ended = await run;
  if (ended.code !== 0) throw new Error(ended.stderr);
  for (; left.length > 0; left.shift()) images.push(...images.slice(-1));
  await take('the build was whole', true);
  return {
    images,
    terraformConfiguration: join(project.stateFolder, 'sandbox', 'terraform.tfrc'),
    remove: () => project.remove(),
  };
}

/** A supervisor takes over a server that an earlier one left behind: here, one that can be copied. */
function adopt({ stateFolder }: Project, { portFile }: FirstAccount): void {
  const place = join(stateFolder, 'sandbox', 'aws');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'port.json'), readFileSync(portFile));
}

/** A folder that goes on where an image was cut, against AWS and not a sandbox. */
export function openImage(image: Image): Project {
  const project = makeProject(configuration('aws'));
  cpSync(image.folder, project.stateFolder, { recursive: true });
  if (!existsSync(join(project.stateFolder, 'journal'))) throw new Error(`${image.story}: nothing was written down`);
  return project;
}
