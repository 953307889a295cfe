import { describe, expect, test } from 'vitest';
import { terraformContract, forgottenGroups } from '../../../src/checks/contract.ts';
import type { PlatformConfig } from '../../../src/config/config.ts';
import type { TerraformDeclarations } from '../../../src/tools/ports.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const complete: TerraformDeclarations = {
  outputs: ['vpc_id', 'ansible_inventory', 'acm_certificate_arn'],
  variables: ['aws_region', 'public_key_path'],
  open: ['public_key_path'],
  printed: [],
};
const terraform: PlatformConfig['terraform'] = {
  dir: '/own',
  vars: { region: 'aws_region', ssh_public_key_path: 'public_key_path' },
  outputs: { inventory: 'ansible_inventory', acm_certificate_arn: 'acm_certificate_arn' },
};
const asked = (declared: Partial<TerraformDeclarations>, changes: Partial<PlatformConfig> = {}) =>
  askCheck(
    terraformContract,
    { terraform: { declared: async () => ({ ...complete, ...declared }) } },
    awsConfig({ terraform, addons: ['metrics-server'], ...changes }),
    'plan',
  );

describe("a Terraform tree of the user's own", () => {
  test('is not asked about when there is none', async () => {
    expect((await askCheck(terraformContract, {})).state).toBe('skipped');
  });

  test('keeps the contract', async () => {
    expect((await asked({})).state).toBe('holds');
  });

  test('lacks outputs: each is named, also those that the map does not name', async () => {
    expect(said(await asked({ outputs: ['inventory_ansible'] }))).toEqual([
      'error: /own has no output vpc_id',
      'error: /own has no output ansible_inventory, which terraform.outputs.inventory names',
      'error: /own has no output acm_certificate_arn',
    ]);
  });

  test('without an inventory it must give its machines', async () => {
    const outputs = { acm_certificate_arn: 'acm_certificate_arn' };
    expect(said(await asked({}, { terraform: { ...terraform, outputs } }))).toEqual([
      'error: /own has no output nodes',
    ]);
  });

  test('an output with nearly that name is suggested', async () => {
    const { findings } = await asked({ outputs: ['vpc_id', 'ansible_inventry', 'acm_certificate_arn'] });
    expect(findings[0]?.next).toEqual(['did you mean ansible_inventry?']);
  });

  test('lacks a variable that the map names, and has one that nobody gives', async () => {
    expect(said(await asked({ variables: ['public_key_path', 'team'], open: ['public_key_path', 'team'] }))).toEqual([
      'error: /own has no variable aws_region, which terraform.vars.region names',
      'error: the variable team of /own has no value',
    ]);
  });

  test('backups of etcd need a bucket that the tree is told of', async () => {
    expect(said(await asked({}, { addons: ['etcd-backup'] }))).toEqual([
      'error: etcd-backup needs a bucket, and nothing tells /own its name',
    ]);
  });
});

describe('groups that no play is for', () => {
  const groups = { cluster: 'k8s_cluster', control_plane: 'masters', workers: 'workers', 'k8s-storage': 'storage' };
  const config = awsConfig({ ansible: { dir: '/own', playbooks: { site: 'site.yml' }, groups } });
  const nodes = Object.keys(config.nodes);
  const workers = nodes.filter((name) => name.startsWith('k8s-worker'));
  const messages = (...plays: readonly (readonly string[])[]) =>
    forgottenGroups(config, [
      { plays: plays.map((hosts) => ({ name: 'play', hosts, tasks: [] })), undefinedVariables: [] },
    ]).map(({ message }) => message);

  test('a play over all machines does not stand for a group', () => {
    expect(messages(nodes, ['k8s-master'], workers)).toEqual([
      'no play is for the group storage: k8s-storage would only get what plays over all machines do',
    ]);
  });

  test('one play may be for several groups', () => {
    expect(messages(nodes, ['k8s-master'], [...workers, 'k8s-storage'])).toEqual([]);
  });

  test('a tree with only plays over all machines tells them apart in its tasks', () => {
    expect(messages(nodes, nodes)).toEqual([]);
  });

  test('groups that the configuration does not name are not asked for', () => {
    const bare = awsConfig({ ansible: { dir: '/own', playbooks: { site: 'site.yml' }, groups: {} } });
    const inspection = { plays: [{ name: 'play', hosts: ['k8s-master'], tasks: [] }], undefinedVariables: [] };
    expect(forgottenGroups(bare, [inspection])).toEqual([]);
  });
});
