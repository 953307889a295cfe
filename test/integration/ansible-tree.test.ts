import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { stderr } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { environment } from '../helpers/environment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { awsPython } from '../helpers/tool-caches.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const tree = join(repository, 'ansible');
const fixtures = join(tree, 'checks/fixtures');
const golden = join(repository, 'test/golden/ansible');
const update = environment['UPDATE_GOLDEN'] === '1';

/** The Python that has Ansible: the one named, the cache's, or that of the ansible-playbook on PATH. */
function findPython(): string | undefined {
  const beside = (environment['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => existsSync(join(folder, 'ansible-playbook')))
    .map((folder) => join(folder, 'python3'));
  return [environment['PLATFORM_TEST_PYTHON'], awsPython, ...beside].find(
    (python) => python !== undefined && existsSync(join(dirname(python), 'ansible-playbook')),
  );
}
const python = findPython();
if (python === undefined)
  stderr.write('SKIPPED: Ansible syntax, inspector and rendering; no Python with ansible-core\n');

function run(program: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const bin = dirname(python ?? '');
  const result = spawnSync(join(bin, program), args, {
    encoding: 'utf8',
    timeout: 100_000,
    env: {
      PATH: `${bin}${delimiter}${environment['PATH']}`,
      HOME: temporaryFolder(),
      LC_ALL: 'C.UTF-8',
      ANSIBLE_CONFIG: join(tree, 'ansible.cfg'),
      ...variables,
    },
  });
  return { code: result.status, stdout: result.stdout, text: `${result.stdout}${result.stderr}` };
}

interface Inspection {
  readonly plays: readonly {
    name: string;
    hosts: readonly string[];
    tasks: readonly { name: string; role: string | null }[];
  }[];
  readonly undefined: readonly { file: string; line: number; task: string; variable: string; via: string | null }[];
  readonly unresolved: readonly unknown[];
}

function inspect(inventory: string, playbook: string, variables: string): { code: number | null; found: Inspection } {
  const script = join(tree, 'checks/undefined_variables.py');
  const { code, stdout } = run('python3', [script, '--inventory', inventory, '--extra-vars', variables, playbook]);
  return { code, found: JSON.parse(stdout) as Inspection };
}

const playbooks = readdirSync(join(tree, 'playbooks')).filter((file) => file.endsWith('.yml'));
const files = readdirSync(tree, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /\.(yml|j2|py|cfg)$/.test(file),
);

describe('the Ansible tree', () => {
  // Catalogue C7, C10, C18, C19 and the swallowed errors of the scripts that came before.
  const forbidden: readonly (readonly [string, RegExp])[] = [
    ['a blind pause', /^\s*(ansible\.builtin\.)?pause:|\bsleep\b/m],
    [
      'wait_for with nothing but a time',
      /wait_for:\s*(\{\s*timeout[^,}]*\}|\n\s+timeout:[^\n]*\n(?!\s+(host|port|path):))/,
    ],
    ['ignored errors', /ignore_errors:|ignore_unreachable:|failed_when:\s*false|\|\|\s*true\b/],
    ['a reset', /kubeadm\s+reset|state:\s*absent\s*\n\s*path:\s*\/(etc\/cni|opt\/cni|var\/lib\/etcd|etc\/kubernetes)/],
    ['a shell', /^\s*(ansible\.builtin\.)?(shell|raw):/m],
    ['a sandbox branch', /\bsandbox\s*(\||==|is\b)|if sandbox|when:.*\bis_sandbox/],
  ];

  /** The one place that may destroy; nothing but its own playbook leads there. */
  const reset = (file: string) => file.startsWith('roles/node_reset/');

  test.each(forbidden)('has no %s', (what, pattern) => {
    const judged = what === 'a reset' ? files.filter((file) => !reset(file)) : files;
    expect(judged.filter((file) => pattern.test(readFileSync(join(tree, file), 'utf8')))).toEqual([]);
  });

  test('resets a machine only by the playbook that is for that', () => {
    const leading = files.filter(
      (file) => !reset(file) && readFileSync(join(tree, file), 'utf8').includes('node_reset\n'),
    );
    expect(leading).toEqual(['playbooks/node-reset.yml']);
    expect(readFileSync(join(tree, 'playbooks/site.yml'), 'utf8')).not.toContain('node-reset');
  });

  test('hides every task that handles a token or a key', () => {
    const secret = /kubeadm token create|certificate-key|upload-certs|openssl rand|kubeadm join --config/;
    const tasks = files
      .filter((file) => file.includes('/tasks/'))
      .flatMap((file) => readFileSync(join(tree, file), 'utf8').split(/^\s*- name: /m))
      .filter((task) => secret.test(task));
    expect(tasks.length).toBeGreaterThan(5);
    expect(tasks.filter((task) => !task.includes('no_log: true'))).toEqual([]);
  });
});

describe.skipIf(python === undefined)('with Ansible', () => {
  test.each(playbooks)('%s has no syntax error and no undefined variable', (playbook) => {
    const path = join(tree, 'playbooks', playbook);
    const inventory = join(fixtures, 'three.yml');
    const variables = join(fixtures, 'variables.json');
    expect(run('ansible-playbook', ['-i', inventory, '-e', `@${variables}`, '--syntax-check', path])).toMatchObject({
      code: 0,
    });
    const { code, found } = inspect(inventory, path, variables);
    expect({ code, undefined: found.undefined, unresolved: found.unresolved }).toEqual({
      code: 0,
      undefined: [],
      unresolved: [],
    });
  });

  test('every machine is reached: the first control plane starts, all others join', () => {
    const { found } = inspect(
      join(fixtures, 'three.yml'),
      join(tree, 'playbooks/site.yml'),
      join(fixtures, 'variables.json'),
    );
    const [lock, base, first, controlPlanes, workers] = found.plays.map((play) => play.hosts.toSorted());
    const all = ['k8s-master-1', 'k8s-master-2', 'k8s-master-3', 'k8s-worker-1'];
    expect({ lock, base, first, controlPlanes, workers }).toEqual({
      lock: all,
      base: all,
      first: ['k8s-master-1'],
      controlPlanes: ['k8s-master-2', 'k8s-master-3'],
      workers: ['k8s-worker-1'],
    });
  });

  test('a reset that does not name its one machine changes nothing', () => {
    const bare = join(tree, 'playbooks/node-reset.yml');
    const inventory = join(fixtures, 'three.yml');
    const local = [
      '-e',
      'ansible_connection=local',
      '-e',
      'ansible_become=false',
      '-e',
      'ansible_python_interpreter=/nowhere',
    ];
    const call = ['-i', inventory, '-e', `@${join(fixtures, 'variables.json')}`, ...local];
    for (const more of [
      [],
      ['--limit', 'k8s-worker-1'],
      ['--limit', 'k8s-worker-1', '-e', 'node_reset_machine=k8s-master-1'],
      ['-e', 'node_reset_machine=k8s-worker-1'],
    ]) {
      const { code, text } = run('ansible-playbook', [...call, ...more, bare]);
      expect({ more, code, refused: text.includes('Nothing was changed') }).toEqual({ more, code: 2, refused: true });
      expect(text).not.toMatch(/changed=[1-9]|ok=[1-9]/);
    }
  });

  test('a play without hosts is listed and judged by nothing', () => {
    const { code, found } = inspect(
      join(fixtures, 'one.yml'),
      join(tree, 'playbooks/join.yml'),
      join(fixtures, 'variables.json'),
    );
    expect({ code, hosts: found.plays.map((play) => play.hosts) }).toEqual({
      code: 0,
      hosts: [[], ['k8s-worker-1', 'k8s-storage']],
    });
  });

  test('a missing extra variable is found, with task and line', () => {
    const variables = join(temporaryFolder(), 'variables.json');
    const { service_cidr: _, ...rest } = JSON.parse(readFileSync(join(fixtures, 'variables.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    writeFileSync(variables, JSON.stringify(rest));
    const { code, found } = inspect(join(fixtures, 'one.yml'), join(tree, 'playbooks/control-plane.yml'), variables);
    expect(code).toBe(1);
    expect(found.undefined.map(({ variable, task }) => [variable, task])).toEqual([
      ['service_cidr', 'control_plane : Write the configuration of kubeadm'],
    ]);
    expect(found.undefined[0]?.line).toBeGreaterThan(1);
  });

  test('a foreign tree of one site.yml with an INI inventory is understood', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'roles/common/tasks'), { recursive: true });
    mkdirSync(join(folder, 'roles/common/defaults'), { recursive: true });
    writeFileSync(
      join(folder, 'hosts.ini'),
      '[masters]\nm1 private_ip=10.0.0.1\n[workers]\nw1\n[nodes:children]\nmasters\nworkers\n',
    );
    writeFileSync(join(folder, 'vars.json'), '{"vpc_id": "vpc-1"}');
    writeFileSync(join(folder, 'roles/common/defaults/main.yml'), 'zone: "{{ zone_source }}"\n');
    writeFileSync(
      join(folder, 'roles/common/tasks/main.yml'),
      [
        '- name: Fine',
        '  debug: { msg: "{{ vpc_id }} {{ asked | default(1) }} {{ item.a }}" }',
        '  loop: [{ a: 1 }]',
        '- name: Guarded',
        '  command: "echo {{ guarded }}"',
        '  when: guarded is defined',
        '- name: Registered',
        '  command: uptime',
        '  register: uptime_result',
        '  until: uptime_result.rc == 0',
        '- name: Through a default',
        '  debug: { msg: "{{ zone }} {{ uptime_result.stdout }}" }',
        '',
      ].join('\n'),
    );
    writeFileSync(
      join(folder, 'site.yml'),
      [
        '- hosts: nodes',
        '  roles: [common]',
        '- hosts: masters',
        '  tasks:',
        '    - set_fact: { only_on_masters: 1 }',
        '- hosts: workers',
        '  tasks:',
        '    - name: Elsewhere',
        '      debug: { msg: "{{ only_on_masters }} {{ private_ip }} {{ item }}" }',
        '',
      ].join('\n'),
    );
    const { found } = inspect(join(folder, 'hosts.ini'), join(folder, 'site.yml'), join(folder, 'vars.json'));
    expect(
      found.undefined.map(({ task, variable, via }) => `${task}: ${variable}${via ? ` via ${via}` : ''}`).toSorted(),
    ).toEqual([
      'Elsewhere: item',
      'Elsewhere: only_on_masters',
      'Elsewhere: private_ip',
      'common : Through a default: zone_source via zone',
    ]);
    expect(found.plays.map((play) => play.hosts)).toEqual([['m1', 'w1'], ['m1'], ['w1']]);
  });

  test.each(['one', 'three'])('renders what is on file for %s control plane(s)', (name) => {
    const folder = temporaryFolder();
    const rendered = run('ansible-playbook', [
      '-i',
      join(fixtures, `${name}.yml`),
      '-e',
      `@${join(fixtures, 'variables.json')}`,
      '-e',
      `render_directory=${folder}`,
      join(tree, 'checks/render.yml'),
    ]);
    expect(rendered).toMatchObject({ code: 0 });
    const expected = readdirSync(join(golden, name));
    expect(expected.length).toBeGreaterThan(3);
    const texts = new Map(
      readdirSync(folder).flatMap((file) =>
        Object.entries(JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, string>).map(
          ([part, text]) => [`${file.replace(/json$/, '')}${part}`, text] as const,
        ),
      ),
    );
    if (update) for (const file of expected) writeFileSync(join(golden, name, file), texts.get(file) ?? '');
    const onFile = expected.map((file) => [file, readFileSync(join(golden, name, file), 'utf8')] as const);
    expect(Object.fromEntries(expected.map((file) => [file, texts.get(file)]))).toEqual(Object.fromEntries(onFile));
  });

  test('the callback writes whole events, and nothing of what a task hides', () => {
    const folder = temporaryFolder();
    const events = join(folder, 'events.ndjson');
    writeFileSync(
      join(folder, 'play.yml'),
      [
        '- name: Events',
        '  hosts: localhost',
        '  gather_facts: false',
        '  vars: { ansible_python_interpreter: "{{ ansible_playbook_python }}" }',
        '  tasks:',
        '    - name: Items',
        '      ansible.builtin.debug: { msg: "{{ item }}" }',
        '      loop: [a, b]',
        '    - name: Left out',
        '      ansible.builtin.debug: { msg: never }',
        '      when: false',
        '    - name: Hidden',
        '      ansible.builtin.fail: { msg: topsecret }',
        '      no_log: true',
        '',
      ].join('\n'),
    );
    const ended = run('ansible-playbook', ['-i', 'localhost,', '-c', 'local', join(folder, 'play.yml')], {
      PLATFORM_ANSIBLE_EVENTS: events,
    });
    expect(ended.code).toBe(2);
    const text = readFileSync(events, 'utf8');
    expect(text).not.toContain('topsecret');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['type']).join(' ')).toBe(
      'start play task begin item item result task begin result task begin result stats',
    );
    expect(lines.filter((line) => line['type'] === 'result')).toMatchObject([
      { task: 'Items', host: 'localhost', status: 'ok', changed: false, path: `${join(folder, 'play.yml')}:6` },
      { task: 'Left out', status: 'skipped' },
      { task: 'Hidden', status: 'failed', msg: null },
    ]);
    expect(lines.at(-1)).toMatchObject({ hosts: { localhost: { ok: 1, failures: 1, skipped: 1 } } });
  });
});
