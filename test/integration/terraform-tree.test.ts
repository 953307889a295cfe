import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, globSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, parse } from 'node:path';
import { stderr } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { environment } from '../helpers/environment.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const tree = join(repository, 'terraform');

/** What the steps hand in and read out. An output that vanishes breaks a step long after the apply (catalogue A8, A22). */
const contract = {
  foundation: {
    variables: ['cluster_id', 'data_bucket', 'domain', 'elastic_ips', 'environment', 'hosted_zone', 'region'],
    outputs: ['bucket', 'certificate_arn', 'elastic_ips', 'zone_id'],
    // Slow in the provider, and done by steps of ours instead.
    absent: ['aws_s3_bucket_lifecycle_configuration', 'aws_acm_certificate_validation', 'aws_eip_association'],
  },
  cluster: {
    variables: [
      'allow',
      'api_port',
      'cluster_id',
      'data_bucket',
      'environment',
      'image',
      'nodes',
      'region',
      'ssh_public_key',
      'vpc_cidr',
    ],
    outputs: [
      'instance_profile',
      'key_name',
      'key_pair_id',
      'nodes',
      'role_id',
      'security_group_id',
      'subnet_ids',
      'vpc_id',
    ],
    absent: ['aws_eip', 'aws_eip_association', 'aws_iam_policy', 'map_public_ip_on_launch', 'volume_tags'],
  },
} as const;

const roots = Object.entries(contract);

const sourceOf = (root: string): string =>
  readdirSync(join(tree, root))
    .filter((file) => file.endsWith('.tf'))
    .map((file) => readFileSync(join(tree, root, file), 'utf8').replaceAll(/^\s*#.*$/gm, ''))
    .join('\n');

const namesOf = (kind: 'variable' | 'output', source: string): readonly string[] =>
  [...source.matchAll(new RegExp(`^${kind} "([a-z_]+)" \\{$`, 'gm'))].map((match) => match[1] ?? '').toSorted();

/** Folders that hold the AWS provider unpacked, for machines that do not reach a registry. */
const mirrors = [parse(repository).root + 'opt/*', join(environment['HOME'] ?? '', '.terraform.d/plugins')]
  .flatMap((pattern) => globSync(pattern))
  .filter((folder) => existsSync(join(folder, 'registry.terraform.io/hashicorp/aws')));

const works = (program: string): boolean => spawnSync(program, ['--version'], { timeout: 20_000 }).status === 0;
const terraform = works('terraform');
const missing = terraform ? (mirrors.length > 0 ? undefined : 'no folder holds the AWS provider') : 'no terraform';

if (missing !== undefined) stderr.write(`SKIPPED: terraform validate of both roots; ${missing}\n`);

function run(program: string, args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 300_000,
    env: { PATH: environment['PATH'], HOME: environment['HOME'], CHECKPOINT_DISABLE: '1', ...variables },
  });
  return { code: result.status, text: `${result.stdout}${result.stderr}` };
}

describe.each(roots)('Terraform root %s', (root, { variables, outputs, absent }) => {
  test('has the variables and outputs of the contract, no more and no fewer', () => {
    const source = sourceOf(root);
    expect({ variables: namesOf('variable', source), outputs: namesOf('output', source) }).toEqual({
      variables,
      outputs,
    });
  });

  test('leaves out what makes the provider wait or claims what others own', () => {
    const source = sourceOf(root);
    expect(absent.filter((word) => new RegExp(`\\b${word}\\b"? ?[="{]`).test(source))).toEqual([]);
    expect(source).toContain('backend "s3" {}');
  });

  test('tags everything at birth with the three marks of ownership', () => {
    const marks = [
      '"platform/cluster"',
      '"platform/environment"',
      '"kubernetes.io/cluster/${var.cluster_id}" = "owned"',
    ];
    expect(marks.filter((mark) => !sourceOf(root).includes(mark))).toEqual([]);
    expect(sourceOf(root)).toMatch(/default_tags \{\s+tags = local\.ownership/);
  });

  test.skipIf(!terraform)('is formatted', () => {
    expect(run('terraform', ['fmt', '-check', '-diff', join(tree, root)])).toEqual({ code: 0, text: '' });
  });

  test.skipIf(missing !== undefined)('is valid for the real provider', () => {
    const folder = temporaryFolder();
    cpSync(join(tree, root), join(folder, root), { recursive: true });
    const configuration = join(folder, 'terraform.rc');
    const methods = mirrors.map((path) => `filesystem_mirror {\n path = ${JSON.stringify(path)}\n}`);
    writeFileSync(configuration, `provider_installation {\n${methods.join('\n')}\n}\n`);
    const at = { TF_CLI_CONFIG_FILE: configuration, TF_DATA_DIR: join(folder, 'data') };
    const init = run('terraform', [`-chdir=${join(folder, root)}`, 'init', '-backend=false', '-no-color'], at);
    expect(init).toMatchObject({ code: 0 });
    const validate = run('terraform', [`-chdir=${join(folder, root)}`, 'validate', '-json'], at);
    expect(JSON.parse(validate.text)).toMatchObject({ valid: true, diagnostics: [] });
  });
});

describe.each(['plan', 'build', 'destroy'])('IAM policy %s.json', (name) => {
  const text = readFileSync(join(repository, `templates/iam/${name}.json`), 'utf8');
  const statements = (
    JSON.parse(text) as {
      Statement: readonly { Sid: string; Action: readonly string[]; Resource: unknown; Condition?: unknown }[];
    }
  ).Statement;

  test('names every action in full, once per statement, and fits into a managed policy', () => {
    const odd = statements.flatMap(({ Action }) =>
      Action.filter((action, index) => !/^[a-z0-9]+:[A-Za-z]+$/.test(action) || Action.indexOf(action) !== index),
    );
    expect(odd).toEqual([]);
    expect(text.replaceAll(/\s/g, '').length).toBeLessThan(6144);
    expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(statements.length);
  });

  test('knows no placeholder but the five that its README explains', () => {
    const known = new Set(['partition', 'account', 'region', 'name', 'domain']);
    expect(
      [...text.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1] ?? '').filter((one) => !known.has(one)),
    ).toEqual([]);
  });

  test('writes nothing unbounded', () => {
    const reads = /:(Describe|Get|List|Simulate)/;
    const unbounded = statements.filter(
      ({ Action, Resource, Condition }) =>
        Resource === '*' && Condition === undefined && Action.some((action) => !reads.test(action)),
    );
    expect(unbounded).toEqual([]);
  });
});

