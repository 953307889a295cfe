import { describe, expect, test } from 'vitest';
import { PlatformError } from '../../../../src/errors.ts';
import type { StepContext } from '../../../../src/steps/kit.ts';
import {
  changing,
  changingState,
  knownEvidence,
  listNow,
  listRecent,
} from '../../../../src/steps/teardown/recent-listings.ts';
import { born, entry, resource } from '../../../helpers/teardown-evidence.ts';
import { teardownWorld } from '../../../helpers/teardown-world.ts';

const scope = { cluster: 'c', vpcs: ['vpc-1'], recorded: {} };

function listing(parts: Parameters<typeof teardownWorld>[0] = {}) {
  const world = teardownWorld({ resources: [resource('vpc', 'vpc-1', { tags: born })], ...parts });
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const context: StepContext = { ...world.context, clock };
  return { ...world, context, pass: (duration: number) => void (now += duration) };
}

describe('a listing of a moment ago', () => {
  test('stands for a new one in any world of the same process, for ten seconds and the same scope', async () => {
    const { context, listed, pass } = listing();
    const first = await listNow(context, 'vpc', scope);
    pass(9_000);
    expect(await listRecent({ ...context }, 'vpc', scope)).toBe(first);
    expect(listed).toEqual(['vpc']);
    // What is recorded of other kinds says nothing about this one.
    expect(await listRecent(context, 'vpc', { ...scope, recorded: { instance: ['i-1'] } })).toBe(first);
    await listRecent(context, 'vpc', { ...scope, recorded: { vpc: ['vpc-9'] } });
    expect(listed).toHaveLength(2);
    listed.pop();
    await listRecent(context, 'vpc', { ...scope, vpcs: [] });
    expect(listed).toHaveLength(2);
    pass(10_000);
    await listRecent(context, 'vpc', { ...scope, vpcs: [] });
    expect(listed).toHaveLength(3);
    const { entries } = context.ledger;
    await listRecent({ ...context, ledger: { ...context.ledger, entries: () => entries() } }, 'vpc', {
      ...scope,
      vpcs: [],
    });
    expect(listed).toHaveLength(4);
  });

  test('is shared while it is under way, and one that failed stands for nothing', async () => {
    let fails = true;
    const { context, listed } = listing({
      list: async () => {
        if (fails) throw new PlatformError('AWS', { message: 'no' });
        return [];
      },
    });
    const both = await Promise.allSettled([listRecent(context, 'vpc', scope), listRecent(context, 'vpc', scope)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(listed).toHaveLength(1);
    fails = false;
    expect(await listRecent(context, 'vpc', scope)).toEqual([]);
  });

  test('stands for nothing once a deed of ours has begun or ended since, but for whoever looks for strangers', async () => {
    const { context, listed } = listing();
    await listNow(context, 'vpc', scope);
    let end = (): void => undefined;
    const deed = changing(context, () => new Promise<void>((resolve) => (end = resolve)));
    await listRecent(context, 'vpc', scope, { of: 'strangers' });
    expect(listed).toHaveLength(1);
    // While it goes on, and again after it.
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(2);
    end();
    await deed;
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(3);
    await changing(context, async () => undefined, ['address']);
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(3);
    await listRecent(context, 'address', scope);
    await changing(context, async () => undefined, ['address']);
    await listRecent(context, 'address', scope);
    expect(listed.splice(3)).toEqual(['address', 'address']);
    await expect(changing(context, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await listRecent(context, 'vpc', scope);
    expect(listed).toHaveLength(4);
  });
});

describe('what proves ownership', () => {
  test('is read once, and again when a record was written, a Terraform state changed, or the choices are others', async () => {
    let reads = 0;
    const { context, ledger } = listing({
      aws: {
        caller: async () => {
          reads += 1;
          return { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/someone' };
        },
      },
    });
    const first = await knownEvidence(context);
    expect(first?.clusterId).toBeDefined();
    expect(await knownEvidence({ ...context })).toBe(first);
    expect(reads).toBe(1);
    ledger.push(entry('vpc', 'vpc-1'));
    expect((await knownEvidence(context))?.vpcs).toEqual(['vpc-1']);
    expect(reads).toBe(2);
    await changing(context, async () => undefined);
    await knownEvidence(context);
    expect(reads).toBe(2);
    await changingState(context, async () => undefined);
    await knownEvidence(context);
    expect(reads).toBe(3);
    await knownEvidence({ ...context, config: { ...context.config } });
    expect(reads).toBe(4);
  });

  test('that could not be read is read again', async () => {
    let fails = true;
    const { context } = listing({
      aws: {
        caller: async () => {
          if (fails) throw new PlatformError('CREDENTIALS', { message: 'expired' });
          return { account: '123456789012', arn: 'arn:aws:iam::123456789012:user/someone' };
        },
      },
    });
    await expect(knownEvidence(context)).rejects.toMatchObject({ code: 'CREDENTIALS' });
    fails = false;
    expect(await knownEvidence(context)).toBeDefined();
  });
});
