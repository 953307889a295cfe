import type { Host } from '../host.ts';
import { forgetEarlier, runDayTwo } from './day-two-run.ts';
import { loadConfigurationOf } from './load.ts';
import type { RunFlags } from './options.ts';
import { recordedFacts } from './recorded.ts';
import { refuseProtected } from './removal.ts';
import { learnIdentity } from './verb-run.ts';

interface ResetFlags extends RunFlags {
  /** Minutes. */
  readonly drainWithin: number;
  readonly deleteBarePods?: boolean;
}

/** Makes one machine bare: its pods moved elsewhere, its member of etcd and its node object taken out. `up` joins it again. */
export async function resetNode(host: Host, flags: ResetFlags, wanted = ''): Promise<number> {
  const { config } = await loadConfigurationOf(host, flags);
  const { refuseOwnTree } = await import('../steps/day-two/own-play.ts');
  refuseOwnTree(config, 'platform node reset');
  const environment = await host.open(config);
  try {
    refuseProtected(environment, { ...flags, cleanup: false });
    const recorded = await recordedFacts(environment);
    learnIdentity(environment, recorded.state);
    const [{ findNode }, { nearest }] = await Promise.all([
      import('../steps/find-node.ts'),
      import('../config/suggest.ts'),
    ]);
    const { hosts } = recorded.inventory;
    const { name } = findNode(wanted, hosts, (word) => nearest(word, Object.keys(hosts)));
    const result = await runDayTwo({
      host,
      environment,
      flags: forgetEarlier(recorded.state, 'reset', flags),
      verb: 'reset',
      key: name,
      choices: {
        reset: {
          node: name,
          hosts: Object.fromEntries(
            Object.entries(hosts).map(([one, { address, providerId }]) => [one, { address, providerId }]),
          ),
          drainWithin: Math.min(flags.drainWithin, 120) * 60_000,
          deleteBarePods: flags.deleteBarePods === true,
        },
      },
      says: [
        `${name} leaves the cluster, and everything of Kubernetes on that machine is deleted: what its pods kept in emptyDir volumes too.`,
        'The machine itself stays, and is restarted. Other nodes and volumes of EBS are not touched.',
      ],
      question: `Make ${name} bare?`,
      word: name,
    });
    if (result?.exitCode === 0)
      host.stderr.write(`Next: platform up --env ${config.environment} joins ${name} again\n`);
    return result?.exitCode ?? 0;
  } finally {
    await environment.close();
  }
}
