import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeSupply } from '../../../../src/sandbox/supply/description.ts';
import { readStandIns, standInEnvironment } from '../../../../src/sandbox/supply/stand-ins.ts';
import { filesBelow } from '../../../../src/tools/folders.ts';
import { programRoot, smallSupply } from '../../../helpers/small-supply.ts';

interface Versions {
  readonly kubernetes: string;
  readonly images: Readonly<Record<string, string>>;
  readonly cni: {
    readonly flannel: { readonly version: string; readonly manifests: readonly { readonly url: string }[] };
  };
  readonly charts: Readonly<Record<string, { readonly appVersion: string }>>;
}
const versions = parse(readFileSync(join(programRoot, 'versions.yaml'), 'utf8')) as Versions;
const description = await describeSupply(programRoot, versions.kubernetes, 'x64');

test('the images are those that the pins of the product name', () => {
  const tag = `v${versions.kubernetes}`;
  expect(description.images.map(({ reference }) => reference)).toEqual(
    expect.arrayContaining([
      ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map(
        (name) => `registry.k8s.io/${name}:${tag}`,
      ),
      versions.images['etcd'],
      versions.images['coredns'],
      versions.images['pause'],
      `ghcr.io/flannel-io/flannel:${versions.cni.flannel.version}`,
      `registry.k8s.io/metrics-server/metrics-server:v${versions.charts['metrics-server']?.appVersion}`,
    ]),
  );
});

test('the manifests are those that the pins name', () => {
  expect(description.manifests.map(({ path }) => `https://${path}`)).toEqual(
    versions.cni.flannel.manifests.map(({ url }) => url),
  );
});

test('every layer and every program that is named is described', () => {
  const layers = new Set(description.images.flatMap(({ layers: names }) => names));
  expect([...layers].filter((name) => name !== 'debian' && !(name in description.layers))).toEqual([]);
  expect(Object.keys(description.layers).filter((name) => !layers.has(name))).toEqual([]);
  const programs = new Set(description.programs.map(({ name }) => name));
  const wanted = Object.values(description.layers).flatMap(({ programs: files = {} }) => Object.values(files));
  expect(wanted.filter((name) => !programs.has(name))).toEqual([]);
});

test('another Kubernetes is refused before anything is built', async () => {
  await expect(describeSupply(programRoot, '1.35.4', 'x64')).rejects.toMatchObject({ code: 'SANDBOX_FAILED' });
});

describe('the key', () => {
  const keys = async (program: string) => {
    const described = await describeSupply(program, versions.kubernetes, 'x64');
    const keyOf = (name: string) => described.keyOf(described.programs.find((item) => item.name === name)!);
    return { whole: described.key, kubelet: keyOf('kubelet'), pause: keyOf('pause'), flannel: keyOf('flannel') };
  };

  test.each([
    ['pause/main.go', { whole: true, kubelet: false, pause: true, flannel: false }],
    ['go.sum', { whole: true, kubelet: true, pause: true, flannel: true }],
    ['flannel-cni-plugin/go.mod', { whole: true, kubelet: false, pause: false, flannel: true }],
    ['kubelet/kubelet.service', { whole: true, kubelet: false, pause: false, flannel: false }],
    ['stand-ins.json', { whole: false, kubelet: false, pause: false, flannel: false }],
  ])('%s', async (file, changes) => {
    const { program } = smallSupply();
    const before = await keys(program);
    appendFileSync(join(program, 'sandbox/supply', file), '\n');
    const after = await keys(program);
    const changed = Object.entries(before).map(([name, key]) => [name, key !== after[name as keyof typeof after]]);
    expect(Object.fromEntries(changed)).toEqual(changes);
  });

  test('of another machine differs', async () => {
    const other = await describeSupply(programRoot, versions.kubernetes, 'arm64');
    expect(other.architecture).toBe('arm64');
    expect(other.key).not.toBe(description.key);
  });

  test('of a program changes with its variables', async () => {
    const { program } = smallSupply();
    const before = await keys(program);
    const file = join(program, 'sandbox/supply/supply.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('"name": "pause",', '"name": "pause", "variables": {"a.b": "c"},'),
    );
    expect((await keys(program)).pause).not.toBe(before.pause);
  });
});

describe('stand-ins', () => {
  test('have an entry for every image that the charts, manifests and pins name and that is not built', async () => {
    const table = await readStandIns(programRoot);
    const folders = ['sandbox/charts', 'sandbox/manifests'];
    const named = new Set(
      Object.values(versions.images).map((reference) => reference.slice(0, reference.lastIndexOf(':'))),
    );
    for (const folder of folders) {
      for (const path of await filesBelow(join(programRoot, folder))) {
        const text = readFileSync(join(programRoot, folder, path), 'utf8');
        for (const [, repository = ''] of text.matchAll(/\b((?:[a-z0-9-]+\.)+[a-z]+(?:\/[a-z0-9-]+)+):v?(?:\d|\{)/g))
          named.add(repository);
        for (const [, repository = ''] of text.matchAll(/repository: ((?:[a-z0-9-]+\.)+[a-z]+\/\S+)$/gm))
          named.add(repository);
      }
    }
    const built = description.images.map(({ reference }) => reference.slice(0, reference.lastIndexOf(':')));
    expect(named.size).toBeGreaterThan(20);
    expect([...named].filter((repository) => !(repository in table) && !built.includes(repository))).toEqual([]);
  });

  test('are found by their path when nobody says which registry is meant', () => {
    const table = { 'docker.io/library/redis': { ports: [6379] }, '*': { ports: [80, 443] } };
    const portsOf = (repository: string) => standInEnvironment(table, repository)['STAND_IN_PORTS'];
    expect(['docker.io/library/redis', 'library/redis', 'quay.io/library/redis', 'a/b'].map(portsOf)).toEqual([
      '6379',
      '6379',
      '80,443',
      '80,443',
    ]);
  });
});
