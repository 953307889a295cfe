import type { Json } from '../../engine/types.ts';
import { PlatformError } from '../../errors.ts';
import { iniValue, shellWords } from './ini-values.ts';

type Variables = Readonly<Record<string, Json>>;

/** One host of an Ansible INI inventory: the groups that list it, and the variables on its own lines. */
export interface IniHost {
  readonly name: string;
  readonly groups: readonly string[];
  readonly variables: Variables;
}

export interface IniGroup {
  readonly children: readonly string[];
  readonly variables: Variables;
}

export interface IniInventory {
  readonly hosts: readonly IniHost[];
  /** Every group but `all` and `ungrouped`, unless they have variables. */
  readonly groups: Readonly<Record<string, IniGroup>>;
}

const builtIn: ReadonlySet<string> = new Set(['all', 'ungrouped']);

interface Reading {
  readonly hosts: Map<string, { groups: string[]; variables: Record<string, Json> }>;
  readonly groups: Map<string, { children: string[]; variables: Record<string, Json> }>;
  /** Groups with a section of hosts or children; the others are only spoken of. */
  readonly sections: Set<string>;
  /** Group -> the first line that speaks of it. */
  readonly mentioned: Map<string, number>;
  readonly problems: string[];
}

/**
 * Reads an Ansible INI inventory, such as the original scripts' Terraform printed: hosts with variables, `:vars` and
 * `:children`. CONTRACT_BROKEN names every line that Ansible would refuse, and what is not read here: ranges of hosts and
 * ports behind a name. `source` names the text for people.
 */
export function readIniInventory(text: string, source = 'the inventory'): IniInventory {
  const reading: Reading = {
    hosts: new Map(),
    groups: new Map(),
    sections: new Set(builtIn),
    mentioned: new Map(),
    problems: [],
  };
  let section: { readonly group: string; readonly kind: string } | undefined = { group: 'ungrouped', kind: 'hosts' };
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const problem = (because: string): void => void reading.problems.push(`line ${index + 1}: ${because}`);
    if (line.startsWith('[')) {
      section = sectionOf(line, problem);
      if (section?.kind === 'vars') mention(reading, section.group, index + 1);
      else if (section !== undefined) {
        reading.sections.add(section.group);
        groupOf(reading, section.group);
      }
    } else if (section?.kind === 'hosts') readHost(reading, section.group, line, problem);
    else if (section?.kind === 'vars') readVariable(groupOf(reading, section.group).variables, line, problem);
    else if (section?.kind === 'children') readChild(reading, section.group, line, index + 1);
  }
  for (const [group, line] of reading.mentioned)
    if (!reading.sections.has(group)) reading.problems.push(`line ${line}: there is no group ${group}`);
  for (const [group] of reading.groups)
    if (descendants(reading.groups, group).has(group)) reading.problems.push(`the group ${group} is a child of itself`);
  if (reading.problems.length > 0)
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `${source} is no Ansible inventory that can be read:\n${reading.problems.map((one) => `  ${one}`).join('\n')}`,
      next: ['correct the template that prints it'],
    });
  return {
    hosts: [...reading.hosts].map(([name, host]) => ({ name, ...host })),
    groups: Object.fromEntries(
      [...reading.groups].filter(([name, { variables }]) => !builtIn.has(name) || Object.keys(variables).length > 0),
    ),
  };
}

/** Names of the hosts in a group, through its children too, in the order of the inventory. */
export function membersOf({ hosts, groups }: IniInventory, group: string): readonly string[] {
  const within = new Set([group, ...descendants(new Map(Object.entries(groups)), group)]);
  return hosts.filter((host) => host.groups.some((one) => within.has(one))).map(({ name }) => name);
}

function descendants(groups: ReadonlyMap<string, { readonly children: readonly string[] }>, group: string) {
  const found = new Set<string>();
  const waiting = [...(groups.get(group)?.children ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    waiting.push(...(groups.get(next)?.children ?? []));
  }
  return found;
}

type Tell = (because: string) => void;

function sectionOf(line: string, problem: Tell): { group: string; kind: string } | undefined {
  const [, group, kind = 'hosts'] = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line) ?? [];
  if (group !== undefined && /^(?:hosts|vars|children)$/.test(kind)) return { group, kind };
  problem(`${line} is no section: [GROUP], [GROUP:vars] or [GROUP:children]`);
  return undefined;
}

function readHost(reading: Reading, group: string, line: string, problem: Tell): void {
  const words = shellWords(line);
  if (words === undefined) return problem('a quote is not closed');
  const [name = '', ...rest] = words;
  if (name.includes('[')) return problem(`${name} is a range: name each machine on a line of its own`);
  if (name.includes(':')) return problem(`${name}: a port belongs in ansible_port, not behind the name`);
  const host = reading.hosts.get(name) ?? { groups: [], variables: {} };
  if (!host.groups.includes(group)) host.groups.push(group);
  for (const word of rest) readVariable(host.variables, word, problem);
  reading.hosts.set(name, host);
}

function readVariable(variables: Record<string, Json>, text: string, problem: Tell): void {
  const at = text.indexOf('=');
  if (at <= 0) return problem(`${text} is no NAME=VALUE`);
  const name = text.slice(0, at).trim();
  const value = iniValue(text.slice(at + 1).trim());
  if (value === undefined) return problem(`the value of ${name} cannot be read: write it into group_vars as YAML`);
  variables[name] = value;
}

function readChild(reading: Reading, group: string, line: string, number: number): void {
  const child = line.replace(/\s*#.*$/, '');
  groupOf(reading, group).children.push(child);
  mention(reading, child, number);
}

function mention({ mentioned }: Reading, group: string, line: number): void {
  if (!mentioned.has(group)) mentioned.set(group, line);
}

function groupOf(reading: Reading, name: string) {
  const group = reading.groups.get(name) ?? { children: [], variables: {} };
  reading.groups.set(name, group);
  return group;
}
