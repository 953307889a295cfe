import type { PlatformConfig } from '../config/config.ts';
import { nearest } from '../config/suggest.ts';
import { groupsOf } from '../steps/inventory-files.ts';
import type { PlaybookInspection, TerraformDeclarations } from '../tools/ports.ts';
import { type Check, error, type Finding } from './check.ts';

/** What a Terraform tree of the user's own must take and give, judged from its files before anything runs. */
export const terraformContract: Check = {
  id: 'contract',
  title: 'A Terraform tree of your own takes and gives what the steps rely on',
  needs: 'config',
  when: 'always',
  catalogue: ['A8'],
  run: async ({ config, terraform }) => {
    const directory = config.terraform.dir;
    if (directory === undefined) return { skipped: 'the tree of this version, which its own tests prove' };
    const declared = await terraform.declared({ name: 'cluster', directory, variables: {} });
    if (declared.outputs.length + declared.variables.length === 0)
      return [error(`${directory} declares neither variables nor outputs`, 'correct terraform.dir in platform.yaml')];
    return [...outputFindings(config, declared), ...variableFindings(config, declared), ...bucketFindings(config)];
  },
};

function outputFindings({ terraform }: PlatformConfig, { outputs }: TerraformDeclarations): readonly Finding[] {
  const machines = terraform.outputs['inventory'] === undefined ? 'nodes' : 'inventory';
  const wanted = [...new Set(['vpc_id', machines, ...Object.keys(terraform.outputs)])];
  return wanted
    .map((ours) => ({ ours, theirs: terraform.outputs[ours] ?? ours }))
    .filter(({ theirs }) => !outputs.includes(theirs))
    .map(({ ours, theirs }) =>
      error(
        `${terraform.dir ?? ''} has no output ${theirs}${ours === theirs ? '' : `, which terraform.outputs.${ours} names`}`,
        alternative(theirs, outputs) ?? `declare it, or map its name: terraform.outputs.${ours}`,
      ),
    );
}

function variableFindings({ terraform }: PlatformConfig, declared: TerraformDeclarations): readonly Finding[] {
  const passed = Object.entries(terraform.vars);
  const names = passed.map(([, theirs]) => theirs);
  return [
    ...passed
      .filter(([, theirs]) => !declared.variables.includes(theirs))
      .map(([ours, theirs]) =>
        error(
          `${terraform.dir ?? ''} has no variable ${theirs}, which terraform.vars.${ours} names`,
          alternative(theirs, declared.variables) ?? `declare it, or remove terraform.vars.${ours}`,
        ),
      ),
    ...declared.open
      .filter((name) => !names.includes(name))
      .map((name) =>
        error(
          `the variable ${name} of ${terraform.dir ?? ''} has no value`,
          `give it one in terraform.tfvars, or name it in terraform.vars`,
        ),
      ),
  ];
}

/** Only our own root makes the bucket that the backups of etcd are written to. */
const bucketFindings = ({ addons, terraform }: PlatformConfig): readonly Finding[] =>
  addons.includes('etcd-backup') && terraform.vars['data_bucket'] === undefined
    ? [
        error(
          `etcd-backup needs a bucket, and nothing tells ${terraform.dir ?? ''} its name`,
          'map terraform.vars.data_bucket to the variable that names it, or take etcd-backup out of addons',
        ),
      ]
    : [];

function alternative(name: string, known: readonly string[]): string | undefined {
  const meant = nearest(name, known);
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

/**
 * Groups that the configuration names and that no play is made for: plays over all machines reach their nodes, but only a
 * play of their own joins them. A tree that has only plays over all machines tells its nodes apart in its tasks.
 */
export function forgottenGroups(
  config: PlatformConfig,
  inspections: readonly PlaybookInspection[],
): readonly Finding[] {
  const everyone = Object.keys(config.nodes).length;
  const plays = inspections.flatMap((each) => each.plays).filter(({ hosts }) => new Set(hosts).size < everyone);
  if (plays.length === 0) return [];
  const special = new Set(plays.flatMap(({ hosts }) => hosts));
  const named = new Set(Object.values(config.ansible.groups));
  return Object.entries(groupsOf(config))
    .map(([group, names]) => ({ group, lost: names.filter((name) => !special.has(name)) }))
    .filter(({ group, lost }) => named.has(group) && lost.length > 0)
    .map(({ group, lost }) =>
      error(
        `no play is for the group ${group}: ${lost.join(', ')} would only get what plays over all machines do`,
        'compare `hosts:` of the playbooks with ansible.groups in platform.yaml',
      ),
    );
}
