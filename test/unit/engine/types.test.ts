import { expect, test } from 'vitest';
import { stepsFor } from '../../../src/engine/step.ts';
import type { Step } from '../../../src/engine/types.ts';
import { Secret } from '../../../src/tools/ports.ts';

interface TestKit {
  readonly config: { readonly size: number };
  readonly read: { look(): string };
  readonly write: { look(): string; change(): void };
}

const { step, stepForEach, stepWhen } = stepsFor<TestKit>();
const rest = { inputs: () => null, repeat: 'safe', onCancel: 'drain', timeout: 1 } as const;
const check = async () => ({ state: 'needed' as const, because: '' });

const network = step({
  ...rest,
  id: 'network',
  title: 'Network',
  needs: {},
  check,
  apply: async () => ({ vpc: 'vpc-1' }),
});
const nodes = stepForEach({
  ...rest,
  id: 'node',
  title: 'Node',
  needs: {},
  check,
  apply: async () => 7,
  forEach: () => ['a'],
});
const dns = stepWhen({
  ...rest,
  id: 'dns',
  title: 'DNS',
  needs: {},
  check,
  apply: async () => 'zone',
  when: ({ size }) => size > 1,
});

// Never called: what matters is that the compiler judges them. An expected error that does not come is an error itself.
export const judged = {
  aCheckThatWrites: () =>
    step({
      ...rest,
      id: 'x',
      title: 'X',
      needs: {},
      apply: async () => null,
      check: async (ctx) => {
        // @ts-expect-error -- the world of a check has no way to change anything
        ctx.change();
        return { state: 'needed' as const, because: ctx.look() };
      },
    }),
  aProbeThatWrites: () =>
    step({
      ...rest,
      id: 'x',
      title: 'X',
      needs: {},
      check,
      apply: async () => null,
      ready: [
        {
          name: 'p',
          every: 1,
          within: 1,
          test: async (ctx) => {
            // @ts-expect-error -- nor has the world of a probe
            ctx.change();
            return { is: 'ready' as const };
          },
        },
      ],
    }),
  // @ts-expect-error -- a Secret is no Json, so it cannot become an output
  aSecretAsOutput: () => step({ ...rest, id: 'x', title: 'X', needs: {}, check, apply: async () => new Secret('s') }),
  aSecretInOutput: () =>
    // @ts-expect-error -- nor can it hide in one
    step({ ...rest, id: 'x', title: 'X', needs: {}, check, apply: async () => ({ password: new Secret('s') }) }),
  aNeedThatIsNotNeeded: () =>
    step({
      ...rest,
      id: 'x',
      title: 'X',
      needs: { network },
      check,
      // @ts-expect-error -- what is not in needs is not in up
      apply: async (_, up) => up.netwrok.vpc,
    }),
  aNeedByName: () =>
    // @ts-expect-error -- needs are references: a name is none
    step({ ...rest, id: 'x', title: 'X', needs: { network: 'network' }, check, apply: async () => null }),
  aMaybeTakenForGranted: () =>
    step({
      ...rest,
      id: 'x',
      title: 'X',
      needs: { dns },
      check,
      // @ts-expect-error -- a step that some configurations lack may be undefined
      apply: async (_, up) => up.dns.length,
    }),
  aWrongOutput: () =>
    step({
      ...rest,
      id: 'x',
      title: 'X',
      needs: {},
      check: async () => ({ state: 'satisfied' as const, output: 1, because: '' }),
      // @ts-expect-error -- check and apply must agree on what comes out
      apply: async () => 'one',
    }),
  whatIsAllowed: (): Step<string> =>
    step({
      ...rest,
      id: 'x',
      title: 'X',
      needs: { network, nodes, dns },
      check,
      apply: async (ctx, up) => {
        ctx.change();
        return `${up.network.vpc} ${up.nodes['a']?.toFixed()} ${up.dns?.length}`;
      },
    }),
};

test('a step is kept as it was written', () => {
  const one = judged.whatIsAllowed();
  expect(Object.keys(one.needs)).toEqual(['network', 'nodes', 'dns']);
  expect(one.needs['network']).toBe(network);
  expect(one.spec.repeat).toBe('safe');
});
