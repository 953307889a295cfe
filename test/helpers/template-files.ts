import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { placeholdersOf, render } from '../../src/tools/templates.ts';
import type { Placeholders } from '../../src/tools/ports.ts';

/** Folders below templates/ that hold no YAML templates. */
const otherKinds = new Set(['iam', 'workflows']);

/** One value for every placeholder, as a run would give it. */
export const sampleValues: Placeholders = {
  cluster_id: 'sesacthon-dev-a1b2c',
  environment: 'dev',
  region: 'ap-northeast-2',
  vpc_id: 'vpc-0a1b2c3d4e5f60718',
  controller_replicas: 2,
  argocd_host: 'argocd.example.dev',
  domain: 'example.dev',
  certificate_arn: 'arn:aws:acm:ap-northeast-2:123456789012:certificate/0c9a5b1e-2f4d-4a44-9d1c-2f6f6d6a9c11',
  inbound_cidrs: '203.0.113.0/24,198.51.100.7/32',
  rabbitmq_operator_image: 'ghcr.io/rabbitmq/cluster-operator:2.22.3',
  rabbitmq_image: 'docker.io/library/rabbitmq:4.2.8-management',
  redis_image: 'docker.io/library/redis:8.6.4-alpine',
  exempt_namespaces: '["kube-system","cert-manager"]',
};

/** `ebs-csi/values.yaml` and so on: every template, sorted. */
export const templateFiles: readonly string[] = readdirSync('templates', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !otherKinds.has(entry.name))
  .flatMap((entry) => readdirSync(join('templates', entry.name)).map((file) => `${entry.name}/${file}`))
  .sort();

export function templateText(file: string): string {
  return readFileSync(join('templates', file), 'utf8');
}

/** The template with sample values in it. */
export function sampleOf(file: string): string {
  const text = templateText(file);
  const values = Object.fromEntries(placeholdersOf(text, file).map((name) => [name, sampleValues[name] ?? '']));
  return render(text, values, file);
}

/** A parsed YAML document; tests look into it by path. */
export interface Yaml {
  readonly [key: string]: unknown;
}

/** Every document of a YAML text; a duplicate key or any other fault is an error. */
export function documentsOf(text: string): readonly Yaml[] {
  return parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as Yaml;
  });
}
