import { describe, expect, it } from 'vitest';
import type { PlatformConfig } from '../../../src/config/config.ts';
import { isPlatformError, PlatformError } from '../../../src/errors.ts';
import { readForeignMachines } from '../../../src/steps/build/foreign-machines.ts';
import { play } from '../../../src/steps/build/playbook.ts';
import { terraformRoot } from '../../../src/steps/build/terraform-root.ts';
import { filesOf, groupsOf } from '../../../src/steps/inventory-files.ts';
import type { Play, PlaybookInspection } from '../../../src/tools/ports.ts';
import { exampleConfig } from '../../helpers/configuration.ts';
import { fakeWorld } from '../../helpers/fake-world.ts';

const own = (changes: Partial<PlatformConfig> = {}): PlatformConfig =>
  exampleConfig({
    ansible: {
      dir: '/own',
      playbooks: { site: 'site.yml' },
      groups: { cluster: 'k8s_cluster', control_plane: 'masters', 'k8s-storage': 'storage' },
    },
    terraform: { dir: '/own', vars: {}, outputs: { inventory: 'ansible_inventory' } },
    ...changes,
  });

const printed = `[all:vars]
site=seoul
ansible_ssh_common_args='-o StrictHostKeyChecking=no'
[masters]
k8s-master ansible_host=203.0.113.1 private_ip=10.0.0.1
[workers]
k8s-worker-1 ansible_host=203.0.113.2 private_ip=10.0.0.2 rack=7
k8s-worker-2 ansible_host=203.0.113.3 private_ip=10.0.0.3 ansible_password=hunter2
[storage]
k8s-storage ansible_host=203.0.113.4 private_ip=10.0.0.4 ansible_become=True
[storage:vars]
disks=2
[k8s_cluster:children]
masters
workers
storage
[data:children]
storage
`;
const instances = [1, 2, 3, 4].map((number) => ({
  id: `i-${number}`,
  privateAddress: `10.0.0.${number}`,
  publicAddress: '',
  zone: 'ap-northeast-2a',
  type: 't3.large',
  state: 'running',
}));
const read = (text: string, config = own()) =>
  readForeignMachines(
    fakeWorld({ aws: { instancesIn: async () => instances as never } }, config).context,
    'vpc-1',
    'ansible_inventory',
    text,
  );

