import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listOf, textOf } from '../../src/sandbox/controllers/shared/fields.ts';
import { calicoAvailable } from '../../src/steps/probes/calico.ts';
import {
  apiAvailable,
  certManagerAnswers,
  crdEstablished,
  driverOnEveryNode,
} from '../../src/steps/probes/extensions.ts';
import { hostnameGiven, targetsHealthy } from '../../src/steps/probes/load-balancer.ts';
import { rabbitmqReady } from '../../src/steps/probes/rabbitmq.ts';
import { rolledOut } from '../../src/steps/probes/workloads.ts';
import { nodesProblem } from '../../src/steps/probes/nodes.ts';
import type { PlatformProbe, ReadContext } from '../../src/steps/kit.ts';
import type { KubernetesObject } from '../../src/tools/ports.ts';
import { systemClock } from '../../src/tools/clock.ts';
import { objectsOf, templatesIn } from '../../src/tools/templates.ts';
import { clusterId, makeControllersWorld, missing, nodeNames } from '../helpers/controllers-world.ts';
import type { ControllersWorld } from '../helpers/controllers-world.ts';
import { sampleOf, sampleValues, templateText } from '../helpers/template-files.ts';
import { placeholdersOf, render } from '../../src/tools/templates.ts';
import { plainFiles } from '../helpers/control-plane.ts';
import { until } from '../helpers/until.ts';

const releases = [
  ['ebs-csi', 'aws-ebs-csi-driver', 'kube-system', 'aws-ebs-csi-driver'],
  ['cert-manager', 'cert-manager', 'cert-manager', 'cert-manager'],
  ['alb-controller', 'aws-load-balancer-controller', 'kube-system', 'aws-load-balancer-controller'],
  ['metrics-server', 'metrics-server', 'kube-system', 'metrics-server'],
  ['monitoring', 'prometheus', 'monitoring', 'kube-prometheus-stack'],
  ['argocd', 'argocd', 'argocd', 'argo-cd'],
] as const;

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

const manifests = (part: string): readonly KubernetesObject[] =>
  filesBelow('sandbox/manifests/raw.githubusercontent.com')
    .filter((path) => path.includes(part))
    // Namespaces and definitions before what is in them.
    .sort((a, b) => Number(/namespace|crd/.test(b)) - Number(/namespace|crd/.test(a)))
    .flatMap((path) => parseAllDocuments(readFileSync(path, 'utf8')).map((one) => one.toJS() as KubernetesObject));

