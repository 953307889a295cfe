import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readVersions } from '../../src/config/versions.ts';
import { objectsOf, placeholdersOf, render } from '../../src/tools/templates.ts';
import { documentsOf, sampleOf, sampleValues, templateFiles, templateText } from '../helpers/template-files.ts';
import type { Yaml } from '../helpers/template-files.ts';

const readme = readFileSync('templates/README.md', 'utf8');
const { versions, problems } = readVersions('versions.yaml', readFileSync('versions.yaml', 'utf8'));
const add = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, name]) => name ?? '').sort();

describe('templates/README.md', () => {
  test('lists every placeholder that a template uses, and no other', () => {
    const used = new Set(templateFiles.flatMap((file) => placeholdersOf(templateText(file), file)));
    expect(add(readme, /^\| `\$\{([a-z_]+)\}` \|/gm)).toEqual([...used].sort());
    expect(Object.keys(sampleValues).sort()).toEqual([...used].sort());
  });

  test('lists every template, and no other', () => {
    expect(add(readme, /^\| `([a-z-]+\/[a-z0-9-]+\.yaml)` \|/gm)).toEqual(templateFiles);
  });
});

describe.each(templateFiles)('%s', (file) => {
  const documents = documentsOf(sampleOf(file));

  test('renders to YAML without a placeholder left', () => {
    expect(documents.length).toBeGreaterThan(0);
    expect(JSON.stringify(documents)).not.toContain('${');
  });

  test('holds no secret', () => {
    expect(documents.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    expect(JSON.stringify(documents).toLowerCase()).not.toMatch(/"[a-z]*(password|token)"\s*:\s*"[^"]/);
  });
});

/** The value at a path of keys and positions. */
function at(document: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], document);
}

function only(file: string, kind?: string): Yaml {
  const found = documentsOf(sampleOf(file)).filter((document) => kind === undefined || document['kind'] === kind);
  expect(found).toHaveLength(1);
  return found[0] as Yaml;
}

describe('ownership', () => {
  const objects = templateFiles.filter((file) => !file.endsWith('/values.yaml') && !file.startsWith('cert-manager/'));

  test.each(objects)('%s: every object says whose it is', (file) => {
    const owners = objectsOf(sampleOf(file), file).map(({ metadata }) => metadata.labels);
    const expected = { 'app.kubernetes.io/managed-by': 'platform', 'platform/cluster': sampleValues['cluster_id'] };
    expect(owners.length).toBeGreaterThan(0);
    expect(owners).toEqual(owners.map(() => expect.objectContaining(expected)));
  });
});

describe('twins', () => {
  test.each([
    ['rabbitmq/cluster.yaml', 'rabbitmq/cluster-on-storage.yaml', ['spec', 'affinity']],
    ['redis/redis.yaml', 'redis/redis-on-storage.yaml', ['spec', 'template', 'spec', 'affinity']],
  ])('%s and %s differ in the affinity and nothing else', (plain, pinned, path) => {
    const expected = documentsOf(sampleOf(plain));
    const actual = documentsOf(sampleOf(pinned));
    const holder = actual
      .map((document) => at(document, ...path.slice(0, -1)))
      .find((value) => value !== undefined && Object.hasOwn(value as object, 'affinity'));
    expect(at(holder, 'affinity', 'nodeAffinity')).toBeDefined();
    delete (holder as { affinity?: unknown }).affinity;
    expect(actual).toEqual(expected);
  });

  test.each(['argocd', 'monitoring'])(
    'ingress/%s and its twin differ in listener, certificate and host only',
    (name) => {
      const plain = only(`ingress/${name}.yaml`);
      const secure = only(`ingress/${name}-with-certificate.yaml`);
      const annotations = (document: Yaml) => at(document, 'metadata', 'annotations') as Record<string, string>;
      const differing = Object.keys(annotations(secure)).filter(
        (key) => annotations(secure)[key] !== annotations(plain)[key],
      );
      expect(differing.map((key) => key.replace('alb.ingress.kubernetes.io/', '')).sort()).toEqual([
        'certificate-arn',
        'listen-ports',
        'ssl-policy',
        'ssl-redirect',
      ]);
      expect(at(secure, 'spec', 'rules', 0, 'http')).toEqual(at(plain, 'spec', 'rules', 0, 'http'));
    },
  );
});

