import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { documentsOf, sampleOf } from '../helpers/template-files.ts';
import type { Yaml } from '../helpers/template-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { helmProgram } from '../helpers/tool-caches.ts';

interface Pin {
  readonly chart: string;
  readonly version: string;
  readonly appVersion: string;
}

const { charts: pins } = parse(readFileSync('versions.yaml', 'utf8')) as { charts: Readonly<Record<string, Pin>> };
const reason = helmProgram === undefined ? 'skipped: no helm in the cache; npm run setup puts it there' : '';

interface HelmRun {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Helm with a home of its own, so that no repository or plugin of this machine is seen. */
async function helm(...args: string[]): Promise<HelmRun> {
  const home = temporaryFolder();
  const env = {
    HOME: home,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: join(home, 'none'),
  };
  try {
    return { ok: true, ...(await promisify(execFile)(helmProgram ?? '', args, { env, maxBuffer: 64 * 1024 * 1024 })) };
  } catch (error) {
    const { stdout = '', stderr = String(error) } = error as Partial<HelmRun>;
    return { ok: false, stdout, stderr };
  }
}

function valuesFile(text: string): string {
  const file = join(temporaryFolder(), 'values.yaml');
  writeFileSync(file, text);
  return file;
}

/** Release, namespace, and the objects that steps, probes and teardown look for by name. */
const releases: Readonly<Record<string, { release: string; namespace: string; objects: readonly string[] }>> = {
  'ebs-csi': {
    release: 'aws-ebs-csi-driver',
    namespace: 'kube-system',
    objects: [
      'Deployment/ebs-csi-controller',
      'DaemonSet/ebs-csi-node',
      'CSIDriver/ebs.csi.aws.com',
      'ServiceAccount/ebs-csi-controller-sa',
    ],
  },
  'cert-manager': {
    release: 'cert-manager',
    namespace: 'cert-manager',
    objects: [
      'Deployment/cert-manager',
      'Deployment/cert-manager-webhook',
      'Deployment/cert-manager-cainjector',
      'Service/cert-manager-webhook',
      'ValidatingWebhookConfiguration/cert-manager-webhook',
      'CustomResourceDefinition/certificates.cert-manager.io',
    ],
  },
  'alb-controller': {
    release: 'aws-load-balancer-controller',
    namespace: 'kube-system',
    objects: [
      'Deployment/aws-load-balancer-controller',
      'Service/aws-load-balancer-webhook-service',
      'Secret/aws-load-balancer-tls',
      'MutatingWebhookConfiguration/aws-load-balancer-webhook',
      'CustomResourceDefinition/targetgroupbindings.elbv2.k8s.aws',
      'CustomResourceDefinition/ingressclassparams.elbv2.k8s.aws',
    ],
  },
  'metrics-server': {
    release: 'metrics-server',
    namespace: 'kube-system',
    objects: [
      'Deployment/metrics-server',
      'CustomResourceDefinition/nodes.metrics.k8s.io',
      'CustomResourceDefinition/pods.metrics.k8s.io',
    ],
  },
  monitoring: {
    release: 'prometheus',
    namespace: 'monitoring',
    objects: [
      'Deployment/prometheus-kube-prometheus-operator',
      'Deployment/prometheus-grafana',
      'Service/prometheus-grafana',
      'Secret/prometheus-grafana',
      'Prometheus/prometheus-kube-prometheus-prometheus',
      'StatefulSet/prometheus-prometheus-kube-prometheus-prometheus',
      'StatefulSet/alertmanager-prometheus-kube-prometheus-alertmanager',
      'DaemonSet/prometheus-prometheus-node-exporter',
      'CustomResourceDefinition/prometheuses.monitoring.coreos.com',
      'CustomResourceDefinition/servicemonitors.monitoring.coreos.com',
    ],
  },
  argocd: {
    release: 'argocd',
    namespace: 'argocd',
    objects: [
      'Deployment/argocd-server',
      'Deployment/argocd-repo-server',
      'StatefulSet/argocd-application-controller',
      'Service/argocd-server',
      'Job/argocd-redis-secret-init',
      'CustomResourceDefinition/applications.argoproj.io',
    ],
  },
};

/** Maps whose keys are the user's own: no schema can know them. */
const freeMaps = new Set(['extraVolumeTags', 'defaultTags', 'params']);

/** The values with every innermost key misspelt, and the misspelt keys. */
function misspell(values: unknown): { values: unknown; keys: readonly string[] } {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return { values, keys: [] };
  const keys: string[] = [];
  const entries = Object.entries(values as Yaml).map(([key, value]) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (freeMaps.has(key)) return [key, value];
    if (!isMap) {
      keys.push(`${key}Typo`);
      return [`${key}Typo`, value];
    }
    const inner = misspell(value);
    keys.push(...inner.keys);
    return [key, inner.values];
  });
  return { values: Object.fromEntries(entries) as unknown, keys };
}

