import type { TeardownChoices } from '../../../../src/config/config.ts';
import type { StepContext } from '../../../../src/steps/kit.ts';
import type { LedgerEntry, StateResource } from '../../../../src/tools/ports.ts';
import { exampleConfig } from '../../../helpers/configuration.ts';
import { fakeWorld } from '../../../helpers/fake-world.ts';
import { createAccount, type Thing } from './sweep-world.ts';

export const clusterId = 'demo-dev-ab1c2';

export const choices: TeardownChoices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none',
  rebuild: false,
};

interface Given {
  readonly things: readonly Thing[];
  readonly ledger?: readonly LedgerEntry[];
  readonly terraform?: readonly StateResource[];
  readonly choices?: Partial<TeardownChoices>;
  /** false: no cluster id was ever minted. */
  readonly built?: boolean;
  readonly ownTree?: boolean;
}

/** Tags that everything of ours carries from birth. */
export const ours = (environment: string): Readonly<Record<string, string>> => ({
  'platform/cluster': clusterId,
  'platform/environment': environment,
});

/** A step's context over a tiny account, with the real judgement on whose everything is. */
export function destroyWorld({
  things,
  ledger = [],
  terraform = [],
  choices: some = {},
  built = true,
  ownTree,
}: Given) {
  const account = createAccount(things);
  const objects = new Map<string, string>();
  const base = exampleConfig();
  const config = {
    ...base,
    teardown: { ...choices, ...some },
    state: { kind: 's3' as const, bucket: 'states' },
    ...(ownTree === true ? { terraform: { ...base.terraform, dir: '/own' } } : {}),
  };
  const key = (file: string): string => `${config.name}/${config.environment}/${file}`;
  if (built) objects.set(key('identity.json'), JSON.stringify({ clusterId }));
  objects.set(key('ledger.ndjson'), '');
  const removed: string[] = [];
  const { context } = fakeWorld(
    {
      aws: {
        region: 'eu-central-1',
        caller: async () => ({ account: '123456789012', arn: 'arn' }),
        bucket: async () => ({ exists: true, versioned: true, encrypted: true, blocked: true, tags: {} }),
        object: async (_bucket, name) => objects.get(name),
        removeObject: async (bucket, name) => {
          removed.push(`${bucket}/${name}`);
          objects.delete(name);
        },
      },
      files: { remove: async (path) => void removed.push(path) },
      terraform: { resources: async ({ name }) => (name === 'cluster' ? terraform : []) },
    },
    config,
  );
  const world = {
    ...context,
    ...account.world,
    ledger: {
      entries: async () => ledger,
      record: async () => undefined,
      retire: async () => undefined,
      mirror: async () => undefined,
    },
    cluster: async () => {
      throw new Error('the cluster is not asked');
    },
  } as unknown as StepContext;
  return { ...account, context: world, removed, objects, environment: config.environment };
}
