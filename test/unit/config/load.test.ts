import { describe, expect, it } from 'vitest';
import { exitCodeOf, isPlatformError } from '../../../src/errors.ts';
import { exampleText, load, versionsText } from '../../helpers/configuration.ts';

const minimal = `apiVersion: platform/v1
name: shop
region: eu-west-1
kubernetes: "1.36"
access: { sshKey: ~/.ssh/shop, allow: [203.0.113.0/24] }
nodes:
  master: { role: control-plane, type: t3.large, disk: 40 }
  worker: { role: worker, type: t3.large, disk: 40 }
`;

/** The message of the refusal, as a person sees it. */
function refusal(text: string, environment?: string, versions?: string): string {
  try {
    load(text, environment, versions);
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    expect(exitCodeOf(error)).toBe(3);
    return error.message;
  }
  throw new Error('it was accepted');
}

describe('a good configuration', () => {
  it('gets its defaults, absolute paths and the pins', () => {
    const { config } = load(minimal);
    expect(config).toMatchObject({
      environment: 'default',
      target: 'aws',
      network: { vpc: '10.0.0.0/16', cni: 'calico' },
      access: { sshUser: 'ubuntu', sshKey: '/home/me/.ssh/shop', api: 'direct' },
      state: { kind: 's3' },
      stateFolder: '/project/.platform/default',
    });
    expect(config.domain).toBeUndefined();
    expect(config.nodes['worker']).toEqual({
      role: 'worker',
      type: 't3.large',
      disk: 40,
      eip: false,
      labels: {},
      taints: [],
    });
    expect(config.versions.kubernetes).toMatch(/^1\.36\./);
  });

  it('tells where each value was written: override, file, or default', () => {
    const text = `${minimal}environments:\n  prod: { protected: true, nodes: { worker: { disk: 80 } } }\n  dev: {}\n`;
    const { origins, config } = load(text, 'prod');
    const origin = (path: string) => origins.find((one) => one.path === path)?.origin;
    expect(config.nodes['worker']?.disk).toBe(80);
    expect(config.nodes['worker']?.type).toBe('t3.large');
    expect(origin('protected')).toBe('platform.yaml:10:11');
    expect(origin('nodes.worker.disk')).toBe('platform.yaml:10:47');
    expect(origin('nodes.worker.type')).toBe('platform.yaml:8:27');
    expect(origin('network.vpc')).toBe('default');
  });

  it('null in an environment removes a key', () => {
    const text = `${minimal}  extra: { role: worker, type: t3.small, disk: 20 }\nenvironments:\n  dev: { nodes: { extra: null } }\n  prod: {}\n`;
    expect(Object.keys(load(text, 'dev').config.nodes)).toEqual(['master', 'worker']);
    expect(Object.keys(load(text, 'prod').config.nodes)).toEqual(['master', 'worker', 'extra']);
  });

  it('an environment that nobody named needs a name or a default', () => {
    const text = `${minimal}environments: { dev: {}, prod: {} }\n`;
    expect(() => load(text)).toThrow(/dev, prod and no defaultEnvironment/);
    expect(load(`${text}defaultEnvironment: dev\n`).config.environment).toBe('dev');
    expect(refusal(text, 'prd')).toContain('did you mean prod?');
  });

  it('the example of this repository is one', () => {
    expect(load(exampleText, 'sandbox').config.target).toBe('sandbox');
  });
});

describe('a broken configuration', () => {
  it('lists every problem at once, in file order, with position and suggestion', async () => {
    const text = `apiVersion: platform/v1
name: Shop_
region: eu-west-1
kubernetes: 1.30
acess: {}
network: { vpc: 10.0.0.0/8, cni: calcio }
access: { sshKey: x, allow: [] }
nodes:
  m: { role: control-plane, type: t3.large, disk: 8, ipe: true }
  w: { role: wroker, type: t3 }
addons: [redis, argcd]
environments:
  dev: { nodes: { x: { rol: worker } } }
  prod: {}
`;
    await expect(`${refusal(text, 'dev')}\n`).toMatchFileSnapshot('../../golden/config/many-problems.txt');
  });

  it.each([
    [
      'a duplicate key',
      minimal.replace('region: eu-west-1', 'region: eu-west-1\nregion: eu-west-2'),
      'platform.yaml:4:1: the key region stands here twice',
    ],
    ['a tab', minimal.replace('  worker:', '\tworker:'), 'platform.yaml:8:1'],
    ['an unclosed list', `${minimal}addons: [redis\n`, 'platform.yaml:'],
    [
      'overlapping ranges',
      `${minimal}network: { vpc: 10.0.0.0/8, services: 10.96.0.0/12 }\n`,
      'network.services: 10.96.0.0/12 overlaps with network.vpc (10.0.0.0/8)',
    ],
    [
      'a range that is none',
      `${minimal}network: { pods: 300.0.0.0/16 }\n`,
      'network.pods: 300.0.0.0/16 is not an IPv4 range',
    ],
    [
      'a reserved label',
      minimal.replace('disk: 40 }\n  worker', 'disk: 40, labels: { node-role.kubernetes.io/x: "1" } }\n  worker'),
      'reserved for Kubernetes',
    ],
    [
      'two control planes',
      minimal.replace('role: worker', 'role: control-plane'),
      '2 control planes cannot keep a quorum better than 1',
    ],
    ['no control plane', minimal.replace('role: control-plane', 'role: worker'), 'no node has role: control-plane'],
    ['no worker', minimal.replace(/ {2}worker:.*\n/, ''), 'no node has role: worker'],
    [
      'an add-on without what it stands on',
      `${minimal}addons: [redis]\n`,
      'redis needs ebs-csi for its volumes (add ebs-csi to addons)',
    ],
    ['an add-on twice', `${minimal}addons: [ebs-csi, redis, redis]\n`, 'redis stands in the list twice'],
    ['another Kubernetes than the pin', minimal.replace('"1.36"', '"1.35"'), 'versions.yaml pins Kubernetes 1.36'],
    ['a version as a number', minimal.replace('"1.36"', '1.36'), 'write it in quotes'],
    ['an unknown API version', minimal.replace('platform/v1', 'platform/v2'), 'must be platform/v1'],
    [
      'an alias bomb',
      `${minimal}x: &a [1,1]\ny: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nz: [*b,*b,*b,*b,*b,*b,*b,*b]\n`,
      'platform.yaml:',
    ],
    ['an empty file', '', 'apiVersion'],
    ['a list instead of a map', '- a\n', 'platform.yaml:'],
  ])('%s', (_name, text, expected) => {
    expect(refusal(text)).toContain(expected);
  });

  it('problems of versions.yaml are told with it', () => {
    const broken = versionsText.replace(/sha256: [0-9a-f]{64}/, 'sha256: nonsense');
    expect(refusal(minimal.replace('name: shop', 'name: Shop'), undefined, broken)).toMatch(
      /name: .*\n.*versions\.yaml:\d+:\d+: .*SHA-256/,
    );
  });

  it('a problem in the base is told once, however many environments share it', () => {
    const text = `${minimal.replace('disk: 40', 'disk: 4')}environments: { a: {}, b: {}, c: {} }\ndefaultEnvironment: a\n`;
    expect(refusal(text)).toMatch(/^1 problem\n/);
  });
});
