import { describe, expect, test } from 'vitest';
import { charts, manifests, playbooks, terraformTrees } from '../../../src/checks/trees.ts';
import { PlatformError } from '../../../src/errors.ts';
import type { PlaybookInspection, Release } from '../../../src/tools/ports.ts';
import { askCheck, awsConfig, said } from '../../helpers/ask-check.ts';

const here = {
  digest: async () => 'digest',
  withFiles: async <T>(_: object, work: (folder: string) => Promise<T>) => work('/tmp/sample'),
};

describe('terraform', () => {
  test('problems come with file and line (catalogue A25)', async () => {
    const validate = async ({ name }: { name: string }) =>
      name === 'cluster' ? [{ message: 'Duplicate resource', file: 'machines.tf', line: 4 }] : [];
    const result = await askCheck(terraformTrees, { terraform: { validate } }, awsConfig(), 'doctor');
    expect(said(result)).toEqual(['error: machines.tf:4: Duplicate resource']);
  });

  test('is not asked before a run, which plans both roots anyway', async () => {
    expect((await askCheck(terraformTrees, {})).state).toBe('skipped');
  });

  test("a tree of the user's own is the one that is judged", async () => {
    const seen: string[] = [];
    const validate = async ({ directory }: { directory: string }) => {
      seen.push(directory);
      return [];
    };
    await askCheck(
      terraformTrees,
      { terraform: { validate } },
      awsConfig({ terraform: { dir: '/own', vars: {}, outputs: {} } }),
      'doctor',
    );
    expect(seen).toEqual(['/own']);
  });
});

describe('playbooks', () => {
  const reaching = (
    hosts: readonly string[],
    undefinedVariables: PlaybookInspection['undefinedVariables'] = [],
  ): PlaybookInspection => ({
    plays: [{ name: 'play', hosts, tasks: [] }],
    undefinedVariables,
  });
  const nodes = Object.keys(awsConfig().nodes);
  const asked = (inspect: () => Promise<PlaybookInspection>) =>
    askCheck(playbooks, { ansible: { inspect }, workplace: here }, awsConfig(), 'doctor');

  test('hold when they reach every node', async () => {
    expect((await asked(async () => reaching(nodes))).state).toBe('holds');
  });

  test('a node that no play is for is an error (catalogue A22)', async () => {
    expect(said(await asked(async () => reaching(nodes.slice(0, -1))))).toEqual([
      'error: no playbook has a play for k8s-storage',
    ]);
  });

  test('an undefined variable is told once, with its place (catalogue A24)', async () => {
    const lost = [{ file: 'roles/cni/tasks/main.yml', line: 9, task: 'Apply', variable: 'pod_cidrs' }];
    expect(said(await asked(async () => reaching(nodes, lost)))).toEqual([
      'error: roles/cni/tasks/main.yml:9: pod_cidrs is not defined (task "Apply")',
    ]);
  });

  test('a syntax error is a finding (catalogue A16)', async () => {
    const broken = new PlatformError('CONTRACT_BROKEN', {
      message: "roles/x.yml:3: did not find expected '-'",
      next: ['mend it'],
    });
    const result = await asked(async () => Promise.reject(broken));
    expect(said(result)).toContain("error: roles/x.yml:3: did not find expected '-'");
  });

  test('the shipped tree is not asked about before a run', async () => {
    expect((await askCheck(playbooks, { workplace: here })).state).toBe('skipped');
  });

  test("a tree of the user's own is", async () => {
    const own = awsConfig({ ansible: { dir: '/own', playbooks: { site: 'site.yml' }, groups: {} } });
    const seen: string[] = [];
    const inspect = async ({ playbook }: { playbook: string }) => {
      seen.push(playbook);
      return reaching(nodes);
    };
    await askCheck(playbooks, { ansible: { inspect }, workplace: here }, own);
    expect(seen).toEqual(['/own/site.yml']);
  });
});

describe('charts', () => {
  const templates = { text: async (file: string) => `# ${file}` };

  test('each release of the configuration is rendered with its pin', async () => {
    const seen: Release[] = [];
    const template = async (release: Release) => {
      seen.push(release);
      return '';
    };
    const result = await askCheck(
      charts,
      { helm: { template }, templates },
      awsConfig({ addons: ['ebs-csi', 'cert-manager'] }),
    );
    expect(result.state).toBe('holds');
    expect(seen.map(({ name, values }) => [name, values])).toEqual([
      ['aws-ebs-csi-driver', '# ebs-csi/values.yaml'],
      ['cert-manager', '# cert-manager/values.yaml'],
    ]);
  });

  test('every chart that fails is told, not only the first (catalogue D11)', async () => {
    const template = async ({ chart }: Release) =>
      Promise.reject(new PlatformError('TOOL_FAILED', { message: `no ${chart}`, next: ['look'] }));
    const result = await askCheck(
      charts,
      { helm: { template }, templates },
      awsConfig({ addons: ['ebs-csi', 'cert-manager'] }),
    );
    expect(result.findings.length).toBe(2);
  });
});

test('a manifest that is not the pinned one is an error', async () => {
  const objects = async () =>
    Promise.reject(new PlatformError('CONTRACT_BROKEN', { message: 'the checksum differs', next: ['pin it anew'] }));
  expect(said(await askCheck(manifests, { downloads: { objects } }))).toEqual(['error: the checksum differs']);
});