async function refusal(text: string): Promise<string> {
  try {
    await read(text);
  } catch (error) {
    if (isPlatformError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'was read';
}

describe('machines from a printed inventory', () => {
  it('ids come from AWS; variables are kept, but not how a machine is reached', async () => {
    const { nodes, groups } = await read(printed);
    expect(nodes['k8s-worker-1']).toEqual({
      id: 'i-2',
      privateAddress: '10.0.0.2',
      publicAddress: '203.0.113.2',
      zone: 'ap-northeast-2a',
      type: 't3.large',
      variables: { private_ip: '10.0.0.2', rack: 7 },
    });
    expect(nodes['k8s-worker-2']?.variables).toEqual({ private_ip: '10.0.0.3' });
    expect(nodes['k8s-storage']?.variables).toMatchObject({ ansible_become: true });
    expect(groups['all']?.variables).toEqual({ site: 'seoul' });
    expect(groups['data']).toEqual({ hosts: [], children: ['storage'], variables: {} });
  });

  it.each([
    ['a machine that is in no configuration', `${printed}[extra]\nk8s-gpu\n`, 'k8s-gpu is in no configuration'],
    ['a machine that is not printed', printed.replace(/^k8s-storage .*$/m, ''), 'k8s-storage is not printed'],
    [
      'a machine in another group than the configuration says',
      printed.replace('[storage]\n', ''),
      'there is no group storage',
    ],
    [
      'a machine that moved to the workers',
      printed.replace('[storage]\n', '').replace('[storage:vars]', '[storage]\n[storage:vars]'),
      'k8s-storage is not printed in the group storage',
    ],
    ['a machine that AWS does not have', printed.replaceAll('.4', '.9'), 'k8s-storage of the output ansible_inventory'],
  ])('%s breaks the contract', async (_name, text, because) => {
    const said = await refusal(text);
    expect(said).toMatch(/^CONTRACT_BROKEN/);
    expect(said).toContain(because);
  });
});

describe('the derived inventory for a tree of the own', () => {
  const config = own();
  const derived = async () => {
    const infrastructure = { vpc: 'vpc-1', certificate: null, ...(await read(printed, config)) };
    const { files } = filesOf(config, { backend: { clusterId: 'c', account: '1' }, infrastructure, addresses: {} });
    return files.map(([, text]) => JSON.parse(text));
  };

  it('a node with a group of its own is in that one only', () => {
    expect(groupsOf(config)).toEqual({
      masters: ['k8s-master'],
      workers: ['k8s-worker-1', 'k8s-worker-2'],
      storage: ['k8s-storage'],
    });
  });

  it('extra variables are only what was found; what we would choose can be overruled by group_vars', async () => {
    const [{ all }, variables] = await derived();
    expect(variables).toEqual({ vpc_id: 'vpc-1', acm_certificate_arn: '' });
    expect(all.vars).toMatchObject({ site: 'seoul', kubernetes_version: config.versions.kubernetes });
  });

  it('their groups, their variables, our addresses', async () => {
    const [{ all }] = await derived();
    const { children } = all.children.k8s_cluster;
    expect(Object.keys(children).toSorted()).toEqual(['masters', 'storage', 'workers']);
    expect(children.workers.hosts['k8s-worker-1']).toMatchObject({ rack: 7, ansible_host: '203.0.113.2' });
    expect(all.children.storage.vars).toEqual({ disks: 2 });
    expect(all.children.data.children).toEqual({ storage: {} });
  });
});

describe('variables of a tree of the own', () => {
  const backend = { account: '1', bucket: 'theirs', clusterId: 'c' };
  const root = (vars: Readonly<Record<string, string>>, changes: Partial<PlatformConfig> = {}) =>
    terraformRoot(
      own({
        terraform: { dir: '/own', vars, outputs: {} },
        state: { kind: 's3', bucket: 'theirs', key: 'k/t' },
        ...changes,
      }),
      'cluster',
      backend,
      { region: 'ap-northeast-2', data_bucket: null },
    );

  it('only those that the map names are passed, under their names; what has no value is left to its default', () => {
    const { domain: _, ...bare } = own();
    expect(
      terraformRoot(
        {
          ...bare,
          terraform: {
            dir: '/own',
            vars: {
              region: 'aws_region',
              ssh_public_key_path: 'public_key_path',
              domain: 'domain_name',
              data_bucket: 'bucket',
            },
            outputs: {},
          },
        },
        'cluster',
        backend,
        { region: 'ap-northeast-2', data_bucket: null, vpc_cidr: '10.0.0.0/16' },
      ).variables,
    ).toEqual({ aws_region: 'ap-northeast-2', public_key_path: `${bare.access.sshKey}.pub` });
  });

  it('the state stays where the configuration says', () => {
    expect(root({ region: 'aws_region' }).backend).toEqual({ bucket: 'theirs', key: 'k/t', region: 'ap-northeast-2' });
  });
});

describe('one playbook for all', () => {
  const inventory = { inventory: '/s/inventory.yml', variables: '/s/variables.json', hosts: {} };
  const worldOf = (
    config: PlatformConfig,
    answer: (play: Play) => Promise<object>,
    lost: PlaybookInspection['undefinedVariables'] = [],
  ) => {
    const plays: Play[] = [];
    const ansible = {
      inspect: async () => ({ plays: [], undefinedVariables: lost }),
      play: async (one: Play) => {
        plays.push(one);
        return (await answer(one)) as never;
      },
    };
    return { plays, ...fakeWorld({ ansible, files: { read: async () => '' } }, config) };
  };

  it('is run once, whole, by the first step that has something to do', async () => {
    const { context, plays, notes } = worldOf(own(), async () => ({ a: { ok: 2, changed: 1 } }));
    expect(await play(context, 'control-plane', inventory, 'k8s-master')).toEqual({ a: { ok: 2, changed: 1 } });
    await Promise.all(['x', 'y'].map(async (name) => await play(context, 'join', inventory, name)));
    expect(plays).toEqual([
      { playbook: '/own/site.yml', inventory: '/s/inventory.yml', variables: '/s/variables.json', serves: 'all' },
    ]);
    expect(notes).toHaveLength(2);
  });

  it('that failed is run again by whoever comes next', async () => {
    let attempts = 0;
    const { context, plays } = worldOf(own(), async () => {
      attempts += 1;
      if (attempts === 1) throw new PlatformError('TOOL_FAILED', { message: 'a task failed' });
      return {};
    });
    await expect(play(context, 'node-base', inventory)).rejects.toThrow('a task failed');
    await play(context, 'node-base', inventory);
    expect(plays).toHaveLength(2);
  });

  it('is not begun when a machine lacks one of its variables (catalogue A24)', async () => {
    const lost = [{ file: 'roles/member/tasks/main.yml', line: 6, task: 'Remember', variable: 'workload' }];
    const { context, plays } = worldOf(own(), async () => ({}), lost);
    await expect(play(context, 'node-base', inventory)).rejects.toMatchObject({
      code: 'CONTRACT_BROKEN',
      message: expect.stringContaining('main.yml:6: workload is not defined (task "Remember")'),
    });
    expect(plays).toEqual([]);
  });

  it('does not stand for a step that has a playbook of its own', async () => {
    const config = own();
    const mixed = {
      ...config,
      ansible: { ...config.ansible, playbooks: { site: 'site.yml', 'node-base': 'base.yml' } },
    };
    const { context, plays } = worldOf(mixed, async () => ({}));
    await play(context, 'node-base', inventory);
    await play(context, 'cni', inventory, 'k8s-master');
    expect(plays.map(({ playbook, limit, serves }) => [playbook, limit, serves])).toEqual([
      ['/own/base.yml', undefined, undefined],
      ['/own/site.yml', undefined, 'all'],
    ]);
  });
});
