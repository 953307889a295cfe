import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chainOf, chainText } from '../../../../src/steps/teardown/blockers.ts';
import { finding, reference, resource } from '../../../helpers/teardown-evidence.ts';

const group = finding(resource('security-group', 'sg-0a1'));
const balancer = finding(
  resource('load-balancer', 'arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/k8s-web-1/50dc', {
    name: 'k8s-web-1',
    holds: [reference('network-interface', 'eni-9f2'), reference('security-group', 'sg-0a1')],
  }),
  { origin: 'Ingress web/shop' },
);
const eni = finding(resource('network-interface', 'eni-9f2', { holds: [reference('security-group', 'sg-0a1')] }));

test('a chain names each thing and who holds it, down to the Kubernetes object that made it', () => {
  // The balancer holds the group itself as well: its interface is what a person sees in the console.
  expect(chainText(chainOf(group.resource, [group, balancer, eni]))).toBe(
    'sg-0a1 <- eni-9f2 <- load balancer k8s-web-1 <- Ingress web/shop',
  );
});

test('what goes only with its parent is held by it, and does not hold it', () => {
  const vpc = finding(resource('vpc', 'vpc-1'));
  const usual = finding(
    resource('security-group', 'sg-0', { holds: [reference('vpc', 'vpc-1')], diesWith: reference('vpc', 'vpc-1') }),
  );
  expect(chainText(chainOf(vpc.resource, [vpc, usual]))).toBe('vpc-1');
  expect(chainText(chainOf(usual.resource, [vpc, usual]))).toBe('sg-0 <- vpc-1');
});

test('a thing that nothing holds is its own chain, one that is not there has none', () => {
  expect(chainOf({ kind: 'volume', id: 'vol-1' }, [finding(resource('volume', 'vol-1'))])).toHaveLength(1);
  expect(chainOf({ kind: 'volume', id: 'vol-1' }, [group])).toEqual([]);
});

test('what AWS has ended holds nothing', () => {
  const ended = finding(resource('instance', 'i-1', { phase: 'gone', holds: [reference('security-group', 'sg-0a1')] }));
  expect(chainText(chainOf(group.resource, [group, ended]))).toBe('sg-0a1');
});

test('security groups that refer to each other end', () => {
  const ring = ['sg-1', 'sg-2', 'sg-3'].map((id, index, all) =>
    finding(resource('security-group', id, { holds: [reference('security-group', all[(index + 1) % 3] ?? '')] })),
  );
  expect(chainText(chainOf({ kind: 'security-group', id: 'sg-1' }, ring))).toBe('sg-1 <- sg-3 <- sg-2');
});

const number = fc.integer({ min: 0, max: 12 });

test('in any account each chain ends, starts at the thing that was asked, repeats nothing, and each link holds the one before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { maxLength: 60 }), number, (edges, asked) => {
      const idOf = (index: number): string => `sg-${index}`;
      const findings = Array.from({ length: 13 }, (_, index) =>
        finding(
          resource('security-group', idOf(index), {
            holds: edges
              .filter(([holder]) => holder === index)
              .map(([, held]) => reference('security-group', idOf(held))),
          }),
        ),
      );
      const chain = chainOf({ kind: 'security-group', id: idOf(asked) }, findings);
      expect(chain[0]?.resource.id).toBe(idOf(asked));
      expect(new Set(chain).size).toBe(chain.length);
      for (const [index, link] of chain.entries()) {
        const before = chain[index - 1];
        if (before !== undefined) expect(link.resource.holds.map(({ id }) => id)).toContain(before.resource.id);
      }
      // A thing that something else holds is never shown as free.
      const isHeld = edges.some(([holder, held]) => held === asked && holder !== asked);
      expect(chain.length > 1).toBe(isHeld);
    }),
    { numRuns: 500 },
  );
});
