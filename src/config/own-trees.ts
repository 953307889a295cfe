import type { Broken } from './rules.ts';
import type { EnvironmentInput } from './schema.ts';
import type { Problem, Source } from './source.ts';
import { nearest } from './suggest.ts';

/** Our side of the maps that a tree of the user's own is described by; docs/bring-your-own.md says what each means. */
const ourNames = {
  'terraform.vars': [
    'cluster_id',
    'name',
    'environment',
    'region',
    'domain',
    'vpc_cidr',
    'allow',
    'ssh_public_key',
    'ssh_public_key_path',
    'nodes',
    'data_bucket',
    'image',
  ],
  'terraform.outputs': [
    'vpc_id',
    'inventory',
    'nodes',
    'acm_certificate_arn',
    'security_group_id',
    'key_pair_id',
    'key_name',
    'role_id',
  ],
  'ansible.playbooks': ['site', 'node-base', 'control-plane', 'join', 'cni', 'etcd-backup'],
  'ansible.groups': ['cluster', 'control_plane', 'workers'],
} as const;

/** Maps with names that nothing reads, and maps without the tree that they describe. */
export function ownTreeRules({ terraform, ansible, nodes }: EnvironmentInput): readonly Broken[] {
  return [
    ...judgeMap('terraform', 'vars', terraform.dir, terraform.vars, ourNames['terraform.vars']),
    ...judgeMap('terraform', 'outputs', terraform.dir, terraform.outputs, ourNames['terraform.outputs']),
    ...judgeMap('ansible', 'playbooks', ansible.dir, ansible.playbooks, ourNames['ansible.playbooks']),
    ...judgeMap('ansible', 'groups', ansible.dir, ansible.groups, [
      ...ourNames['ansible.groups'],
      ...Object.keys(nodes),
    ]),
  ];
}

function judgeMap(
  tool: 'terraform' | 'ansible',
  name: string,
  dir: string | undefined,
  map: Readonly<Record<string, string>>,
  known: readonly string[],
): readonly Broken[] {
  if (dir === undefined && Object.keys(map).length > 0)
    return [
      { path: [tool, name], message: 'describes a tree of your own, and none is named', suggestion: `add ${tool}.dir` },
    ];
  return Object.keys(map)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const meant = nearest(key, known);
      return {
        path: [tool, name, key],
        message: `${key} is no name that ${tool}.${name} knows`,
        suggestion: meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`,
      };
    });
}

/** Environments in AWS that would keep one Terraform state in one place: each would plan to remove what the other built. */
export function sharedStates(source: Source, environments: ReadonlyMap<string, EnvironmentInput>): readonly Problem[] {
  const seen = new Map<string, string>();
  return [...environments].flatMap(([name, { state, target }]) => {
    if (target !== 'aws' || typeof state === 'string' || state.key === undefined) return [];
    const place = `${state.bucket}/${state.key}`;
    const other = seen.get(place);
    seen.set(place, name);
    if (other === undefined) return [];
    const overridden = ['environments', name, 'state'];
    return [
      {
        ...source.locate(source.has(overridden) ? overridden : ['environments', name]),
        path: overridden.join('.'),
        message: `the Terraform state ${place} is already that of ${other}`,
        suggestion: `give ${name} a key of its own`,
      },
    ];
  });
}
