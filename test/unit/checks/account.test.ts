import { describe, expect, test } from 'vitest';
import { credentials, hostedZone, keyPair, names, quotas } from '../../../src/checks/account.ts';
import type { AwsInstance, AwsReader } from '../../../src/tools/ports.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const minute = 60_000;
const id = 'demo-prod-ab1cd';
const caller = { account: '111122223333', arn: 'arn:aws:sts::111122223333:assumed-role/operator/me' };
/** An account in which the cluster was built before, or never. */
const account = (more: Partial<AwsReader>, clusterId: string | undefined = id): Partial<AwsReader> => ({
  caller: async () => caller,
  object: async () => (clusterId === undefined ? undefined : JSON.stringify({ clusterId })),
  ...more,
});
const never = (more: Partial<AwsReader>): Partial<AwsReader> => ({ ...account(more), object: async () => undefined });

describe('credentials', () => {
  const asked = (facts: object, purpose: 'run' | 'plan' = 'run', config = awsConfig()) =>
    askCheck(credentials, { aws: { caller: async () => ({ ...caller, ...facts }) } }, config, purpose);

  test.each([
    ['without an end', {}, 'holds'],
    ['with two hours left', { expires: 120 * minute }, 'holds'],
    ['with ten minutes left', { expires: 10 * minute }, 'error'],
    ['with a clock that is right', { skew: 2000 }, 'holds'],
    ['with a clock two minutes off', { skew: -2 * minute }, 'warning'],
    ['with a clock six minutes off (catalogue A5)', { skew: 6 * minute }, 'error'],
  ])('%s', async (_title, facts, expected) => {
    expect((await asked(facts)).state).toBe(expected);
  });

  test('that end soon are enough for a plan', async () => {
    expect((await asked({ expires: 10 * minute }, 'plan')).state).toBe('holds');
  });

  test('say which way the clock is off', async () => {
    expect(said(await asked({ skew: 6 * minute }))).toEqual(['error: the clock of this machine is 360 s behind AWS']);
    expect(said(await asked({ skew: -6 * minute }))).toEqual([
      'error: the clock of this machine is 360 s ahead of AWS',
    ]);
  });
});

describe('quotas', () => {
  const size = { vcpus: 2, memory: 0 };
  const instanceTypes = async (types: readonly string[]) => Object.fromEntries(types.map((type) => [type, size]));
  const limits =
    (used: number, limit: number, addresses = { limit: 5, used: 0 }) =>
    async () => ({
      standardVcpus: { limit, used },
      elasticAddresses: addresses,
    });
  const running = (node: string, type: string) => ({ id: `i-${node}`, node, type, state: 'running' }) as AwsInstance;
  const all = Object.entries(awsConfig().nodes).map(([name, { type }]) => running(name, type));

  test('count what the service says of each type, never by hand (catalogue B7, B8)', async () => {
    const enough = await askCheck(quotas, { aws: never({ instanceTypes, quotas: limits(8, 16) }) });
    expect(enough.state).toBe('holds');
    const short = await askCheck(quotas, { aws: never({ instanceTypes, quotas: limits(9, 16) }) });
    expect(said(short)).toEqual(['error: 4 machines need 8 vCPUs; 9 of 16 are in use']);
    expect(short.findings[0]?.next[0]).toContain('--desired-value 17');
  });

  test('are not asked for when every machine runs', async () => {
    expect((await askCheck(quotas, { aws: account({ instances: async () => all }) })).state).toBe('holds');
  });

  test('ask only for the machines that are missing', async () => {
    const aws = account({ instances: async () => all.slice(1), instanceTypes, quotas: limits(6, 8) });
    expect((await askCheck(quotas, { aws })).state).toBe('holds');
  });

  test('name a type that the region does not have', async () => {
    const result = await askCheck(quotas, {
      aws: never({ instanceTypes: async () => ({ 't3.large': size }), quotas: limits(0, 99) }),
    });
    expect(said(result)).toEqual(['error: ap-northeast-2 has no instance type t3.medium']);
  });

  test('do not count our own Elastic IPs twice', async () => {
    const full = { instanceTypes, instances: async () => [], quotas: limits(0, 99, { limit: 5, used: 5 }) };
    const eip = { type: 'aws_eip', id: 'eipalloc-1', tags: {}, healthy: true };
    expect((await askCheck(quotas, { aws: account({ ...full, owned: async () => [eip] }) })).state).toBe('holds');
    expect(said(await askCheck(quotas, { aws: account({ ...full, owned: async () => [] }) }))).toEqual([
      'error: 1 Elastic IPs are needed; 5 of 5 are in use',
    ]);
  });
});

describe('names', () => {
  const role = { kind: 'role', name: `${id}-node` };

  test('that someone else took are errors (catalogue B10, B11)', async () => {
    const result = await askCheck(names, { aws: account({ existing: async () => [role], owned: async () => [] }) });
    expect(said(result)).toEqual([`error: the role ${id}-node exists and does not carry our tag`]);
  });

  test('are fine where the tag says that they are ours', async () => {
    const ours = { type: 'aws_iam_role', id: `${id}-node`, tags: {}, healthy: true };
    const aws = account({ existing: async () => [role], owned: async () => [ours] });
    expect((await askCheck(names, { aws })).state).toBe('holds');
  });

  test('cannot collide before the first build', async () => {
    expect((await askCheck(names, { aws: never({}) })).state).toBe('skipped');
  });
});

describe('key pair', () => {
  const key = async () => ({ publicKey: '', fingerprints: { imported: 'aaa', made: 'bb:bb' } });
  const asked = (fingerprint: string) =>
    askCheck(keyPair, { aws: account({ keyPair: async () => ({ fingerprint }) }), workplace: { key } });

  test.each([
    ['aaa=', 'holds'],
    ['bb:bb', 'holds'],
    ['ccc', 'error'],
  ])('with fingerprint %s: %s (catalogue A11-A13)', async (fingerprint, expected) => {
    expect((await asked(fingerprint)).state).toBe(expected);
  });
});

describe('hosted zone', () => {
  const zone = async () => ({ id: 'Z1', nameServers: ['ns-1.example.net', 'ns-2.example.net'] });
  const asked = (seen: readonly string[]) =>
    askCheck(hostedZone, { aws: { zone }, network: { nameServers: async () => seen } });

  test('holds where the internet asks its name servers', async () => {
    expect((await asked(['NS-1.example.net.'])).state).toBe('holds');
  });

  test('of a domain above serves, too', async () => {
    const asked: string[] = [];
    const nameServers = async (name: string) => {
      asked.push(name);
      return name === 'example.dev' ? ['ns-1.example.net'] : [];
    };
    const result = await askCheck(
      hostedZone,
      { aws: { zone }, network: { nameServers } },
      awsConfig({ domain: 'shop.eu.example.dev' }),
    );
    expect([result.state, asked]).toEqual(['holds', ['shop.eu.example.dev', 'eu.example.dev', 'example.dev']]);
  });

  test('names the servers to set where it is not delegated', async () => {
    const result = await asked(['ns.registrar.example']);
    expect(result.findings[0]?.next).toEqual([
      'set these name servers at the registrar: ns-1.example.net, ns-2.example.net',
    ]);
  });

  test('is an error where there is none, and no question without a domain', async () => {
    expect((await askCheck(hostedZone, { aws: { zone: async () => undefined } })).state).toBe('error');
    const { domain: _, ...bare } = awsConfig();
    expect((await askCheck(hostedZone, {}, bare)).state).toBe('skipped');
  });
});
