import { expect, test } from 'vitest';
import { bindingFor, groupsOf, readLifetime, roles } from '../../../../src/steps/day-two/client-access.ts';

test.each([
  ['10m', 600_000],
  ['8h', 28_800_000],
  ['30d', 2_592_000_000],
])('%s is %i ms', (text, lifetime) => {
  expect(readLifetime(text)).toBe(lifetime);
});

test.each(['9m', '31d', '8', '8 h', '-1h', '1.5h', ''])('a lifetime of %j is refused', (text) => {
  expect(() => readLifetime(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('without a word a certificate may only look; groups of one’s own take the place of the role', () => {
  expect(groupsOf(undefined, [])).toEqual(['platform:view']);
  expect(groupsOf('admin', [])).toEqual(['platform:admin']);
  expect(groupsOf(undefined, ['shop:devs'])).toEqual(['shop:devs']);
  expect(groupsOf('view', ['shop:devs'])).toEqual(['platform:view', 'shop:devs']);
});

test.each(['system:masters', 'system:nodes', ' '])('the group %j is not handed out', (group) => {
  expect(() => groupsOf(undefined, [group])).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test.each(roles)('the binding of %s gives that role to that group and to nobody else', (role) => {
  expect(bindingFor(role)).toMatchObject({
    metadata: { name: `platform:${role}` },
    roleRef: { kind: 'ClusterRole', name: role },
    subjects: [{ kind: 'Group', name: `platform:${role}` }],
  });
});
