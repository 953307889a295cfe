import type { PlatformConfig } from '../../config/config.ts';
import { hasIngress } from '../names.ts';
import { hostnameGiven, targetsHealthy } from '../probes/load-balancer.ts';
import { albController, argocd, monitoring } from './add-ons.ts';
import { certificate } from './certificate.ts';
import { infrastructure } from './infrastructure.ts';
import { manifestStep } from './manifest-step.ts';

/** The way in: one load balancer for all Ingresses, with HTTPS as soon as the certificate is issued. */
export const ingress = manifestStep({
  id: 'ingress',
  title: 'Ingress',
  needs: { albController, argocd, monitoring, certificate, infrastructure },
  when: hasIngress,
  inputs: (config, up) => ({
    placeholders: placeholders(config, up),
    files: filesOf(config, up).map(([file]) => file),
  }),
  objects: async (ctx, up) =>
    (await Promise.all(filesOf(ctx.config, up).map(([file, values]) => ctx.templates.objects(file, values)))).flat(),
  ready: [hostnameGiven, targetsHealthy],
});

interface Upstream {
  readonly certificate: { readonly arn: string } | undefined;
  readonly infrastructure: { readonly clusterId: string; readonly certificate: string | null };
}

function placeholders(config: PlatformConfig, up: Upstream) {
  const arn = up.certificate?.arn ?? up.infrastructure.certificate;
  const base = { cluster_id: up.infrastructure.clusterId };
  // Without a certificate passwords travel in the clear: then only those may come in who may reach SSH.
  if (arn === null || config.domain === undefined) return { ...base, inbound_cidrs: config.access.allow.join(',') };
  return { ...base, inbound_cidrs: '0.0.0.0/0', certificate_arn: arn, domain: config.domain };
}

function filesOf(
  config: PlatformConfig,
  up: Upstream,
): readonly (readonly [string, Readonly<Record<string, string>>])[] {
  const values = placeholders(config, up);
  const twin = 'certificate_arn' in values ? '-with-certificate' : '';
  return [
    ['ingress/ingress-class.yaml', { cluster_id: values.cluster_id }] as const,
    ...(['argocd', 'monitoring'] as const)
      .filter((addon) => config.addons.includes(addon))
      .map((addon) => [`ingress/${addon}${twin}.yaml`, values] as const),
  ];
}