describe.skipIf(missing !== '')(
  `stand-in controllers ${missing === '' ? '' : `skipped: ${missing}; npm run setup`}`,
  () => {
    let world: ControllersWorld;
    let context: ReadContext;
    const seconds: Record<string, number> = {};

    const ready = async (probe: PlatformProbe<unknown>, within = 60_000): Promise<string> => {
      const since = systemClock.monotonic();
      let last = '';
      const answer = await until(
        probe.name,
        async () => {
          const result = await probe.test(context, undefined);
          last = result.because ?? '';
          if (result.is === 'failed') throw new Error(`${probe.name}: ${last}`);
          return result.is === 'ready' && (result.because ?? 'ready');
        },
        within,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}: ${last}\n${world.log()}`);
      });
      seconds[probe.name] = (systemClock.monotonic() - since) / 1000;
      return answer;
    };
    const values = (file: string): string => {
      const given = { ...sampleValues, vpc_id: world.vpc };
      const names = placeholdersOf(templateText(file), file);
      return render(
        templateText(file),
        Object.fromEntries(names.map((name) => [name, given[name as keyof typeof given] ?? ''])),
        file,
      );
    };
    const applyTemplate = async (file: string): Promise<readonly KubernetesObject[]> => {
      const objects = objectsOf(sampleOf(file), file);
      for (const object of objects)
        await until(`${file} is accepted`, () => world.cluster.apply(object).catch(() => false as const));
      return objects;
    };
    const inVpc = async (action: string, list: string): Promise<readonly unknown[]> =>
      listOf(await world.wire.ec2(action, { Filter: [{ Name: 'vpc-id', Value: [world.vpc] }] }), list);
    const created: KubernetesObject[] = [];

    beforeAll(async () => {
      world = await makeControllersWorld();
      context = {
        config: {
          addons: ['argocd', 'monitoring'],
          nodes: Object.fromEntries(nodeNames.map((name) => [name, {}])),
          versions: { kubernetes: '1.36.3' },
        },
        cluster: () => Promise.resolve(world.cluster),
        aws: world.aws,
        templates: templatesIn('templates', plainFiles),
        signal: new AbortController().signal,
      } as unknown as ReadContext;
    });
    afterAll(async () => {
      if (process.env['PLATFORM_TEST_SHOW'] !== undefined)
        process.stderr.write(`${world.log()}\n${JSON.stringify(seconds, undefined, 1)}\n`);
      await world?.close();
    });

    test('Calico: the operator makes its objects, nodes get a network, TigeraStatus follows', async () => {
      for (const object of manifests('calico'))
        await until('applied', () => world.cluster.apply(object).catch(() => false as const));
      const text = render(
        readFileSync('sandbox/manifests/effects/calico-installation.yaml', 'utf8'),
        { pod_cidr: '192.168.0.0/16' },
        'x',
      );
      for (const object of objectsOf(text, 'x')) await world.cluster.apply(object);
      await ready(calicoAvailable);
      const expected = nodeNames.map((name, index) => ({
        name,
        providerId: `aws:///ap-northeast-2${'ab'[index % 2]}/${world.instances[index]}`,
      }));
      expect(
        await until(
          'nodes are ready',
          async () => (await nodesProblem(context.config, expected, world.cluster)) === undefined,
        ),
      ).toBe(true);
    });

    test("every add-on becomes ready by the product's own probes", async () => {
      const install = async ([id, release, namespace, chart]: (typeof releases)[number]): Promise<void> =>
        world.helm(
          'upgrade',
          '--install',
          release,
          `sandbox/charts/${chart}`,
          '--namespace',
          namespace,
          '--create-namespace',
          '-f',
          world.valuesFile(id, values(`${id}/values.yaml`)),
        );
      await Promise.all(releases.slice(0, 4).map(install));
      await Promise.all([
        ready(driverOnEveryNode('ebs.csi.aws.com')),
        ready(certManagerAnswers),
        ready(apiAvailable('v1beta1.metrics.k8s.io')),
      ]);
      await ready(crdEstablished('targetgroupbindings.elbv2.k8s.aws'));
      await applyTemplate('storage-class/gp3.yaml');
      await Promise.all(releases.slice(4).map(install));
      await Promise.all([
        ready(
          rolledOut({
            kind: 'StatefulSet',
            namespace: 'monitoring',
            name: 'prometheus-prometheus-kube-prometheus-prometheus',
          }),
        ),
        ready(rolledOut({ kind: 'Deployment', namespace: 'monitoring', name: 'prometheus-grafana' })),
        ready(rolledOut({ kind: 'Deployment', namespace: 'argocd', name: 'argocd-server' })),
        ready(rolledOut({ kind: 'StatefulSet', namespace: 'argocd', name: 'argocd-application-controller' })),
      ]);
    });

    test('RabbitMQ and Redis run on volumes in the zone of their node', async () => {
      for (const object of manifests('cluster-operator'))
        await until('applied', () => world.cluster.apply(object).catch(() => false as const));
      await applyTemplate('rabbitmq-operator/operator.yaml');
      created.push(
        ...(await applyTemplate('rabbitmq/cluster-on-storage.yaml')),
        ...(await applyTemplate('redis/redis-on-storage.yaml')),
      );
      await Promise.all([
        ready(rabbitmqReady),
        ready(rolledOut({ kind: 'StatefulSet', namespace: 'data', name: 'redis' })),
      ]);
      const volumes = listOf(
        await world.wire.ec2('DescribeVolumes', {
          Filter: [{ Name: 'tag:kubernetes.io/created-for/pvc/namespace', Value: ['messaging'] }],
        }),
        'volumeSet',
      );
      expect(volumes).toHaveLength(1);
      expect(volumes[0]).toMatchObject({ status: 'in-use', size: '10', availabilityZone: 'ap-northeast-2b' });
      expect(listOf(volumes[0], 'tagSet')).toEqual(
        expect.arrayContaining([
          { key: `kubernetes.io/cluster/${clusterId}`, value: 'owned' },
          { key: 'platform/cluster', value: clusterId },
          { key: 'kubernetes.io/created-for/pvc/name', value: 'persistence-rabbitmq-server-0' },
        ]),
      );
    });

    test('two Ingresses become one load balancer with healthy targets', async () => {
      for (const file of ['ingress/ingress-class.yaml', 'ingress/argocd.yaml', 'ingress/monitoring.yaml'])
        created.push(...(await applyTemplate(file)));
      await ready(hostnameGiven);
      await ready(targetsHealthy);
      const groups = await inVpc('DescribeSecurityGroups', 'securityGroupInfo');
      expect(groups.map((group) => textOf(group, 'groupName')?.replace(/-[0-9a-f]{10}$/, '')).sort()).toEqual([
        'default',
        'k8s-sesacthondeva1b2c',
        'k8s-traffic-sesacthondeva1b2c',
        `${clusterId}-node`,
      ]);
    });

    test('what is deleted is gone from AWS, through the finalizers', async () => {
      for (const object of created
        .toReversed()
        .filter(({ kind }) => ['Ingress', 'RabbitmqCluster', 'StatefulSet'].includes(kind)))
        await world.cluster.remove({
          apiVersion: object.apiVersion,
          kind: object.kind,
          name: object.metadata.name,
          namespace: object.metadata.namespace ?? 'default',
        });
      await until(
        'no Ingress is left',
        async () => (await world.cluster.list({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' })).length === 0,
        60_000,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${world.log()}`);
      });
      expect(listOf(await world.wire.elbv2('DescribeLoadBalancers', {}), 'LoadBalancers')).toEqual([]);
      expect(listOf(await world.wire.elbv2('DescribeTargetGroups', {}), 'TargetGroups')).toEqual([]);
      const groups = await inVpc('DescribeSecurityGroups', 'securityGroupInfo');
      expect(groups.map((group) => textOf(group, 'groupName')).sort()).toEqual(['default', `${clusterId}-node`]);
      expect(JSON.stringify(groups)).not.toContain('targetGroupBinding');
      for (const namespace of ['messaging', 'data', 'monitoring'])
        await world.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      await until(
        'no volume of the driver is left',
        async () =>
          listOf(
            await world.wire.ec2('DescribeVolumes', { Filter: [{ Name: 'tag-key', Value: ['CSIVolumeName'] }] }),
            'volumeSet',
          ).length === 0,
        60_000,
      ).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${world.log()}`);
      });
    });

    test('the process is small', async () => {
      const before = world.usage();
      await systemClock.sleep(0);
      expect(before.megabytes).toBeLessThan(150);
    });
  },
);
