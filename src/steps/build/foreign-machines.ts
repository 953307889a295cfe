import type { PlatformConfig } from '../../config/config.ts';
import type { Json } from '../../engine/types.ts';
import { PlatformError } from '../../errors.ts';
import type { ReadContext } from '../kit.ts';
import { groupsOf } from '../inventory-files.ts';
import { type IniInventory, membersOf, readIniInventory } from './ini-inventory.ts';

type Variables = Readonly<Record<string, Json>>;

/** A machine of a foreign tree: what AWS says about it, and what its inventory says beyond that. */
export type ForeignMachine = {
  readonly id: string;
  readonly privateAddress: string;
  readonly publicAddress: string;
  readonly zone: string;
  readonly type: string;
  readonly variables: Variables;
};

export type ForeignGroup = {
  readonly hosts: readonly string[];
  readonly children: readonly string[];
  readonly variables: Variables;
};

/**
 * A tree of the original layout prints its machines as an Ansible inventory: names, groups and variables come from there,
 * ids and zones are asked of AWS. CONTRACT_BROKEN with names when a host is no instance of the network, or when the groups
 * that playbooks and configuration share have other members than the topology says (reference: a node that was in no group
 * never joined).
 */
export async function readForeignMachines(ctx: ReadContext, vpc: string, output: string, text: Json | undefined) {
  if (typeof text !== 'string')
    throw broken(`the output ${output} is no text: an Ansible INI inventory was expected`, [
      'print it with templatefile(), or map nodes instead of inventory',
    ]);
  const inventory = readIniInventory(text, `the output ${output}`);
  const problems = disagreements(ctx.config, inventory);
  if (problems.length > 0)
    throw broken(
      `the output ${output} and the configuration disagree:\n${problems.map((one) => `  ${one}`).join('\n')}`,
      ['correct nodes and ansible.groups in platform.yaml, or the template of the inventory'],
    );
  const instances = await ctx.aws.instancesIn(vpc);
  const nodes = Object.fromEntries(
    inventory.hosts.map(({ name, variables }): [string, ForeignMachine] => {
      const instance = instances.find(
        (one) =>
          one.privateAddress === variables['private_ip'] ||
          (one.publicAddress !== '' && one.publicAddress === variables['ansible_host']),
      );
      if (instance === undefined)
        throw broken(`${name} of the output ${output} is no instance of ${vpc}`, [
          'check its private_ip and ansible_host',
        ]);
      const { id, privateAddress, publicAddress, zone, type } = instance;
      const address = variables['ansible_host'];
      return [
        name,
        {
          id,
          privateAddress,
          publicAddress: typeof address === 'string' ? address : publicAddress,
          zone,
          type,
          variables: withoutConnection(variables),
        },
      ];
    }),
  );
  return { nodes, groups: foreignGroups(inventory) };
}

function foreignGroups({ hosts, groups }: IniInventory): Readonly<Record<string, ForeignGroup>> {
  return Object.fromEntries(
    Object.entries(groups).map(([name, { children, variables }]) => [
      name,
      {
        hosts: hosts.filter((host) => host.groups.includes(name)).map((host) => host.name),
        children,
        variables: withoutConnection(variables),
      },
    ]),
  );
}

function disagreements(config: PlatformConfig, inventory: IniInventory): readonly string[] {
  const printed = inventory.hosts.map(({ name }) => name);
  const wanted = Object.keys(config.nodes);
  const strangers = [
    ...wanted.filter((name) => !printed.includes(name)).map((name) => `${name} is not printed`),
    ...printed.filter((name) => !wanted.includes(name)).map((name) => `${name} is in no configuration`),
  ];
  if (strangers.length > 0) return strangers;
  return Object.entries(groupsOf(config)).flatMap(([group, names]) => {
    const members = membersOf(inventory, group);
    return [
      ...names.filter((name) => !members.includes(name)).map((name) => `${name} is not printed in the group ${group}`),
      ...members
        .filter((name) => !names.includes(name))
        .map((name) => `${name} is printed in the group ${group}, where the configuration does not put it`),
    ];
  });
}

const kept: ReadonlySet<string> = new Set([
  'ansible_python_interpreter',
  'ansible_become',
  'ansible_become_user',
  'ansible_become_method',
]);

/**
 * How a machine is reached is derived, and its host key is checked: an `ansible_ssh_common_args` with
 * StrictHostKeyChecking=no would undo that, and passwords do not belong in a record.
 */
function withoutConnection(variables: Variables): Variables {
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => !name.startsWith('ansible_') || kept.has(name)),
  );
}

const broken = (message: string, next: readonly string[]): PlatformError =>
  new PlatformError('CONTRACT_BROKEN', { message, next });
