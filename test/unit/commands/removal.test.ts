import { expect, test } from 'vitest';
import { choicesOf, refuseImpossible, refuseProtected, type RemovalFlags } from '../../../src/commands/removal.ts';
import type { Environment } from '../../../src/commands/environment.ts';
import { exampleConfig } from '../../helpers/configuration.ts';

const flags = (more: Partial<RemovalFlags> = {}): RemovalFlags => ({ cleanup: true, ...more }) as RemovalFlags;
const ownTree = { terraform: { ...exampleConfig().terraform, dir: '/project/tree' } };

test('--keep foundation is refused beside a tree of the user’s, whose one root would take it away all the same', () => {
  const keeping = choicesOf(flags({ keep: 'foundation' }), 'destroy');
  expect(() => refuseImpossible(ownTree, keeping)).toThrow(
    expect.objectContaining({
      code: 'USAGE',
      message: expect.stringContaining('/project/tree'),
      next: [expect.stringContaining('leave --keep out'), expect.stringContaining('terraform state rm')],
    }),
  );
  expect(() => refuseImpossible(ownTree, choicesOf(flags(), 'destroy'))).not.toThrow();
  expect(() => refuseImpossible(exampleConfig(), keeping)).not.toThrow();
});

test.each([
  [undefined, 'sandbox is protected'],
  ['prod', 'sandbox is protected, and --confirm names prod'],
  ['Sandbox', 'sandbox is protected, and --confirm names Sandbox'],
])('a protected environment with --confirm %s is refused, also with --yes', (confirm, message) => {
  const environment = { config: { ...exampleConfig(), protected: true } } as Environment;
  expect(() => refuseProtected(environment, flags({ yes: true, ...(confirm && { confirm }) }))).toThrow(
    expect.objectContaining({ code: 'FOREIGN', message, next: ['if you mean it: --confirm sandbox'] }),
  );
  expect(() => refuseProtected(environment, flags({ confirm: 'sandbox' }))).not.toThrow();
});
