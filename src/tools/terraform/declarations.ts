import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TerraformDeclarations } from '../ports.ts';
import { topBlocks } from './blocks.ts';
import { readSources } from './sources.ts';

/** Reads what a root declares from the files of its own folder, `.tf` and `.tf.json`; modules below it do not count. */
export async function readDeclarations(
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<TerraformDeclarations> {
  const { files } = await readSources(directory);
  const outputs = new Set<string>();
  const variables = new Map<string, boolean>();
  const printed = new Set<string>();
  const given = new Set(Object.keys(environment).map((name) => name.replace(/^TF_VAR_/, '')));
  for (const [path, text] of files) {
    if (dirname(path) !== directory) continue;
    const name = basename(path);
    if (/^(?:terraform|.*\.auto)\.tfvars$/.test(name)) addAll(given, assigned(text));
    else if (/^(?:terraform|.*\.auto)\.tfvars\.json$/.test(name)) addAll(given, Object.keys(objectOf(parsed(text))));
    else if (name.endsWith('.tf.json')) {
      const { output, variable } = objectOf(parsed(text));
      addAll(outputs, Object.keys(objectOf(output)));
      for (const [each, body] of Object.entries(objectOf(variable))) variables.set(each, 'default' in objectOf(body));
    } else if (name.endsWith('.tf')) {
      for (const template of [text, ...(await templatesOf(directory, text))]) addAll(printed, assignedInText(template));
      for (const { type, labels, body } of topBlocks(text)) {
        const [label = ''] = labels;
        if (type === 'output') outputs.add(label);
        if (type === 'variable') variables.set(label, assigned(body).includes('default'));
      }
    }
  }
  return {
    outputs: [...outputs],
    variables: [...variables.keys()],
    open: [...variables].filter(([name, hasDefault]) => !hasDefault && !given.has(name)).map(([name]) => name),
    printed: [...printed],
  };
}

/** The texts of the template files that a file names; one that is not there is Terraform's to complain about. */
async function templatesOf(directory: string, text: string): Promise<readonly string[]> {
  const names = [...text.matchAll(/templatefile\(\s*"(?:\$\{path\.(?:module|root|cwd)\}\/)?([^"$]+)"/g)];
  return await Promise.all(
    names.map(async ([, name = '']) => await readFile(join(directory, name), 'utf8').catch(() => '')),
  );
}

/** Terraform's own assignments have blanks around the sign, those of an inventory have none. */
const assignedInText = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w$.])([A-Za-z_]\w*)=(?=[^\s=])/g)].map(([, name = '']) => name);

const assigned = (text: string): readonly string[] =>
  [...text.matchAll(/^[ \t]*"?([\w-]+)"?[ \t]*=(?!=)/gm)].map(([, name = '']) => name);

function addAll(set: Set<string>, names: readonly string[]): void {
  for (const name of names) set.add(name);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Terraform itself says where a file cannot be read.
    return {};
  }
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
