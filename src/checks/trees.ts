import type { PlatformConfig } from '../config/config.ts';
import { isPlatformError } from '../errors.ts';
import type { PlaybookInspection } from '../tools/ports.ts';
import { playFor } from '../steps/build/playbook.ts';
import { filesOf, type InventorySources } from '../steps/inventory-files.ts';
import { type Check, type CheckContext, error, type Finding } from './check.ts';
import { forgottenGroups } from './contract.ts';
import { pinsOf, renderings, renderingSubject, sample, sourceOf } from './renderings.ts';

export const terraformTrees: Check = {
  id: 'terraform',
  title: 'Terraform trees are valid',
  needs: 'tools',
  // Loading the provider takes seconds, and every run plans both roots before it makes anything of them.
  when: 'doctor',
  catalogue: ['A3', 'A25'],
  run: async ({ config, terraform, signal }) => {
    const found = await Promise.all(
      rootsOf(config).map(async ({ name, directory }) => {
        const problems = await terraform.validate({ name, directory, variables: {} }, signal);
        return problems.map(({ message, file, line }) =>
          error(
            `${file === undefined ? directory : `${file}${line === undefined ? '' : `:${line}`}`}: ${message}`,
            `mend ${file ?? directory}`,
          ),
        );
      }),
    );
    return found.flat();
  },
};

function rootsOf({
  terraform,
  program,
}: PlatformConfig): readonly { readonly name: string; readonly directory: string }[] {
  return terraform.dir === undefined
    ? ['foundation', 'cluster'].map((name) => ({ name, directory: `${program}/terraform/${name}` }))
    : [{ name: 'cluster', directory: terraform.dir }];
}

export const playbooks: Check = {
  id: 'playbooks',
  title: 'Playbooks parse, reach every node and know their variables',
  needs: 'tools',
  when: 'when-changed',
  catalogue: ['A16', 'A17', 'A20', 'A22', 'A24', 'A30'],
  subject: async ({ config, terraform, workplace }) => ({
    tree: config.digests.ansible,
    playbooks: { ...config.ansible.playbooks },
    files: (await sampleFiles(config, terraform)).map(([, text]) => text),
    programs: await workplace.programs(),
  }),
  run: async ({ ansible, config, purpose, signal, terraform, workplace }) => {
    if (purpose !== 'doctor' && isShipped(config))
      return { skipped: 'the tree of this version, which its own tests prove; platform doctor asks anyway' };
    const texts = Object.fromEntries(
      (await sampleFiles(config, terraform)).map(([path, text]) => [path.slice(1), text]),
    );
    return workplace.withFiles(texts, async (folder) => {
      const inventory = { inventory: `${folder}/inventory.yml`, variables: `${folder}/variables.json` };
      const plays = new Map(
        stepsWithPlaybooks(config).map((step) => {
          const play = playFor(config, step, inventory);
          return [play.playbook, play];
        }),
      );
      const found = await Promise.all(
        [...plays.values()].map(async (play) => {
          try {
            return await ansible.inspect(play, signal);
          } catch (problem) {
            if (isPlatformError(problem) && problem.code === 'CONTRACT_BROKEN')
              return error(problem.message, ...problem.next);
            throw problem;
          }
        }),
      );
      const inspections = found.filter((one): one is PlaybookInspection => 'plays' in one);
      const broken = found.filter((one): one is Finding => 'level' in one);
      return [
        ...broken,
        ...undefinedVariables(inspections),
        ...(broken.length > 0 ? [] : [...unreached(config, inspections), ...forgottenGroups(config, inspections)]),
      ];
    });
  },
};

const isShipped = ({ ansible }: PlatformConfig): boolean =>
  ansible.dir === undefined && Object.keys(ansible.playbooks).length === 0 && Object.keys(ansible.groups).length === 0;

const stepsWithPlaybooks = (config: PlatformConfig): readonly string[] => [
  'node-base',
  'control-plane',
  'join',
  'cni',
  ...(config.addons.includes('etcd-backup') ? ['etcd-backup'] : []),
];

/**
 * Inventory and variables as a build would derive them, below `/`, with addresses of TEST-NET-3 (RFC 5737), which leads nowhere; what a tree's own inventory would say is empty text. */
async function sampleFiles(
  config: PlatformConfig,
  terraform: CheckContext['terraform'],
): Promise<readonly (readonly [string, string])[]> {
  const { dir, outputs } = config.terraform;
  const printed =
    dir === undefined || outputs['inventory'] === undefined
      ? []
      : (await terraform.declared({ name: 'cluster', directory: dir, variables: {} })).printed;
  const further = printed.filter((name) => !name.startsWith('ansible_'));
  const variables = Object.fromEntries(further.map((name) => [name, '']));
  const nodes: InventorySources['infrastructure']['nodes'] = Object.fromEntries(
    Object.keys(config.nodes).map((name, index) => [
      name,
      {
        id: `i-${index}`,
        privateAddress: `203.0.113.${index + 1}`,
        publicAddress: `203.0.113.${index + 101}`,
        zone: `${config.region}a`,
        ...(further.length > 0 ? { variables } : {}),
      },
    ]),
  );
  const infrastructure = { vpc: sample.vpc, certificate: null, nodes };
  return filesOf(config, { backend: sample, infrastructure, addresses: {} }, '').files;
}

function undefinedVariables(inspections: readonly PlaybookInspection[]): readonly Finding[] {
  const texts = inspections.flatMap(({ undefinedVariables: found }) =>
    found.map(({ file, line, task, variable }) => `${file}:${line}: ${variable} is not defined (task "${task}")`),
  );
  return [...new Set(texts)].map((text) => error(text, 'define it in the tree, or mend its name'));
}

/** Nodes that no play would touch: a cluster once had two of six workers, and the run was green (catalogue A22). */
function unreached(config: PlatformConfig, inspections: readonly PlaybookInspection[]): readonly Finding[] {
  const reached = new Set(inspections.flatMap(({ plays }) => plays.flatMap(({ hosts }) => hosts)));
  return Object.keys(config.nodes)
    .filter((name) => !reached.has(name))
    .map((name) =>
      error(
        `no playbook has a play for ${name}`,
        'compare `hosts:` of the playbooks with the groups (ansible.groups in platform.yaml maps them)',
      ),
    );
}

export const charts: Check = {
  id: 'charts',
  title: 'Charts resolve and accept our values',
  needs: 'tools',
  when: 'when-changed',
  catalogue: ['D11'],
  subject: renderingSubject,
  run: async (ctx) =>
    (await renderings(ctx)).flatMap(({ release, problem }) =>
      problem === undefined ? [] : [error(`${release.chart} ${release.version}: ${problem.message}`, ...problem.next)],
    ),
};

export const manifests: Check = {
  id: 'manifests',
  title: 'Pinned manifests can be fetched and are the pinned ones',
  needs: 'config',
  when: 'when-changed',
  catalogue: ['C15', 'D13'],
  subject: async ({ config }) => ({
    pins: pinsOf(config).map((pin) => ({ ...pin })),
    source: sourceOf(config, 'manifests'),
  }),
  run: async ({ config, downloads, signal }) => {
    await downloads.objects(pinsOf(config), signal);
    return [];
  },
};
