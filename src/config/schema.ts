import { z } from 'zod';
import { addons } from './config.ts';

const cidr = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'must be an IPv4 range such as 10.0.0.0/16');
/** A DNS label: it becomes part of host names, bucket names and tags. */
const label = (longest: number) =>
  z
    .string()
    .max(longest, `must have at most ${longest} characters`)
    .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, 'must be lower-case letters, digits and dashes, starting with a letter');

const path = z.string().min(1, 'must not be empty');

const taint = z.strictObject({
  key: z.string(),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
});

const node = z.strictObject({
  role: z.enum(['control-plane', 'worker']).describe('What kubeadm makes of the machine'),
  type: z
    .string()
    .regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'must be an EC2 instance type such as t3.large')
    .describe('EC2 instance type'),
  disk: z
    .int()
    .min(20, 'must be at least 20 GiB: images alone need ten')
    .max(16_384)
    .describe('Root volume in GiB (gp3, encrypted)'),
  eip: z.boolean().default(false).describe('Give the machine an Elastic IP that survives a rebuild'),
  labels: z.record(z.string(), z.string()).default({}).describe('Node labels, set by kubelet at registration'),
  taints: z.array(taint).default([]),
});

/** One environment, after its overrides were laid over the file. Field descriptions end up in the JSON Schema. */
export const environmentSchema = z.strictObject({
  apiVersion: z.literal('platform/v1', 'must be platform/v1'),
  name: label(16).describe('First part of the cluster id'),
  target: z.enum(['aws', 'sandbox']).default('aws').describe('Where it is built: AWS, or stand-ins on this machine'),
  protected: z.boolean().default(false).describe('Destroying needs --confirm NAME even with --yes'),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region such as ap-northeast-2'),
  domain: z
    .string()
    .regex(/^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, 'must be a domain name such as example.dev')
    .optional()
    .describe('Leave out for no DNS and no certificate'),
  kubernetes: z
    .string('must be text: write it in quotes, since 1.30 as a number is 1.3')
    .regex(/^1\.\d+$/, 'must be a minor version such as "1.36"; versions.yaml holds the patch'),
  network: z
    .strictObject({
      vpc: cidr.default('10.0.0.0/16'),
      pods: cidr.default('192.168.0.0/16'),
      services: cidr.default('10.96.0.0/12'),
      cni: z.enum(['calico', 'flannel']).default('calico'),
    })
    .prefault({}),
  access: z.strictObject({
    sshUser: z.string().default('ubuntu'),
    sshKey: path.describe('Private key; ~ is the home directory'),
    allow: z
      .array(cidr)
      .min(1, 'must name at least one range: nobody could reach SSH and the API')
      .describe('Who may reach SSH and the API'),
    api: z
      .enum(['direct', 'tunnel'])
      .default('direct')
      .describe('How Helm and we reach the API: its public endpoint, or an SSH tunnel'),
  }),
  nodes: z.record(label(40), node).describe('The topology: counts, groups, labels and inventory derive from it'),
  addons: z.array(z.enum(addons)).default([...addons]),
  state: z
    .union(
      [
        z.literal('s3'),
        z.literal('local'),
        z.strictObject({ bucket: z.string().min(3), key: z.string().min(1).optional() }),
      ],
      'must be s3, local, or { bucket: NAME, key: PATH }',
    )
    .default('s3'),
  terraform: z
    .strictObject({
      dir: path.optional(),
      vars: z.record(z.string(), z.string()).default({}),
      outputs: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
  ansible: z
    .strictObject({
      dir: path.optional(),
      playbooks: z.record(z.string(), path).default({}),
      groups: z.record(z.string(), z.string()).default({}),
    })
    .prefault({}),
  tools: z
    .strictObject({
      terraform: path.optional(),
      'ansible-playbook': path.optional(),
      helm: path.optional(),
      ssh: path.optional(),
      python: path.optional(),
    })
    .prefault({}),
  mirrors: z
    .strictObject({
      charts: z.url().optional(),
      manifests: z.url().optional(),
      apt: z.url().optional(),
      registries: z.record(z.string(), z.url()).default({}),
    })
    .prefault({})
    .describe('For sites without internet: where charts, manifests, packages and images come from instead'),
  backups: z
    .strictObject({
      schedule: z.string().default('*-*-* 03:00:00').describe('systemd calendar expression'),
      retentionDays: z.int().min(1).max(3650).default(7),
    })
    .prefault({}),
  sandbox: z
    .strictObject({
      machines: z.enum(['simulated', 'hosts']).default('simulated'),
      delay: z.number().min(0).max(60).default(1).describe('Seconds that a simulated state change takes'),
    })
    .prefault({}),
});

export type EnvironmentInput = z.output<typeof environmentSchema>;

const anything = z.record(z.string(), z.unknown());

/** The file itself: a base and its environments. What an override may hold is judged after it was laid over the base. */
export const fileSchema = environmentSchema.partial().extend({
  apiVersion: environmentSchema.shape.apiVersion,
  defaultEnvironment: z.string().optional(),
  environments: z.record(label(12), anything).default({}).describe('Overrides by environment; null removes a key'),
});

/** JSON Schema of platform.yaml, for editors. */
export function configurationJsonSchema(): object {
  return z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' });
}
