import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { ClusterIdentity } from '../tools/ports.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { refuseWithoutEtcd, snapshotsOf } from './backups.ts';
import { forgetEarlier, runDayTwo, unfinishedKey } from './day-two-run.ts';
import type { Environment } from './environment.ts';
import { loadConfigurationOf } from './load.ts';
import type { RunFlags } from './options.ts';
import { type Recorded, recordedFacts } from './recorded.ts';
import { refuseProtected } from './removal.ts';
import { learnIdentity } from './verb-run.ts';

interface RestoreFlags extends RunFlags {
  readonly forceHealthy?: boolean;
}

/** Brings a snapshot of etcd back onto a control plane. What etcd holds now stays on the machine, beside the new data. */
export async function restore(host: Host, flags: RestoreFlags, wanted?: string): Promise<number> {
  const { config } = await loadConfigurationOf(host, flags);
  const { refuseOwnTree } = await import('../steps/day-two/own-play.ts');
  refuseOwnTree(config, 'platform restore');
  const signal = abortOnSignal(host);
  const environment = await host.open(config);
  try {
    refuseProtected(environment, { ...flags, cleanup: false });
    const recorded = await recordedFacts(environment);
    await refuseWithoutEtcd(environment, recorded);
    learnIdentity(environment, recorded.state);
    const unfinished = unfinishedKey(recorded.state, 'restore', flags);
    if (unfinished === undefined && flags.forceHealthy !== true) await refuseHealthy(environment, signal);
    const choice = await choose(environment, recorded, wanted ?? unfinished, signal);
    const result = await runDayTwo({
      host,
      environment,
      flags: forgetEarlier(recorded.state, 'restore', flags),
      verb: 'restore',
      key: choice.name,
      choices: { restore: choice },
      says: saysOf(choice),
      question: `Replace what etcd of ${config.environment} holds by ${choice.name}?`,
      word: config.environment,
    });
    if (result?.exitCode === 0) host.stderr.write(nextText(choice, config.environment));
    return result?.exitCode ?? 0;
  } finally {
    await environment.close();
  }
}

type Choice = NonNullable<NonNullable<Environment['config']['dayTwo']>['restore']>;

async function choose(
  environment: Environment,
  recorded: Recorded,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<Choice> {
  const [{ chooseSnapshot }, { nearest }, { runningControlPlanes }, { lookingAt }] = await Promise.all([
    import('../steps/day-two/snapshots.ts'),
    import('../config/suggest.ts'),
    import('../steps/etcd-snapshot.ts'),
    import('./removal.ts'),
  ]);
  const found = await snapshotsOf(environment, recorded, signal);
  const snapshot = chooseSnapshot(found, wanted, (word) =>
    nearest(
      word,
      found.map(({ name }) => name),
    ),
  );
  const machines = await runningControlPlanes(lookingAt(environment, signal), recorded.clusterId);
  const [first] = machines;
  if (first === undefined)
    throw new PlatformError('UNHEALTHY', {
      message: 'no machine of the control plane runs: there is nothing to restore onto',
      next: [`platform up --env ${environment.config.environment} makes a new one; then type the same command again`],
    });
  const made = recorded.state.steps.get('control-plane')?.output as { readonly identity: ClusterIdentity } | undefined;
  return {
    node: first.name,
    address: first.address,
    controlPlanes: machines.map(({ name }) => name),
    name: snapshot.name,
    bucket: snapshot.bucket,
    key: snapshot.key,
    clusterId: recorded.clusterId,
    sha256: snapshot.record?.sha256 ?? '',
    canary: snapshot.record?.canary ?? '',
    uid: snapshot.record?.uid ?? made?.identity.uid ?? '',
  };
}

/** A cluster that answers has more in it than any snapshot. */
async function refuseHealthy({ look, config }: Environment, signal: AbortSignal): Promise<void> {
  const answer = await look(signal)
    .cluster()
    .then((cluster) => cluster.raw('/readyz'))
    .catch(() => undefined);
  if (answer?.status !== 200) return;
  throw new PlatformError('WOULD_LOSE', {
    message: `the cluster of ${config.environment} is well: /readyz answers 200. What was written since the snapshot would be lost`,
    next: [
      'save what is there first: platform backup',
      'if the snapshot is what you want all the same: --force-healthy',
    ],
  });
}

function saysOf({ node, controlPlanes, name, canary }: Choice): readonly string[] {
  const others = controlPlanes.filter((one) => one !== node);
  return [
    `The control plane stops on ${controlPlanes.join(', ')}; on ${node} etcd becomes a new cluster of one member that holds ${name}.`,
    `What etcd holds on ${node} now stays beside the new data, as /var/lib/etcd/member-before-RUN.`,
    ...(others.length === 0
      ? []
      : [`${others.join(', ')} stay stopped, with the data of before, until each is reset.`]),
    canary === ''
      ? 'No canary was written before this snapshot: its identity alone can be proven.'
      : 'The canary that was written before this snapshot must be found again.',
  ];
}

function nextText({ node, controlPlanes, canary }: Choice, environment: string): string {
  const others = controlPlanes.filter((name) => name !== node);
  return [
    canary === '' ? 'No canary was written before this snapshot: its identity alone is proven.' : '',
    ...others.map(
      (name) =>
        `Next: platform node reset ${name} --env ${environment}     it still has the data of before, and is stopped`,
    ),
    `Next: platform up --env ${environment} looks at everything, and makes what is missing`,
    '',
  ]
    .filter((line, index, all) => line !== '' || index === all.length - 1)
    .join('\n');
}