test('every pinned chart has its stand-in in this table', () => {
  expect(Object.keys(releases).sort()).toEqual(Object.keys(pins).sort());
});

describe.each(Object.entries(releases))('stand-in of %s', (addon, { release, namespace, objects }) => {
  const pin = pins[addon];
  const chart = join('sandbox/charts', pin?.chart ?? '');

  test('has the name and versions of its pin', () => {
    expect(parse(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))).toMatchObject({
      name: pin?.chart,
      version: pin?.version,
      appVersion: pin?.appVersion,
    });
  });

  describe.skipIf(reason !== '')(`with Helm ${reason}`, () => {
    const template = (values: string) =>
      helm(
        'template',
        release,
        chart,
        '--namespace',
        namespace,
        '--include-crds',
        '--kube-version',
        '1.36.3',
        '--values',
        valuesFile(values),
      );

    test('has nothing that lint complains of', async () => {
      const { ok, stdout } = await helm('lint', chart, '--values', valuesFile(sampleOf(`${addon}/values.yaml`)));
      const complaints = stdout.split('\n').filter((line) => /^\[(WARNING|ERROR|INFO)\]/.test(line));
      // cert-manager publishes its chart with the v: the pin must carry it, and so must the stand-in.
      expect(complaints.filter((line) => !line.includes("version 'v1.21.2' is not a valid SemVerV2"))).toEqual([]);
      expect(ok).toBe(true);
    });

    test('takes our values and renders what steps and probes look for', async () => {
      const { ok, stdout, stderr } = await template(sampleOf(`${addon}/values.yaml`));
      expect(stderr).toBe('');
      expect(ok).toBe(true);
      const rendered = documentsOf(stdout)
        .filter((document) => document !== null)
        .map(({ kind, metadata }) => `${String(kind)}/${(metadata as { name: string }).name}`);
      expect(rendered).toEqual(expect.arrayContaining([...objects]));
      expect(rendered.filter((name, index) => rendered.indexOf(name) !== index)).toEqual([]);
    });

    test('refuses every key of our values when it is misspelt', async () => {
      const { values, keys } = misspell(parse(sampleOf(`${addon}/values.yaml`)));
      const { ok, stderr } = await template(stringify(values));
      expect(ok).toBe(false);
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.filter((key) => !stderr.includes(`'${key}'`))).toEqual([]);
    });
  });
});

describe.skipIf(reason !== '')(`stand-in of the EBS driver ${reason}`, () => {
  test('refuses a tag that the real driver refuses', async () => {
    const values = sampleOf('ebs-csi/values.yaml').replace(
      'platform/environment: dev',
      'kubernetes.io/cluster/x: owned',
    );
    const { ok, stderr } = await helm(
      'template',
      'x',
      'sandbox/charts/aws-ebs-csi-driver',
      '--values',
      valuesFile(values),
    );
    expect(ok).toBe(false);
    expect(stderr).toContain('kubernetes.io/ is reserved');
  });
});
