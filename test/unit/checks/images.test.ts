import { describe, expect, test } from 'vitest';
import { imageFindings, images, imagesIn } from '../../../src/checks/images.ts';
import { PlatformError } from '../../../src/errors.ts';
import type { ImageAnswer, KubernetesObject } from '../../../src/tools/ports.ts';
import { objectsOf } from '../../../src/tools/templates.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const config = awsConfig();
const bare = awsConfig({ addons: [] });

describe('the images of a build', () => {
  const object = (kind: string, spec: object): KubernetesObject => ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'one' },
    spec,
  });

  test("are kubeadm's own, from the registry that the pins name", () => {
    const { kubernetes } = config.versions;
    expect(new Set(imagesIn([], config).keys())).toEqual(
      new Set([
        ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'].map(
          (name) => `registry.k8s.io/${name}:v${kubernetes}`,
        ),
        ...['pause', 'etcd', 'coredns'].map((name) => config.versions.images[name]),
      ]),
    );
  });

  test('are those of pods, of custom resources, and of what controllers are told of', () => {
    const found = imagesIn(
      [
        object('Deployment', {
          template: {
            spec: {
              initContainers: [{ image: 'r.example/init:1' }],
              containers: [
                {
                  image: 'r.example/operator:1',
                  args: ['--config-reloader=r.example/reloader:2', '--image-pull-policy=Always', '--log=a/b:c'],
                },
              ],
            },
          },
        }),
        object('Prometheus', { image: 'r.example/prometheus:3' }),
        object('CustomResourceDefinition', { versions: [{ schema: { image: 'an image' }, example: { image: 'no' } }] }),
      ],
      config,
    );
    expect([...found].filter(([image]) => image.startsWith('r.example/'))).toEqual([
      ['r.example/init:1', 'always'],
      ['r.example/operator:1', 'always'],
      ['r.example/reloader:2', 'maybe'],
      ['r.example/prometheus:3', 'always'],
    ]);
    expect([...found.keys()]).not.toContain('no');
  });
});

describe('what registries answer', () => {
  const asked = new Map([
    ['r.example/a:1', 'always'],
    ['r.example/b:2', 'maybe'],
    ['s.example/c:3', 'always'],
  ] as const);
  const answer = (image: string, more: object): ImageAnswer =>
    ({ image, registry: image.split('/')[0], ...more }) as ImageAnswer;
  const found = (...answers: readonly ImageAnswer[]) =>
    imageFindings(answers, asked, config).map(({ level, message }) => `${level}: ${message}`);
  const gone = { is: 'missing', because: 'it has no such thing' };
  const dead = { is: 'unknown', because: 'getaddrinfo ENOTFOUND', unreachable: true };

  test.each<readonly [string, readonly ImageAnswer[], readonly string[]]>([
    ['all are there', [answer('r.example/a:1', { is: 'found' })], []],
    [
      'a tag was removed (catalogue D11)',
      [answer('r.example/a:1', gone)],
      ['error: r.example/a:1 cannot be pulled from r.example: it has no such thing'],
    ],
    [
      'one that may never be needed',
      [answer('r.example/b:2', gone)],
      ['warning: r.example/b:2 cannot be pulled from r.example: it has no such thing'],
    ],
    [
      'a registry that lets nobody in',
      [answer('r.example/a:1', { is: 'refused', because: 'it refuses an anonymous pull (401)' })],
      [
        'warning: r.example/a:1 may not be there: r.example: it refuses an anonymous pull (401), and the machines have no credentials either',
      ],
    ],
    [
      'one registry is down: its images are told together, and never as fine',
      [answer('r.example/a:1', dead), answer('r.example/b:2', dead), answer('s.example/c:3', { is: 'found' })],
      ['warning: 2 images could not be looked up at r.example: getaddrinfo ENOTFOUND'],
    ],
    [
      'no network: one warning for everything',
      [answer('r.example/a:1', dead), answer('r.example/b:2', dead), answer('s.example/c:3', dead)],
      [
        'warning: no registry can be reached from here, so 3 images were not looked up (r.example: getaddrinfo ENOTFOUND)',
      ],
    ],
    [
      'all asked too often',
      [answer('r.example/a:1', { is: 'unknown', because: 'it was asked too often (429)', unreachable: false })],
      ['warning: r.example/a:1 could not be looked up at r.example: it was asked too often (429)'],
    ],
  ])('%s', (_, answers, expected) => expect(found(...answers)).toEqual(expected));

  test('what to do names the mirror where there is one', () => {
    const mirrors = { mirrors: { registries: { 'r.example': 'https://m.example' } } };
    const [finding] = imageFindings([{ ...answer('r.example/a:1', gone), registry: 'm.example' }], asked, mirrors);
    expect(finding?.next[0]).toContain('put it into the mirror m.example');
  });
});

describe('the check', () => {
  const remembered: string[] = [];
  const world = (
    lookUp: (images: readonly string[]) => Promise<readonly ImageAnswer[]>,
    template = async () => '',
  ) => ({
    registries: { lookUp },
    helm: { template },
    downloads: { objects: async () => [] },
    templates: { text: async () => '', objects: async () => [], parse: objectsOf },
    workplace: { remember: async (digest: string) => void remembered.push(digest) },
  });
  const all = (more: object) => async (asked: readonly string[]) =>
    asked.map((image) => ({ image, registry: 'r.example', ...more }) as ImageAnswer);

  test('asks for every image of charts, manifests and templates', async () => {
    const asked: string[] = [];
    const lookUp = async (wanted: readonly string[]) => {
      asked.push(...wanted);
      return all({ is: 'found' })(wanted);
    };
    const chart = 'apiVersion: v1\nkind: Job\nmetadata: {name: a}\nspec: {image: r.example/job:1}\n';
    const manifest = { apiVersion: 'v1', kind: 'DaemonSet', metadata: { name: 'a' }, image: 'r.example/manifest:1' };
    const service = { apiVersion: 'v1', kind: 'StatefulSet', metadata: { name: 'a' }, image: 'r.example/template:1' };
    const fakes = world(lookUp, async () => chart);
    const result = await askCheck(images, {
      ...fakes,
      downloads: { objects: async () => [manifest] },
      templates: { ...fakes.templates, objects: async () => [service] },
    });
    expect(result.state).toBe('holds');
    expect(asked).toEqual(expect.arrayContaining(['r.example/job:1', 'r.example/manifest:1', 'r.example/template:1']));
    expect(new Set(asked).size).toBe(asked.length);
  });

  test('is asked again next time when nobody answered', async () => {
    remembered.length = 0;
    const unknown = { is: 'unknown', because: 'ENOTFOUND', unreachable: true };
    const result = await askCheck(images, world(all(unknown)), bare);
    expect(said(result)).toHaveLength(1);
    expect([result.state, remembered]).toEqual(['warning', []]);
    await askCheck(images, world(all({ is: 'found' })), bare);
    expect(remembered).toHaveLength(1);
  });

  test('does not call it complete when a chart could not be rendered', async () => {
    const broken = async () => Promise.reject(new PlatformError('UNREACHABLE', { message: 'no network' }));
    const result = await askCheck(images, world(all({ is: 'found' }), broken));
    expect(result).toMatchObject({ state: 'skipped', because: expect.stringContaining('the chart argo-cd') });
  });

  test('in the sandbox nothing is asked, and that is said', async () => {
    expect(
      await askCheck(images, { templates: { text: async () => '' } }, awsConfig({ target: 'sandbox' })),
    ).toMatchObject({
      state: 'skipped',
      because: 'not checked: simulated machines pull no image',
    });
  });
});