test('plan.json only reads', () => {
  const actions = [
    ...readFileSync(join(repository, 'templates/iam/plan.json'), 'utf8').matchAll(/"([a-z0-9]+:[A-Z]\w+)"/g),
  ];
  expect(actions.length).toBeGreaterThan(40);
  expect(actions.map((match) => match[1] ?? '').filter((one) => !/:(Describe|Get|List|Simulate)/.test(one))).toEqual(
    [],
  );
});

describe('destroy.json', () => {
  const { Statement: statements } = JSON.parse(
    readFileSync(join(repository, 'templates/iam/destroy.json'), 'utf8'),
  ) as {
    Statement: readonly {
      Sid: string;
      Action: readonly string[];
      Resource: string | readonly string[];
      Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    }[];
  };
  const makes = /:(Create|Run|Allocate|Import|Attach)/;
  const listed = (resource: string | readonly string[]): readonly string[] =>
    typeof resource === 'string' ? [resource] : resource;

  test('deletes only by a mark of ours, by a name of ours, or exactly in DNS', () => {
    const marks = ['aws:ResourceTag/platform/cluster', 'aws:ResourceTag/elbv2.k8s.aws/cluster'];
    const loose = statements.filter(({ Action, Resource, Condition }) => {
      const byMark = marks.some((mark) => Condition?.['StringLike']?.[mark] === '${name}-*');
      const byName = listed(Resource).every((resource) => resource.includes('${name}'));
      const deletes = Condition?.['ForAllValues:StringEquals']?.['route53:ChangeResourceRecordSetsActions'];
      const onlyFrees = Action.every((action) => action === 'ec2:DisassociateAddress');
      const onlyMakes = Action.every((action) => makes.test(action));
      return !byMark && !byName && !onlyFrees && !onlyMakes && JSON.stringify(deletes) !== '["DELETE"]';
    });
    expect(loose.map(({ Sid }) => Sid)).toEqual([]);
  });

  test('cannot touch the state bucket but for its objects, nor make anything but tagged snapshots of our volumes', () => {
    const onBucket = statements.filter(({ Resource }) =>
      listed(Resource).some((resource) => /platform-state-[^/]*$/.test(resource)),
    );
    expect(onBucket).toEqual([]);
    const making = statements.filter(({ Action }) => Action.some((action) => makes.test(action)));
    expect(
      making.map(({ Sid, Action, Resource }) => `${Sid}: ${Action.join()} on ${String(Resource).split(':').at(-1)}`),
    ).toEqual([
      'SaveVolumes: ec2:CreateSnapshot on volume/*',
      'MakeSnapshots: ec2:CreateSnapshot on snapshot/*',
      'TagSnapshotsAtBirth: ec2:CreateTags on snapshot/*',
    ]);
    expect(making.map(({ Condition }) => Condition?.['StringLike'])).toEqual([
      { 'aws:ResourceTag/platform/cluster': '${name}-*' },
      { 'aws:RequestTag/platform/cluster': '${name}-*' },
      { 'aws:RequestTag/platform/cluster': '${name}-*' },
    ]);
    expect(making.at(-1)?.Condition?.['StringEquals']).toEqual({ 'ec2:CreateAction': ['CreateSnapshot'] });
  });
});

/** Where IAM calls an action otherwise than the API does. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  's3:ListBuckets': ['s3:ListAllMyBuckets'],
  's3:HeadBucket': ['s3:ListBucket'],
  's3:ListObjectVersions': ['s3:ListBucketVersions'],
  's3:ListMultipartUploads': ['s3:ListBucketMultipartUploads'],
  's3:DeleteObjects': ['s3:DeleteObject', 's3:DeleteObjectVersion'],
};

test('every call of a teardown is allowed: reads by plan.json, deletions by destroy.json', () => {
  const folder = join(repository, 'src/tools/aws/estate');
  const calls = readdirSync(folder).flatMap((file) => {
    const source = readFileSync(join(folder, file), 'utf8');
    const service = /session\.service\('([a-z0-9]+)'\)/.exec(source)?.[1] ?? 'ec2';
    return [...source.matchAll(/\bsend\(\s*'(\w+)'/g)].map((match) => `${service}:${match[1] ?? ''}`);
  });
  expect(calls.length).toBeGreaterThan(60);
  const allowed = (name: string): ReadonlySet<string> =>
    new Set(
      [...readFileSync(join(repository, `templates/iam/${name}.json`), 'utf8').matchAll(/"([a-z0-9]+:[A-Z]\w+)"/g)].map(
        (match) => match[1] ?? '',
      ),
    );
  const [reads, deletions] = [allowed('plan'), allowed('destroy')];
  const isRead = (action: string): boolean => /:(Describe|Get|List|Head)/.test(action);
  const missing = calls
    .flatMap((call) => (otherNames[call] ?? [call]).map((action) => ({ call, action })))
    .filter(({ call, action }) => !(isRead(call) ? reads : deletions).has(action));
  expect(missing.map(({ action }) => action)).toEqual([]);
});
