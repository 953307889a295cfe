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

const scheme = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
const attributes = 'service.beta.kubernetes.io/aws-load-balancer-attributes';

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
    const driverVolumes = async (): Promise<readonly unknown[]> =>
      listOf(
        await world.wire.ec2('DescribeVolumes', { Filter: [{ Name: 'tag-key', Value: ['CSIVolumeName'] }] }),
        'volumeSet',
      );
    const warned = async (namespace: string, text: string): Promise<void> => {
      await until(`an Event says: ${text}`, async () =>
        (await world.cluster.list({ apiVersion: 'v1', kind: 'Event', namespace })).some((event) =>
          (textOf(event, 'message') ?? '').includes(text),
        ),
      );
    };
    const gone = async (what: string, count: () => Promise<number>): Promise<void> => {
      await until(`no ${what} is left`, async () => (await count()) === 0, 60_000).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${world.log()}`);
      });
    };
    const certManagerAgain = (): Promise<string> => ready(certManagerAnswers);
    const created: KubernetesObject[] = [];
    let before: unknown;

    beforeAll(async () => {
      world = await makeControllersWorld();
      before = await world.snapshot();
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
      await Promise.all([...releases.slice(0, 4).map(install), ready(certManagerAnswers)]);
      // How long each state on the way lasts is the machine's affair, so the one that may be missed is brought about.
      world.setFaults({ 'cert-manager': { dead: true } });
      await until('its refusal is seen', async () =>
        (await certManagerAnswers.test(context, undefined)).because?.includes('connection refused'),
      );
      world.setFaults({});
      await ready(certManagerAnswers);
      await Promise.all([ready(driverOnEveryNode('ebs.csi.aws.com')), ready(apiAvailable('v1beta1.metrics.k8s.io'))]);
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
      expect(volumes[0]).toMatchObject({ size: '10', availabilityZone: 'ap-northeast-2b' });
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
      expect(
        groups
          .map((group) => textOf(group, 'groupName')?.replace(/-[0-9a-f]{10}$/, ''))
          .toSorted((a = '', b = '') => a.localeCompare(b)),
      ).toEqual(['default', 'k8s-sesacthondeva1b2c', 'k8s-traffic-sesacthondeva1b2c', `${clusterId}-node`]);
    });

    test('a Service of type LoadBalancer becomes a network load balancer, and deletion protection holds it', async () => {
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name: 'edge',
          namespace: 'default',
          annotations: { [scheme]: 'internet-facing', [attributes]: 'deletion_protection.enabled=true' },
        },
        spec: {
          type: 'LoadBalancer',
          selector: { app: 'edge' },
          ports: [{ name: 'tcp', port: 5671, protocol: 'TCP' }],
        },
      };
      const reference = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'edge' };
      const made = await world.cluster.apply(service);
      expect(textOf(made, 'spec', 'loadBalancerClass')).toBe('service.k8s.aws/nlb');
      const hostname = await until('it has a hostname', async () =>
        textOf(await world.cluster.get(reference), 'status', 'loadBalancer', 'ingress', 0, 'hostname'),
      );
      expect(await world.aws.loadBalancer(hostname)).toMatchObject({
        tags: {
          'elbv2.k8s.aws/cluster': clusterId,
          'service.k8s.aws/stack': 'default/edge',
          'platform/cluster': clusterId,
        },
      });
      await world.cluster.remove(reference);
      await warned('default', 'deletion_protection is enabled, cannot delete the service: edge');
      await world.cluster.apply({
        ...service,
        metadata: {
          ...service.metadata,
          annotations: { [scheme]: 'internet-facing', [attributes]: 'deletion_protection.enabled=false' },
        },
      });
      await warned('default', 'OperationNotPermitted');
      const live = listOf(await world.wire.elbv2('DescribeLoadBalancers', {}), 'LoadBalancers').find(
        (one) => textOf(one, 'DNSName') === hostname,
      );
      await world.wire.elbv2('ModifyLoadBalancerAttributes', {
        LoadBalancerArn: textOf(live, 'LoadBalancerArn'),
        Attributes: [{ Key: 'deletion_protection.enabled', Value: 'false' }],
      });
      await until('the Service is gone', async () => (await world.cluster.get(reference)) === undefined);
      expect(await world.aws.loadBalancer(hostname)).toBeUndefined();
    });

    test('Argo CD heals what is deleted, and takes it with it', async () => {
      const application = {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        namespace: 'argocd',
        name: 'shop',
      };
      const thing = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'shop' };
      await world.cluster.apply({
        apiVersion: application.apiVersion,
        kind: application.kind,
        metadata: {
          name: 'shop',
          namespace: 'argocd',
          finalizers: ['resources-finalizer.argocd.argoproj.io'],
          annotations: {
            'sandbox.platform/manifests': JSON.stringify({
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'shop' },
              data: { a: 'b' },
            }),
          },
        },
        spec: {
          project: 'default',
          destination: { namespace: 'default' },
          syncPolicy: { automated: { selfHeal: true } },
        },
      });
      const health = async () => textOf(await world.cluster.get(application), 'status', 'health', 'status');
      await until('it is healthy', async () => (await health()) === 'Healthy');
      const first = (await world.cluster.get(thing))?.metadata.uid;
      await world.cluster.remove(thing);
      const second = await until('it is healed', async () => (await world.cluster.get(thing))?.metadata.uid);
      expect(second).not.toBe(first);
      await world.cluster.remove(application);
      await until('the Application is gone', async () => (await world.cluster.get(application)) === undefined);
      expect(await world.cluster.get(thing)).toBeUndefined();
      expect(
        await world.cluster.get({
          apiVersion: 'v1',
          kind: 'Secret',
          namespace: 'argocd',
          name: 'argocd-initial-admin-secret',
        }),
      ).toBeDefined();
    });

    test('a controller that is told to fail says so; one that is told to die does nothing until it lives again', async () => {
      const ingress = objectsOf(sampleOf('ingress/argocd.yaml'), 'x')[0] as KubernetesObject;
      const other = {
        ...ingress,
        metadata: {
          ...ingress.metadata,
          name: 'other',
          annotations: { ...ingress.metadata.annotations, 'alb.ingress.kubernetes.io/group.name': 'other' },
        },
      };
      const reference = { apiVersion: ingress.apiVersion, kind: ingress.kind, namespace: 'argocd', name: 'other' };
      world.setFaults({
        alb: { fail: 'AccessDenied: not authorized to perform elasticloadbalancing:CreateLoadBalancer' },
      });
      await world.cluster.apply(other);
      await warned('argocd', 'Failed deploy model due to AccessDenied');
      world.setFaults({ alb: { dead: true }, ebs: { dead: true } });
      await until('its webhook refuses connections', async () =>
        world.cluster.dryRunCreate({ ...other, metadata: { ...other.metadata, name: 'third' } }).then(
          () => false,
          (error: unknown) => String(error).includes('connection refused'),
        ),
      );
      await world.cluster.remove(reference);
      world.setFaults({});
      await until('it is gone after all', async () => (await world.cluster.get(reference)) === undefined);
      expect(listOf(await world.wire.elbv2('DescribeLoadBalancers', {}), 'LoadBalancers')).toHaveLength(1);
    });

    test('it dies in the middle, makes again what is deleted under it, refuses to take away, and leaks', async () => {
      const service = (name: string): KubernetesObject => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'default', annotations: { [scheme]: 'internet-facing' } },
        spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ name: 'tcp', port: 5671, protocol: 'TCP' }] },
      });
      const reference = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'leaky' };
      const balancers = async () =>
        listOf(await world.wire.elbv2('DescribeLoadBalancers', {}), 'LoadBalancers').filter((one) =>
          textOf(one, 'LoadBalancerName')?.startsWith('k8s-default-leaky'),
        );
      const arn = async () => textOf((await balancers())[0], 'LoadBalancerArn') ?? '';

      world.setFaults({ alb: { dies: 2 } });
      await world.cluster.apply(service('leaky'));
      await until('it is dead', () => world.log().includes('it is dead'));
      expect(await balancers()).toEqual([]);
      world.setFaults({ alb: { recreate: true } });
      const first = await until('it lives again, and the load balancer is made', arn);
      await world.wire.elbv2('DeleteLoadBalancer', { LoadBalancerArn: first });
      const second = await until('it is made again', async () => ((await arn()) === first ? '' : await arn()));
      expect(await balancers()).toHaveLength(1);

      const refusal = 'AccessDenied: not authorized to perform elasticloadbalancing:DeleteLoadBalancer';
      world.setFaults({ alb: { refuse: refusal } });
      await world.cluster.remove(reference);
      await warned('default', refusal);
      expect([await arn(), (await world.cluster.get(reference))?.metadata.name]).toEqual([second, 'leaky']);

      world.setFaults({ alb: { leak: true } });
      await until('the Service is let go', async () => (await world.cluster.get(reference)) === undefined);
      expect(await arn()).toBe(second);
      world.setFaults({});
      await removeLeaked('leaky', second);
    });

    test('killed in the middle and started again, it makes nothing twice', async () => {
      const claim = (name: string): KubernetesObject => ({
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name, namespace: 'data' },
        spec: {
          serviceName: name,
          selector: { matchLabels: { name } },
          template: {
            metadata: { labels: { name } },
            spec: { containers: [{ name, image: 'registry.k8s.io/pause:3.10' }] },
          },
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          ],
        },
      });
      const volumes = async () => driverVolumes().then((all) => all.filter((one) => textOf(one, 'size') === '1'));
      await world.cluster.apply(claim('torn'));
      await until('its volume is made', async () => (await volumes()).length > 0);
      await world.killControllers();
      for (const volume of await world.cluster.list({ apiVersion: 'v1', kind: 'PersistentVolume' }))
        expect(volume.metadata.name).toMatch(/^pvc-/);
      world.startControllers();
      await until(
        'its pod has its volume',
        async () =>
          (await world.cluster.list({ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment' })).length === 5 &&
          (await world.cluster.list({ apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment' })).every(
            (one) => (one['status'] as { attached?: boolean } | undefined)?.attached === true,
          ),
      );
      expect(await volumes()).toHaveLength(1);
      expect(await certManagerAgain()).toBe('accepts what is valid and denies what is not');
    });

    /** What a sweep does after a controller that leaked. */
    async function removeLeaked(name: string, balancer: string): Promise<void> {
      const { wire, cluster } = world;
      await wire.elbv2('DeleteLoadBalancer', { LoadBalancerArn: balancer });
      const bindings = { apiVersion: 'elbv2.k8s.aws/v1beta1', kind: 'TargetGroupBinding', namespace: 'default' };
      for (const one of await cluster.list(bindings)) await cluster.remove({ ...bindings, name: one.metadata.name });
      await gone('binding', async () => (await cluster.list(bindings)).length);
      for (const group of listOf(await wire.elbv2('DescribeTargetGroups', {}), 'TargetGroups'))
        if (textOf(group, 'TargetGroupName')?.startsWith(`k8s-default-${name}`))
          await wire.elbv2('DeleteTargetGroup', { TargetGroupArn: textOf(group, 'TargetGroupArn') });
      const leaked = (await inVpc('DescribeSecurityGroups', 'securityGroupInfo')).find((group) =>
        textOf(group, 'groupName')?.startsWith(`k8s-default-${name}`),
      );
      await until('its group is free', async () =>
        wire.ec2('DeleteSecurityGroup', { GroupId: textOf(leaked, 'groupId') }).then(
          () => true,
          () => false,
        ),
      );
    }

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
      await gone(
        'Ingress',
        async () => (await world.cluster.list({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' })).length,
      );
      for (const namespace of ['messaging', 'data', 'monitoring'])
        await world.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
      await gone('volume of the driver', async () => (await driverVolumes()).length);
      await gone(
        'PersistentVolume',
        async () => (await world.cluster.list({ apiVersion: 'v1', kind: 'PersistentVolume' })).length,
      );
      await gone(
        'namespace',
        async () =>
          (await world.cluster.list({ apiVersion: 'v1', kind: 'Namespace' })).filter(({ metadata }) =>
            ['messaging', 'data', 'monitoring'].includes(metadata.name),
          ).length,
      );
      expect(await world.snapshot()).toEqual(before);
    });

    test('the process is small', () => {
      // Started from TypeScript it needs twice what the built program does (README.md of the controllers).
      expect(world.usage().megabytes).toBeLessThan(200);
    });
  },
);
