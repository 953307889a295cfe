import { expect, test } from 'vitest';
import { expand, upstreamOf } from '../../../src/engine/graph.ts';
import { type SimulatedKit, step, stepForEach, stepWhen } from '../../helpers/simulated-steps.ts';
import type { Step, StepSpec } from '../../../src/engine/types.ts';

const rest = {
  inputs: () => null,
  check: async () => ({ state: 'needed' as const, because: 'always' }),
  apply: async () => 'out',
  repeat: 'safe' as const,
  onCancel: 'drain' as const,
  timeout: 1000,
} satisfies Partial<StepSpec<SimulatedKit, string, never>>;

const base = step({ id: 'base', title: 'Base', needs: {}, ...rest });
const join = stepForEach({ id: 'join', title: 'Join', needs: { base }, ...rest, forEach: () => ['w1', 'w2'] });
const never = stepWhen({ id: 'never', title: 'Never', needs: { base }, ...rest, when: () => false });
const last = step({ id: 'last', title: 'Last', needs: { join, never, base }, ...rest });

test('A22: a step per key has an instance per key, and whoever needs it needs all of them', () => {
  const instances = expand([last, base, never, join], {});
  expect(instances.map(({ id }) => id)).toEqual(['base', 'join/w1', 'join/w2', 'last']);
  expect(instances[1]).toMatchObject({ key: 'w1', title: 'Join (w1)', needIds: ['base'] });
  expect(instances[3]?.needIds).toEqual(['join/w1', 'join/w2', 'base']);
});

test('what a dependant sees: the output, a record by key, undefined for what is no member', () => {
  const [, , , one] = expand([base, join, never, last], {});
  expect(upstreamOf(one as never, (id) => `out of ${id}`)).toEqual({
    base: 'out of base',
    join: { w1: 'out of join/w1', w2: 'out of join/w2' },
    never: undefined,
  });
});

test('C9: a list that was written in order keeps its order, and needs come first otherwise', () => {
  const other = step({ id: 'other', title: 'Other', needs: {}, ...rest });
  expect(expand([base, other, join], {}).map(({ id }) => id)).toEqual(['base', 'other', 'join/w1', 'join/w2']);
});

test('a cycle, an id twice, and a need from outside the list are our own fault, and named', () => {
  const a = { ...base, id: 'a' };
  const b: Step<unknown> = { ...base, id: 'b', needs: { a } };
  (a as { needs: object }).needs = { b };
  expect(() => expand([a, b], {})).toThrow(expect.objectContaining({ code: 'BUG', message: 'a cycle: a -> b -> a' }));
  expect(() => expand([base, { ...base }], {})).toThrow('two steps have the id base');
  expect(() => expand([join], {})).toThrow('join needs base, which is not on the list');
  expect(() => expand([{ ...join, needs: {}, forEach: () => ['x', 'x'] }], {})).toThrow('two steps have the id join/x');
});
