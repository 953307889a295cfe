import { describe, expect, it } from 'vitest';
import { orderOf } from '../../../../src/steps/teardown/order.ts';
import { findingOf, group, type Thing } from './sweep-world.ts';

/** `ask` by id, then `waiting <- holders`. */
function ordered(
  things: readonly Thing[],
  wanted: (thing: Thing) => boolean = (thing) => (thing.class ?? 'owned') === 'owned',
) {
  const chosen = new Set(things.filter(wanted).map(({ id }) => id));
  const { ask, waiting } = orderOf(things.map(findingOf), ({ resource }) => chosen.has(resource.id));
  return {
    ask: ask.map(({ resource }) => resource.id),
    waiting: waiting.map(({ finding, on }) =>
      `${finding.resource.id} <- ${on.map(({ resource }) => resource.id).join(' ')}`.trim(),
    ),
  };
}

const held = (kind: Thing['kind'], ...ids: string[]) => ids.map((id) => ({ kind, id }));

describe('order', () => {
  it('asks what nothing holds; the rest waits for its holders', () => {
    expect(
      ordered([
        { kind: 'load-balancer', id: 'lb', holds: [...held('target-group', 'tg'), ...held('security-group', 'sg')] },
        { kind: 'target-group', id: 'tg' },
        group('sg'),
        { kind: 'volume', id: 'vol' },
      ]),
    ).toEqual({ ask: ['lb', 'vol'], waiting: ['tg <- lb', 'sg <- lb'] });
  });

  it('waits for a foreign holder as for one of ours', () => {
    expect(
      ordered([{ kind: 'instance', id: 'i', class: 'foreign', holds: held('security-group', 'sg') }, group('sg')]),
    ).toEqual({
      ask: [],
      waiting: ['sg <- i'],
    });
  });

  it('what is gone holds nothing and is not asked; what is going holds, and is not asked again', () => {
    expect(
      ordered([
        { kind: 'instance', id: 'i-1', phase: 'gone', holds: held('volume', 'vol-1') },
        { kind: 'instance', id: 'i-2', phase: 'going', holds: held('volume', 'vol-2') },
        { kind: 'volume', id: 'vol-1' },
        { kind: 'volume', id: 'vol-2' },
      ]),
    ).toEqual({ ask: ['vol-1'], waiting: ['i-2 <-', 'vol-2 <- i-2'] });
  });

  it("awaits what AWS made, what dies with its parent, and a VPC's default group", () => {
    expect(
      ordered([
        { kind: 'network-interface', id: 'eni', managedBy: 'amazon-elb', holds: held('security-group', 'sg') },
        { kind: 'instance', id: 'i' },
        { kind: 'volume', id: 'root', diesWith: { kind: 'instance', id: 'i' } },
        group('sg'),
        group('sg-default', [], { name: 'default' }),
      ]),
    ).toEqual({ ask: ['i'], waiting: ['eni <-', 'root <- i', 'sg <- eni', 'sg-default <-'] });
  });

  it('a thing holds nothing with which it dies: a VPC does not wait for its default group', () => {
    const vpc = { kind: 'vpc', id: 'vpc-1' } as const;
    expect(ordered([vpc, group('sg-default', [], { name: 'default', diesWith: vpc, holds: [vpc] })])).toEqual({
      ask: ['vpc-1'],
      waiting: ['sg-default <- vpc-1'],
    });
  });

  it('what dies with something that stays for now is not waited for', () => {
    const vpc = { kind: 'vpc', id: 'vpc-1', class: 'shared' } as const;
    const fallback = group('sg-default', [], { name: 'default', diesWith: vpc });
    expect(ordered([vpc, fallback])).toEqual({ ask: [], waiting: [] });
    expect(ordered([fallback])).toEqual({ ask: [], waiting: ['sg-default <-'] });
  });

  it('a VPC waits for all that stands in it, a gateway for what has addresses, an owner record for the records beside it', () => {
    const record = (type: 'A' | 'TXT') => ({
      kind: 'dns-record' as const,
      id: `Z1/${type}/web`,
      name: type === 'TXT' ? '_platform-owner.web' : 'web',
      record: { name: 'web', type },
    });
    expect(
      ordered([
        { kind: 'vpc', id: 'vpc-1' },
        { kind: 'internet-gateway', id: 'igw', vpc: 'vpc-1' },
        { kind: 'load-balancer', id: 'lb', vpc: 'vpc-1' },
        { kind: 'target-group', id: 'tg', vpc: 'vpc-1' },
        record('TXT'),
        record('A'),
        { ...record('A'), id: 'Z1/A/theirs', class: 'foreign' },
      ]),
    ).toEqual({
      ask: ['lb', 'tg', 'Z1/A/web'],
      waiting: ['vpc-1 <- igw lb', 'igw <- lb', 'Z1/TXT/web <- Z1/A/web'],
    });
  });

  it('rules between groups hold nothing, in a ring neither; a tie that no rule explains does', () => {
    expect(ordered([group('sg-1', ['sg-2']), group('sg-2', ['sg-1', 'sg-3']), group('sg-3')]).ask).toEqual([
      'sg-1',
      'sg-2',
      'sg-3',
    ]);
    expect(ordered([group('sg-1', ['sg-2'], { rules: [] }), group('sg-2')])).toEqual({
      ask: ['sg-1'],
      waiting: ['sg-2 <- sg-1'],
    });
  });

  it('catalogue E18: a rule between two groups of Terraform is never taken, so the one waits for the other', () => {
    const terraform = { root: 'cluster', address: 'aws_security_group.x' } as const;
    expect(
      ordered([group('sg-1', ['sg-2'], { terraform, class: 'shared' }), group('sg-2', [], { terraform })]),
    ).toEqual({
      ask: [],
      waiting: ['sg-2 <- sg-1'],
    });
  });

  it('things that hold each other in a ring, and nothing else does, are asked; not when something outside holds one of them', () => {
    const ring: Thing[] = [
      { kind: 'role', id: 'r', holds: held('instance-profile', 'p') },
      { kind: 'instance-profile', id: 'p', holds: held('role', 'r') },
      { kind: 'policy', id: 'behind' },
    ];
    expect(ordered([...ring, { kind: 'role', id: 'r2', holds: held('policy', 'behind') }]).ask).toEqual([
      'r2',
      'r',
      'p',
    ]);
    expect(
      ordered([...ring, { kind: 'instance', id: 'i', class: 'foreign', holds: held('instance-profile', 'p') }]).ask,
    ).toEqual(['behind']);
  });
});
