import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { topBlocks } from '../../../../src/tools/terraform/blocks.ts';
import { readDeclarations } from '../../../../src/tools/terraform/declarations.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function tree(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'platform-declarations-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('blocks at the top of a file', () => {
  const names = (text: string) => topBlocks(text).map(({ type, labels }) => [type, ...labels].join(' '));

  it.each([
    [
      'one line and several',
      'output "a" { value = 1 }\noutput "b" {\n  value = { c = 2 }\n}\n',
      ['output a', 'output b'],
    ],
    ['labels without quotes', 'locals {\n}\nvariable a {}\n', ['locals', 'variable a']],
    ['comments of all kinds', '# output "a" {\n// output "b" {\n/* output "c" {\n} */\noutput "d" {}', ['output d']],
    ['braces in strings', 'output "a" {\n  value = "}{"\n}\noutput "b" {}', ['output a', 'output b']],
    [
      'strings within interpolations',
      'output "a" {\n  value = "${join("}", ["x", "${var.y}"])} }"\n}\noutput "b" {}',
      ['output a', 'output b'],
    ],
    [
      'an interpolation that is only text',
      'output "a" {\n  value = "$${ }"\n}\noutput "b" {}',
      ['output a', 'output b'],
    ],
    [
      'heredocs',
      'output "a" {\n  value = <<-EOT\n    output "no" {\n  EOT\n}\noutput "b" {}',
      ['output a', 'output b'],
    ],
    ['a text that breaks off', 'output "a" {\n  value = "', []],
  ])('%s', (_name, text, found) => {
    expect(names(text)).toEqual(found);
  });
});

describe('what a root declares', () => {
  it('outputs and variables of its own folder, in both languages, not those of its modules', async () => {
    const folder = tree({
      'main.tf': 'module "m" { source = "./m" }\noutput "vpc_id" { value = 1 }\nvariable "region" { default = "x" }\n',
      'more.tf.json': '{"output": {"certificate": {"value": 1}}, "variable": {"size": {}, "colour": {"default": 1}}}',
      'm/main.tf': 'output "inner" { value = 1 }\nvariable "inner" {}\n',
    });
    expect(await readDeclarations(folder, {})).toEqual({
      outputs: ['vpc_id', 'certificate'],
      variables: ['region', 'size', 'colour'],
      open: ['size'],
      printed: [],
    });
  });

  it('a variable is open until a tfvars file or the environment gives it a value', async () => {
    const folder = tree({
      'v.tf': ['a', 'b', 'c', 'd', 'e', 'f']
        .map((name) => `variable "${name}" {\n  validation {\n    default = 1\n  }\n}\n`)
        .join(''),
      'terraform.tfvars': 'a = "x"\n',
      'team.auto.tfvars': '  b=[1]\n',
      'more.auto.tfvars.json': '{"c": 1}',
      'prod.tfvars': 'e = 1\n',
    });
    expect((await readDeclarations(folder, { TF_VAR_d: 'x' })).open).toEqual(['e', 'f']);
  });

  it('the names that a rendered template sets are what an inventory may define', async () => {
    const folder = tree({
      'outputs.tf':
        'output "i" {\n  value = templatefile("${path.module}/t/hosts.tpl", { a = 1 })\n}\noutput "j" {\n  value = <<-EOT\n    n zone=${var.z}\n  EOT\n}\n',
      't/hosts.tpl': '[all:vars]\nansible_user=ubuntu\n[w]\n${x.name} private_ip=${x.ip} workload=w\n',
    });
    expect((await readDeclarations(folder, {})).printed.toSorted()).toEqual([
      'ansible_user',
      'private_ip',
      'workload',
      'zone',
    ]);
  });

  it('a folder that is not there declares nothing', async () => {
    expect(await readDeclarations(join(tree({}), 'gone'), {})).toEqual({
      outputs: [],
      variables: [],
      open: [],
      printed: [],
    });
  });
});
