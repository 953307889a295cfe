import { describe, expect, it } from 'vitest';
import { isPlatformError } from '../../../src/errors.ts';
import { load } from '../../helpers/configuration.ts';

const base = `apiVersion: platform/v1
name: shop
region: eu-west-1
kubernetes: "1.36"
access: { sshKey: ~/.ssh/shop, allow: [203.0.113.0/24] }
nodes:
  master: { role: control-plane, type: t3.large, disk: 40 }
  worker: { role: worker, type: t3.large, disk: 40 }
`;

function refusal(rest: string, environment?: string): string {
  try {
    load(base + rest, environment);
  } catch (error) {
    if (isPlatformError(error)) return error.message;
    throw error;
  }
  return 'it was accepted';
}

describe('a description of trees of the own', () => {
  it('is accepted with the names that the steps know', () => {
    const trees = `terraform: { dir: tf, vars: { region: aws_region }, outputs: { inventory: ansible_inventory } }
ansible: { dir: ansible, playbooks: { site: site.yml }, groups: { control_plane: masters, worker: storage } }
`;
    expect(load(base + trees).config.ansible).toMatchObject({ dir: '/project/ansible', groups: { worker: 'storage' } });
  });

  it.each([
    ['vars', 'terraform: { dir: tf, vars: { regoin: aws_region } }\n', 'terraform.vars.regoin', 'did you mean region?'],
    ['outputs', 'terraform: { dir: tf, outputs: { vpc: vpc } }\n', 'terraform.outputs.vpc', 'known here: vpc_id'],
    ['steps', 'ansible: { dir: a, playbooks: { joins: j.yml } }\n', 'ansible.playbooks.joins', 'did you mean join?'],
    ['groups and nodes', 'ansible: { dir: a, groups: { workr: w } }\n', 'ansible.groups.workr', 'did you mean worker'],
  ])('a name that nothing reads among %s is refused at its place', (_name, trees, place, suggestion) => {
    const said = refusal(trees);
    expect(said).toContain(place);
    expect(said).toContain('platform.yaml:9:');
    expect(said).toContain(suggestion);
  });

  it('a map without the tree that it describes is refused', () => {
    const said = refusal('terraform: { vars: { region: r } }\nansible: { groups: { workers: w } }\n');
    expect(said).toContain('add terraform.dir');
    expect(said).toContain('add ansible.dir');
  });
});

describe('a Terraform state of the own', () => {
  const state = 'state: { bucket: theirs, key: k8s/terraform.tfstate }\n';

  it('belongs to one environment of AWS only: the other would plan to remove what this one built', () => {
    const said = refusal(`${state}environments: { dev: {}, prod: {} }\n`, 'dev');
    expect(said).toContain('the Terraform state theirs/k8s/terraform.tfstate is already that of dev');
    expect(said).toContain('give prod a key of its own');
  });

  it('a sandbox beside it has an AWS of its own, and another key is another state', () => {
    expect(refusal(`${state}environments: { sandbox: { target: sandbox }, prod: {} }\n`, 'prod')).toBe(
      'it was accepted',
    );
    expect(refusal(`${state}environments: { dev: { state: { key: other } }, prod: {} }\n`, 'prod')).toBe(
      'it was accepted',
    );
  });
});
