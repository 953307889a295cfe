/** One host of an Ansible INI inventory with its own variables. */
export interface IniHost {
  readonly name: string;
  readonly groups: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Reads the hosts of an Ansible INI inventory, as the original scripts' Terraform printed one: groups with hosts and
 * inline variables. `:vars` and `:children` sections describe groups, not machines, and are left to Ansible.
 */
export function readIniInventory(text: string): readonly IniHost[] {
  const hosts = new Map<string, { groups: string[]; variables: Record<string, string> }>();
  let group: string | undefined = 'ungrouped';
  for (const raw of text.split('\n')) {
    const line = raw.replace(/(^|\s)[#;].*$/, '').trim();
    if (line === '') continue;
    const section = /^\[([^\]]+)\]$/.exec(line)?.[1];
    if (section !== undefined) {
      group = section.includes(':') ? undefined : section;
      continue;
    }
    if (group === undefined) continue;
    const [name = '', ...words] = line.split(/\s+/);
    const host = hosts.get(name) ?? { groups: [], variables: {} };
    if (!host.groups.includes(group)) host.groups.push(group);
    for (const word of words) {
      const at = word.indexOf('=');
      if (at > 0) host.variables[word.slice(0, at)] = word.slice(at + 1).replace(/^(['"])(.*)\1$/, '$2');
    }
    hosts.set(name, host);
  }
  return [...hosts].map(([name, host]) => ({ name, ...host }));
}
