import { beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from '../../../src/commands/environment.ts';
import {
  choicesOf,
  decideAwsOnly,
  refuseImpossible,
  refuseProtected,
  type RemovalFlags,
} from '../../../src/commands/removal.ts';
import type { KubernetesState } from '../../../src/steps/teardown/inventory-types.ts';
import { exampleConfig } from '../../helpers/configuration.ts';
import { person } from '../../helpers/person.ts';

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

describe('a cluster that does not answer', () => {
  // So that the first question does not pay for it.
  beforeAll(() => import('@inquirer/prompts'), 60_000);

  const silent: KubernetesState = { is: 'unreachable', because: 'connect ECONNREFUSED' };
  /** What becomes of `awsOnly`, what was asked, and how often the cluster was. */
  const decide = async (
    setting: { terminal?: boolean; keys?: string; flags?: Partial<RemovalFlags>; state?: KubernetesState } = {},
  ) => {
    const { terminal = true, keys = 'y\n', state = silent } = setting;
    const { host, shown, said } = person({ stdin: terminal, stderr: terminal, keys });
    let looked = 0;
    const cluster = async (): Promise<KubernetesState> => {
      looked += 1;
      return state;
    };
    const { awsOnly } = await decideAwsOnly(host, choicesOf(flags(setting.flags), 'destroy'), cluster);
    return { awsOnly, asked: shown(), looked, said: said() };
  };

  test('is left out when a person says so, who is told why it is asked', async () => {
    const { awsOnly, asked, said } = await decide();
    expect(awsOnly).toBe(true);
    expect(said).toBe('the Kubernetes API does not answer (connect ECONNREFUSED)\n');
    expect(asked).toContain('Leave it out, and take apart by AWS tags alone? (y/N)');
  });

  test.each([
    ['n', 'n\n'],
    ['Enter', '\n'],
    ['Ctrl-C', '\u0003'],
  ])('is not when the answer is %s: DECLINED', async (_, keys) => {
    await expect(decide({ keys })).rejects.toMatchObject({ code: 'DECLINED', message: 'nothing was changed' });
  });

  test.each([[{}], [{ yes: true }]])('where nobody can be asked the flag is named, also with %j', async (given) => {
    await expect(decide({ terminal: false, flags: given })).rejects.toMatchObject({
      code: 'NEEDS_YES',
      next: [expect.stringContaining('bring the API back'), expect.stringContaining('--aws-only')],
    });
  });

  test('nobody is asked where it answers, where it was left out already, or without --cleanup', async () => {
    const left: KubernetesState = { is: 'left-out', because: 'no control plane was ever made' };
    expect(await decide({ state: left })).toEqual({ awsOnly: false, asked: '', looked: 1, said: '' });
    expect(await decide({ flags: { awsOnly: true } })).toEqual({ awsOnly: true, asked: '', looked: 0, said: '' });
    expect(await decide({ flags: { cleanup: false } })).toEqual({ awsOnly: false, asked: '', looked: 0, said: '' });
  });
});
