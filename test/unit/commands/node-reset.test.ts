import { describe, expect, test } from 'vitest';
import { resetNode } from '../../../src/commands/node-reset.ts';
import { up } from '../../../src/commands/up.ts';
import { isPlatformError, PlatformError } from '../../../src/errors.ts';
import type { KubernetesObject } from '../../../src/tools/ports.ts';
import { dayTwoFlags, dayTwoWorld, exitOf } from '../../helpers/day-two-world.ts';
import { object } from '../../helpers/fake-world.ts';

const worker = 'k8s-worker-1';
const flags = { ...dayTwoFlags, drainWithin: 10 } as const;
const owned = (kind: string) => ({ ownerReferences: [{ kind, controller: true }] });
const pod = (name: string, metadata: object = owned('ReplicaSet'), node = worker): KubernetesObject =>
  object('Pod', name, { spec: { nodeName: node } }, { namespace: 'shop', uid: `uid-${name}`, ...metadata });

interface Setting {
  readonly pods?: readonly KubernetesObject[];
  /** Evictions that a budget refuses, before it lets go. */
  readonly blocked?: number;
  readonly providerId?: string;
  /** Plays that fail, by their place. */
  readonly failing?: readonly number[];
}

/** A cluster of which one worker is reset; what was done to it, in order. */
async function make({
  pods = [],
  blocked = 0,
  providerId = 'aws:///ap-northeast-2a/i-0bb',
  failing = [],
}: Setting = {}) {
  const objects = [...pods, object('Node', worker, { spec: { providerID: providerId } }, { uid: 'uid-node' })];
  let left = blocked;
  let isBare = false;
  let plays = 0;
  const did: string[] = [];
  const gone = (name: string): void => {
    const index = objects.findIndex(({ metadata }) => metadata.name === name);
    if (index >= 0) objects.splice(index, 1);
  };
  const world = await dayTwoWorld(
    {
      ssh: { run: async () => exitOf(isBare ? 0 : 1) },
      cluster: {
        get: async ({ kind, name }) => objects.find((one) => one.kind === kind && one.metadata.name === name),
        list: async ({ kind }) => objects.filter((one) => one.kind === kind),
        merge: async ({ name }, patch) => {
          did.push(`merge ${name} ${JSON.stringify(patch)}`);
          return undefined;
        },
        remove: async ({ kind, name }, options) => {
          did.push(`remove ${kind} ${name} ${options?.uid}`);
          gone(name);
        },
        evict: async ({ name, uid }) => {
          if (left > 0) {
            left -= 1;
            if (left === 0) throw new PlatformError('UNREACHABLE', { message: 'no answer within 10 s' });
            return { is: 'blocked', because: 'The disruption budget web needs 1 healthy pods and has 1 currently' };
          }
          did.push(`evict ${name} ${uid}`);
          gone(name);
          return { is: 'leaving' };
        },
      },
    },
    {
      play: ({ limit }, variables) => {
        plays += 1;
        did.push(
          `play on ${limit}: ${variables['node_reset_machine']}, drain ${String(variables['node_reset_drain'])}`,
        );
        if (failing.includes(plays)) throw new PlatformError('TOOL_FAILED', { message: 'cut off' });
        isBare = true;
      },
    },
  );
  return { ...world, did };
}

const failure = async (promise: Promise<unknown>): Promise<{ code: string; message: string }> => {
  try {
    return { code: `exit ${String(await promise)}`, message: '' };
  } catch (error) {
    if (isPlatformError(error)) return error;
    throw error;
  }
};

describe('node reset', () => {
  test('closes the node, moves pods, makes the machine bare, and takes the node off the list, in this order', async () => {
    const { host, did, said } = await make({
      pods: [pod('web'), pod('log', owned('DaemonSet')), pod('elsewhere', owned('ReplicaSet'), 'k8s-storage')],
    });
    expect(await resetNode(host, flags, 'i-0bb')).toBe(0);
    expect(did).toEqual([
      `merge ${worker} {"spec":{"unschedulable":true}}`,
      'evict web uid-web',
      `play on ${worker}: ${worker}, drain false`,
      `remove Node ${worker} uid-node`,
    ]);
    expect(said.stderr).toContain(`joins ${worker} again`);
  });

  test('a budget is waited for, and told who blocks', async () => {
    const { host, did, said } = await make({ pods: [pod('web')], blocked: 2 });
    expect(await resetNode(host, flags, worker)).toBe(0);
    expect(did[1]).toBe('evict web uid-web');
    expect(said.stderr).toContain('disruption budget web needs 1 healthy pods');
  });

  test('pods that nothing makes anew are named before anything is done', async () => {
    const { host, did } = await make({ pods: [pod('by-hand', {})] });
    expect(await failure(resetNode(host, flags, worker))).toMatchObject({
      code: 'WOULD_LOSE',
      message: expect.stringContaining('shop/by-hand'),
    });
    expect(did).toEqual([]);
    expect(await resetNode(host, { ...flags, deleteBarePods: true }, worker)).toBe(0);
  });

  test('the only control plane, a namesake, and an unknown name are refused', async () => {
    const { host, did } = await make();
    expect(await failure(resetNode(host, flags, 'k8s-master'))).toMatchObject({ code: 'WOULD_LOSE' });
    expect(await failure(resetNode(host, flags, 'k8s-worker-l'))).toMatchObject({ code: 'USAGE' });
    const other = await make({ providerId: 'aws:///ap-northeast-2a/i-0other' });
    expect(await failure(resetNode(other.host, flags, worker))).toMatchObject({ code: 'FOREIGN' });
    expect([...did, ...other.did]).toEqual([]);
  });

  test('nobody there to type the name, and no --yes: nothing is done', async () => {
    const { host, did } = await make();
    expect(await failure(resetNode(host, { ...flags, yes: false }, worker))).toMatchObject({ code: 'NEEDS_YES' });
    expect(did).toEqual([]);
  });

  test('one that was cut off goes on where it was, and keeps `up` and another reset away until then', async () => {
    const { host, did } = await make({ pods: [pod('web')], failing: [1] });
    expect(await resetNode(host, flags, worker)).not.toBe(0);
    expect(await failure(up(host, dayTwoFlags))).toMatchObject({ code: 'UNFINISHED_VERB' });
    expect(await failure(resetNode(host, flags, 'k8s-master'))).toMatchObject({ code: 'UNFINISHED_VERB' });
    did.length = 0;
    expect(await resetNode(host, flags, worker)).toBe(0);
    expect(did.filter((deed) => deed.startsWith('evict'))).toEqual([]);
    expect(did.at(-1)).toBe(`remove Node ${worker} uid-node`);
  });
});