describe('what went wrong once', () => {
  test('C21: a volume is made where its pod runs, and the class is the default', () => {
    expect(only('storage-class/gp3.yaml')).toMatchObject({
      provisioner: 'ebs.csi.aws.com',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
      parameters: { type: 'gp3', encrypted: 'true' },
      metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    });
  });

  test('F3, F4: targets are instances, and what they reach is a node port', () => {
    for (const file of templateFiles.filter(
      (name) => name.startsWith('ingress/') && !name.endsWith('ingress-class.yaml'),
    )) {
      expect(at(only(file), 'metadata', 'annotations', 'alb.ingress.kubernetes.io/target-type')).toBe('instance');
      expect(at(only(file), 'spec', 'ingressClassName')).toBe('alb');
    }
    expect(at(only('argocd/values.yaml'), 'server', 'service', 'type')).toBe('NodePort');
    expect(at(only('monitoring/values.yaml'), 'grafana', 'service', 'type')).toBe('NodePort');
    expect(at(only('ingress/ingress-class.yaml', 'IngressClassParams'), 'spec', 'targetType')).toBe('instance');
  });

  test('F6: Argo CD does not redirect to HTTPS behind a load balancer that already did', () => {
    expect(at(only('argocd/values.yaml'), 'configs', 'params', 'server.insecure')).toBe(true);
  });

  test('F13: a load balancer controller that is down keeps no Service from being made', () => {
    expect(at(only('alb-controller/values.yaml'), 'serviceMutatorWebhookConfig', 'failurePolicy')).toBe('Ignore');
  });

  test('D21, D25: Redis may write to its folder, and the folder is a volume', () => {
    const set = only('redis/redis.yaml', 'StatefulSet');
    expect(at(set, 'spec', 'template', 'spec', 'securityContext', 'fsGroup')).toBe(1000);
    expect(at(set, 'spec', 'volumeClaimTemplates', 0, 'spec', 'storageClassName')).toBe('gp3');
  });

  test('Redis is never allowed more memory than its container has', () => {
    const container = at(only('redis/redis.yaml', 'StatefulSet'), 'spec', 'template', 'spec', 'containers', 0);
    const args = at(container, 'args') as string[];
    const maximum = Number.parseInt(args[args.indexOf('--maxmemory') + 1] ?? '', 10);
    const limit = Number.parseInt(String(at(container, 'resources', 'limits', 'memory')), 10);
    expect(maximum).toBeGreaterThan(0);
    expect(maximum).toBeLessThanOrEqual(limit * 0.7);
  });

  test('tags at birth: the cluster owns what both drivers make, and no reserved key is set', () => {
    const id = sampleValues['cluster_id'];
    const controller = only('alb-controller/values.yaml');
    expect(controller).toMatchObject({
      clusterName: id,
      defaultTags: { 'platform/cluster': id, 'platform/environment': 'dev', [`kubernetes.io/cluster/${id}`]: 'owned' },
    });
    const driver = at(only('ebs-csi/values.yaml'), 'controller');
    expect(driver).toMatchObject({
      k8sTagClusterId: id,
      extraVolumeTags: { 'platform/cluster': id, 'platform/environment': 'dev' },
    });
    expect(
      Object.keys(at(driver, 'extraVolumeTags') as object).filter((key) => key.startsWith('kubernetes.io/')),
    ).toEqual([]);
  });
});

describe('versions.yaml', () => {
  const manifests = [
    ...Object.values(versions?.cni ?? {}).flatMap(({ manifests: pins }) => pins),
    ...Object.values(versions?.manifests ?? {}).flatMap(({ files }) => files),
  ];
  const path = (url: string): string => `sandbox/manifests/${url.replace('https://', '')}`;

  test('is valid', () => {
    expect(problems).toEqual([]);
  });

  test('has values for every chart that it pins, and the sample images are its images', () => {
    for (const addon of Object.keys(versions?.charts ?? {})) expect(templateFiles).toContain(`${addon}/values.yaml`);
    expect(versions?.images).toMatchObject({
      'rabbitmq-operator': sampleValues['rabbitmq_operator_image'],
      rabbitmq: sampleValues['rabbitmq_image'],
      redis: sampleValues['redis_image'],
    });
  });

  test('pins nothing that floats', () => {
    for (const image of Object.values(versions?.images ?? {})) expect(image).toMatch(/^[^:]+\/[^:]+:[^:]*\d[^:]*$/);
    for (const { url } of manifests) expect(url).toMatch(/\/v\d+\.\d+\.\d+\//);
  });

  test('has a stand-in for every manifest, with the checksum that sandbox/manifests/versions.yaml says', () => {
    const file = 'sandbox/manifests/versions.yaml';
    const pin = ({ url }: { url: string }) => ({
      url,
      sha256: existsSync(path(url))
        ? createHash('sha256')
            .update(readFileSync(path(url)))
            .digest('hex')
        : `no file ${path(url)}`,
    });
    const expected = {
      cni: Object.fromEntries(
        Object.entries(versions?.cni ?? {}).map(([name, { manifests: pins }]) => [name, { manifests: pins.map(pin) }]),
      ),
      manifests: Object.fromEntries(
        Object.entries(versions?.manifests ?? {}).map(([name, { files }]) => [name, { files: files.map(pin) }]),
      ),
    };
    const actual: unknown = parse(readFileSync(file, 'utf8'));
    expect(isDeepStrictEqual(actual, expected), `${file} should read:\n${stringify(expected, { lineWidth: 0 })}`).toBe(
      true,
    );
  });

  test('has stand-ins that are Kubernetes objects', () => {
    const counts = manifests.map(({ url }) => objectsOf(readFileSync(path(url), 'utf8'), url).length);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  test('has what the Calico operator would make, for whoever plays it', () => {
    const folder = 'sandbox/manifests/effects';
    const installation = render(
      readFileSync(`${folder}/calico-installation.yaml`, 'utf8'),
      { pod_cidr: '192.168.0.0/16' },
      'calico-installation.yaml',
    );
    expect(objectsOf(installation, 'calico-installation.yaml')).toMatchObject([
      {
        kind: 'Installation',
        metadata: { name: 'default' },
        spec: { calicoNetwork: { ipPools: [{ cidr: '192.168.0.0/16', encapsulation: 'VXLAN' }] } },
      },
    ]);
    const effects = objectsOf(readFileSync(`${folder}/calico.yaml`, 'utf8'), 'calico.yaml');
    expect(effects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual(
      expect.arrayContaining(['DaemonSet/calico-node', 'Deployment/calico-kube-controllers', 'TigeraStatus/calico']),
    );
  });
});
