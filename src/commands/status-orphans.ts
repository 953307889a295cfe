import { PlatformError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Finding, Inventory } from '../steps/teardown/inventory-types.ts';
import type { Orphan, OrphansDocument } from '../ui/orphans-view.ts';
import { abortOnSignal } from './abort-on-signal.ts';
import { openTeardown } from './lists.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';
import { lookingAt } from './removal.ts';
import { learnIdentity } from './verb-run.ts';

/**
 * The scan with which a teardown ends, for any day: read-only, from nothing. Exit 13 when something of ours belongs to nothing any more or an
 * unfinished teardown left it, 11 when that cannot be judged because the cluster does not answer, 0 otherwise.
 */
export async function statusOrphans(host: Host, options: CommonOptions): Promise<number> {
  const { config } = await loadConfigurationOf(host, options);
  const signal = abortOnSignal(host);
  const environment = await host.open(config, { ephemeral: true });
  try {
    const [{ readJournals }, { foldJournals }, { takeInventory }, { orphansText }] = await Promise.all([
      import('../engine/journal.ts'),
      import('../engine/fold.ts'),
      import('../steps/teardown/inventory.ts'),
      import('../ui/orphans-view.ts'),
    ]);
    const state = foldJournals(await readJournals(environment.journals));
    learnIdentity(environment, state);
    const inventory = await Promise.race([takeInventory(lookingAt(environment, signal)), stopped(signal)]);
    const document = await documentOf(inventory, await openTeardown(state), environment.config);
    if (options.json === true) host.stdout.write(`${JSON.stringify(document)}\n`);
    else host.stderr.write(orphansText(document, host, options.color));
    return document.exitCode;
  } finally {
    await environment.close();
  }
}

/** A listing that has begun is not awaited when the person has had enough. */
async function stopped(signal: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  throw new PlatformError('INTERRUPTED', {
    message: 'stopped while looking; nothing was changed',
    next: ['type the same command again'],
  });
}

/** What the scan says, as it is printed with --json. */
export async function documentOf(
  inventory: Inventory,
  open: readonly string[],
  { environment, target, region }: Pick<OrphansDocument, 'environment' | 'target' | 'region'>,
): Promise<OrphansDocument> {
  const [{ orphansOf, leftOf }, { chainOf, nameOf }, { costOf }] = await Promise.all([
    import('../steps/teardown/orphans.ts'),
    import('../steps/teardown/blockers.ts'),
    import('../steps/teardown/costs.ts'),
  ]);
  const { clusterId, account, kubernetes, findings } = inventory;
  const told = (finding: Finding): Orphan => ({
    kind: finding.resource.kind,
    id: finding.resource.id,
    name: finding.resource.name,
    class: finding.class,
    because: finding.because,
    origin: finding.origin ?? null,
    cost: costOf(finding.resource),
    chain: chainOf(finding.resource, findings).map(({ resource }) => nameOf(resource)),
  });
  // What a teardown has begun to take apart belongs to nothing any more: one list, not two.
  const nothing: { orphans: readonly Finding[]; undecided: readonly Finding[] } = { orphans: [], undecided: [] };
  const { orphans, undecided } = open.length > 0 ? nothing : orphansOf(inventory);
  const leftovers = open.length > 0 ? leftOf(inventory) : [];
  return {
    schema: 'platform/orphans/v1',
    environment,
    target,
    region,
    account,
    cluster: clusterId === '' ? null : clusterId,
    kubernetes: { is: kubernetes.is, because: kubernetes.is === 'answers' ? '' : kubernetes.because },
    found: findings.filter(({ class: ownership }) => ownership === 'owned' || ownership === 'data').length,
    openTeardown: open,
    orphans: orphans.map(told),
    undecided: undecided.map(told),
    leftovers: leftovers.map(told),
    exitCode: orphans.length + leftovers.length > 0 ? 13 : undecided.length > 0 ? 11 : 0,
  };
}
