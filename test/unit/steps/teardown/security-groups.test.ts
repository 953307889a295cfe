import { describe, expect, it } from 'vitest';
import { revocationsFor } from '../../../../src/steps/teardown/security-groups.ts';
import { findingOf, group, type Thing } from './sweep-world.ts';

/** Rules that would be taken, by group, when the named groups go. */
function taken(things: readonly Thing[], ...going: string[]) {
  const findings = things.map(findingOf);
  const found = revocationsFor(
    findings,
    findings.filter(({ resource }) => going.includes(resource.id)),
  );
  return Object.fromEntries(found.map(({ holder, rules }) => [holder.resource.id, rules.map(({ id }) => id)]));
}

const terraform = { root: 'cluster', address: 'aws_security_group.node' } as const;

describe('security groups in two passes', () => {
  it('takes exactly the rules that reference a group of the set, in whichever group they are', () => {
    expect(
      taken(
        [
          group('sg-lb', ['sg-lb', 'sg-backend']),
          group('sg-backend', ['sg-lb']),
          group('sg-node', ['sg-node', 'sg-backend'], { terraform }),
          group('sg-default', ['sg-other', 'sg-lb'], { name: 'default', class: 'foreign' }),
          group('sg-foreign', ['sg-backend', 'sg-node'], { class: 'foreign' }),
          group('sg-other', [], { class: 'foreign' }),
        ],
        'sg-lb',
        'sg-backend',
      ),
    ).toEqual({
      'sg-lb': ['sg-lb-r1'],
      'sg-backend': ['sg-backend-r0'],
      'sg-node': ['sg-node-r1'],
      'sg-default': ['sg-default-r1'],
      'sg-foreign': ['sg-foreign-r0'],
    });
  });

  it('catalogue E18: never a rule inside a group of Terraform that references a group of Terraform', () => {
    expect(taken([group('sg-1', ['sg-2'], { terraform }), group('sg-2', [], { terraform })], 'sg-2')).toEqual({});
  });

  it('leaves a rule in another VPC: it keeps nothing from going', () => {
    expect(taken([group('sg-far', ['sg-1'], { vpc: 'vpc-2' }), group('sg-1')], 'sg-1')).toEqual({});
  });

  it('takes nothing when no group goes, and says why it takes what it takes', () => {
    const findings = [group('sg-1', ['sg-2']), group('sg-2')].map(findingOf);
    expect(revocationsFor(findings, [])).toEqual([]);
    expect(revocationsFor(findings, findings.slice(1))[0]?.because).toBe(
      '1 rule references sg-2, which cannot be deleted before',
    );
  });
});
