import { describe, expect, it } from 'vitest';
import { isPlatformError } from '../../../src/errors.ts';
import { membersOf, readIniInventory } from '../../../src/steps/build/ini-inventory.ts';

const hostOf = (line: string) => readIniInventory(`[masters]\n${line}\n`).hosts[0];

function refusal(text: string): string {
  try {
    readIniInventory(text, 'the output ansible_inventory');
  } catch (error) {
    if (isPlatformError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'was read';
}

describe('what Ansible reads', () => {
  it('the shape of the original template: variables for all, a group per role, a parent over them', () => {
    const inventory = readIniInventory(`[all:vars]
ansible_user=ubuntu
ansible_python_interpreter = /usr/bin/python3

[masters]
k8s-master ansible_host=203.0.113.1 private_ip=10.0.1.5

[workers]
k8s-worker-1 ansible_host=203.0.113.2 workload=application
k8s-worker-2 ansible_host=203.0.113.3 workload=async-workers

[storage]
k8s-storage ansible_host=203.0.113.4 workload=storage

[k8s_cluster:children]
masters
workers   # those that only work
storage
`);
    expect(inventory.hosts.map(({ name, groups }) => `${name} in ${groups.join(', ')}`)).toEqual([
      'k8s-master in masters',
      'k8s-worker-1 in workers',
      'k8s-worker-2 in workers',
      'k8s-storage in storage',
    ]);
    expect(inventory.groups['all']).toEqual({
      children: [],
      variables: { ansible_user: 'ubuntu', ansible_python_interpreter: '/usr/bin/python3' },
    });
    expect(inventory.groups['k8s_cluster']?.children).toEqual(['masters', 'workers', 'storage']);
    expect(membersOf(inventory, 'k8s_cluster')).toEqual(['k8s-master', 'k8s-worker-1', 'k8s-worker-2', 'k8s-storage']);
    expect(membersOf(inventory, 'workers')).toEqual(['k8s-worker-1', 'k8s-worker-2']);
  });

  it('groups of groups of groups, and a host in two of them', () => {
    const inventory = readIniInventory(
      '[top:children]\nmiddle\n[middle:children]\nleft\nright\n[left]\na x=1\nb\n[right]\nb x=2\n',
    );
    expect(membersOf(inventory, 'top')).toEqual(['a', 'b']);
    expect(inventory.hosts[1]).toEqual({ name: 'b', groups: ['left', 'right'], variables: { x: 2 } });
  });

  it('a host before any section is in no group', () => {
    expect(readIniInventory('alone a=b').hosts).toEqual([
      { name: 'alone', groups: ['ungrouped'], variables: { a: 'b' } },
    ]);
  });

  it.each([
    ['single quotes hold blanks together', "node note='two words' x=y", { note: 'two words', x: 'y' }],
    ['double quotes too, with a quote in them', String.raw`node note="say \"so\""`, { note: 'say "so"' }],
    ['a backslash keeps the next character', String.raw`node note=two\ words`, { note: 'two words' }],
    ['a comment after the variables', 'node x=y # z=1', { x: 'y' }],
    ['a comment inside a word, as shlex sees it', 'node x=y#z', { x: 'y' }],
    ['a semicolon is no comment behind a host', 'node x=a;b', { x: 'a;b' }],
    ['an equal sign in a value', 'node args=a=b', { args: 'a=b' }],
    ['an empty value', 'node x=', { x: '' }],
    ['numbers', 'node disk=80 ratio=0.5 below=-1', { disk: 80, ratio: 0.5, below: -1 }],
    [
      'what only looks like a number',
      'node zip=007 version=1.28.4 id=1234567890123456789',
      {
        zip: '007',
        version: '1.28.4',
        id: '1234567890123456789',
      },
    ],
    [
      "Python's own words, and text that is none of them",
      'node a=True b=False c=None d=true',
      {
        a: true,
        b: false,
        c: null,
        d: 'true',
      },
    ],
    ['a list', String.raw`node names="['a', 'b']"`, { names: ['a', 'b'] }],
  ])('%s', (_name, line, variables) => {
    expect(hostOf(line)?.variables).toEqual(variables);
  });

  it('comment lines with either mark, blank lines and Windows line ends', () => {
    expect(readIniInventory('# one\r\n; two\r\n\r\n[masters] # three\r\nnode\r\n').hosts).toEqual([
      { name: 'node', groups: ['masters'], variables: {} },
    ]);
  });

  it('in a section of variables a quoted text loses its quotes, another keeps its comment', () => {
    const { groups } = readIniInventory('[g]\n[g:vars]\na = "x y" # c\nb = 3 # c\nc = x # c\n');
    expect(groups['g']?.variables).toEqual({ a: 'x y', b: 3, c: 'x # c' });
  });
});

describe('what is refused', () => {
  it.each([
    ['a range', '[w]\nnode-[1:3]\n', 'line 2: node-[1:3] is a range: name each machine on a line of its own'],
    ['a port behind a name', '[w]\nnode:2222\n', 'line 2: node:2222: a port belongs in ansible_port'],
    ['a quote that is not closed', "[w]\nnode a='b\n", 'line 2: a quote is not closed'],
    ['a word that sets nothing', '[w]\nnode up\n', 'line 2: up is no NAME=VALUE'],
    ['a section that is none', '[w\nnode\n', 'line 1: [w is no section'],
    ['a kind of section that Ansible does not have', '[w:hostvars]\n', 'line 1: [w:hostvars] is no section'],
    ['a child that is no group', '[top:children]\nworkers\n', 'line 2: there is no group workers'],
    ['variables of a group that is none', '[workers:vars]\na=b\n', 'line 1: there is no group workers'],
    ['groups in a circle', '[a:children]\nb\n[b:children]\na\n', 'the group a is a child of itself'],
    ['a mapping that JSON cannot say', "[w:vars]\na={1: 'x'}\n[w]\n", 'line 2: the value of a cannot be read'],
  ])('%s', (_name, text, because) => {
    const said = refusal(text);
    expect(said).toMatch(/^CONTRACT_BROKEN: the output ansible_inventory is no Ansible inventory/);
    expect(said).toContain(because);
  });

  it('every problem at once', () => {
    expect(refusal('[w]\nn[1:2]\nnode up\n').split('\n')).toHaveLength(3);
  });
});
