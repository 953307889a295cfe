import { PlatformError } from '../../errors.ts';
import type { Machine, SshReader } from '../../tools/ports.ts';
import { listOf, textOf } from '../probes/fields.ts';

/** A member of etcd as its own client sees it. */
export interface Member {
  readonly name: string;
  readonly healthy: boolean;
}

/** Why a member may not leave; undefined: it may. The rest must be a quorum of the members that are left, by healthy ones alone. */
export function refusalToLeave(members: readonly Member[], leaving: string): string | undefined {
  const left = members.filter(({ name }) => name !== leaving);
  const healthy = left.filter((one) => one.healthy).length;
  const quorum = Math.floor(left.length / 2) + 1;
  // As long as the one that leaves is still counted, its removal must be agreed to by a quorum of all.
  const agreeing = members.filter((one) => one.healthy).length;
  const needed = Math.floor(members.length / 2) + 1;
  const figures = `etcd has ${members.length} members, ${agreeing} of them healthy`;
  if (left.length === 0) return `${figures}: without ${leaving} there is no cluster`;
  if (agreeing < needed) return `${figures}; ${needed} must agree before anyone may leave`;
  if (healthy < quorum)
    return `${figures}; without ${leaving} ${healthy} of ${left.length} would be healthy, and ${quorum} are a quorum`;
  return undefined;
}

const certificates = '/etc/kubernetes/pki/etcd';

/** The members of etcd, asked on a control plane that stays. */
export async function membersBy(
  ssh: Pick<SshReader, 'run'>,
  witness: Machine,
  signal: AbortSignal,
): Promise<readonly Member[]> {
  const run = async (words: readonly string[]): Promise<string> => {
    const exit = await ssh.run(witness, ['sudo', '-n', ...words], signal);
    // `endpoint health` ends with 1 as soon as one member is not well: what it prints is the answer.
    if (exit.stdout.trim() !== '') return exit.stdout.trim();
    throw new PlatformError('UNHEALTHY', {
      message: `etcd on ${witness.name} does not say who its members are: ${exit.tail.at(-1) ?? 'it said nothing'}`,
      next: [`look at it: platform ssh ${witness.name} -- sudo crictl ps -a --name etcd`],
    });
  };
  const container = await run(['crictl', 'ps', '--name', '^etcd$', '--state', 'running', '--quiet']);
  const control = ['crictl', 'exec', container, 'etcdctl', '--endpoints=https://127.0.0.1:2379'];
  const keys = [
    `--cacert=${certificates}/ca.crt`,
    `--cert=${certificates}/server.crt`,
    `--key=${certificates}/server.key`,
  ];
  const ask = async (...words: readonly string[]): Promise<unknown> =>
    JSON.parse(await run([...control, ...keys, ...words, '--write-out=json']));
  const members = listOf(await ask('member', 'list'), 'members');
  const health = (await ask('endpoint', 'health', '--cluster')) as readonly { endpoint?: string; health?: boolean }[];
  return members.map((member) => {
    const urls = listOf(member, 'clientURLs');
    return {
      name: textOf(member, 'name') ?? '',
      healthy: health.some(({ endpoint, health: isWell }) => isWell === true && urls.includes(endpoint)),
    };
  });
}
