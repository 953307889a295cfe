import type { Json } from '../../engine/types.ts';
import type { StateResource, TerraformRoot } from '../ports.ts';
import { parse } from './apply.ts';
import type { Terraform, TerraformOptions } from './call.ts';
import { explainTerraform } from './failures.ts';
import type { WorkingCopy } from './working-copy.ts';

/** Terraform's state, format 4, in the parts that we read (internal/states/statefile/version4.go); checked with 1.11.4. */
interface StoredState {
  readonly version?: number;
  readonly outputs?: Readonly<Record<string, { readonly value: Json }>>;
  readonly resources?: readonly {
    readonly module?: string;
    readonly mode: string;
    readonly type: string;
    readonly name: string;
    readonly instances?: readonly {
      readonly index_key?: string | number;
      readonly status?: string;
      /** What a replacement could not delete yet. */
      readonly deposed?: string;
      readonly attributes?: Readonly<Record<string, unknown>> | null;
      readonly attributes_flat?: Readonly<Record<string, unknown>> | null;
    }[];
  }[];
}

/**
 * What the state holds, by `state pull`: `show -json` would say the same, but starts every provider for its schema
 * (measured with the
 * AWS provider 5.100 on two busy cores: 4.9 s and 620 MB against 0.9 s and 63 MB).
 */
export async function readState(
  calls: Terraform,
  root: TerraformRoot,
  copy: WorkingCopy,
  signal: AbortSignal,
): Promise<readonly StateResource[]> {
  const exit = await calls.read(copy, ['state', 'pull'], { signal });
  if (exit.code !== 0) throw explainTerraform(root, 'state pull', exit);
  // No state yet: nothing is printed.
  return exit.stdout.trim() === '' ? [] : resourcesIn(parse(root, 'state pull', exit.stdout) as StoredState);
}

/**
 * The same from the bucket itself, where Terraform keeps it as one object: a teardown looks at both states in each of its steps, and
 * starting Terraform for it is slow on a busy machine. undefined where there is no such object, or it is not the format that we know, or it
 * cannot be read with these credentials: then Terraform is asked, which knows why.
 */
export async function readStored(
  options: Pick<TerraformOptions, 'readObject'>,
  root: Pick<TerraformRoot, 'backend'>,
): Promise<readonly StateResource[] | undefined> {
  const state = await storedState(options, root);
  return state && resourcesIn(state);
}

/** The outputs of the state, in the same way: `output` takes a second of processor time, for it weighs the provider's 700 MB against the lock file. */
export async function readStoredOutputs(
  options: Pick<TerraformOptions, 'readObject'>,
  root: Pick<TerraformRoot, 'backend'>,
): Promise<Readonly<Record<string, Json>> | undefined> {
  const state = await storedState(options, root);
  return state && Object.fromEntries(Object.entries(state.outputs ?? {}).map(([name, { value }]) => [name, value]));
}

async function storedState(
  { readObject }: Pick<TerraformOptions, 'readObject'>,
  { backend }: Pick<TerraformRoot, 'backend'>,
): Promise<StoredState | undefined> {
  if (readObject === undefined || backend === undefined) return undefined;
  try {
    const state = JSON.parse((await readObject(backend.bucket, backend.key)) ?? '{}') as StoredState;
    return state.version === 4 ? state : undefined;
  } catch {
    return undefined;
  }
}

/** One entry for each instance; what was deposed has the address of its successor and comes before it. */
export function resourcesIn(state: StoredState): readonly StateResource[] {
  return (state.resources ?? [])
    .filter(({ mode }) => mode === 'managed')
    .flatMap(({ module, type, name, instances = [] }) =>
      instances
        .toSorted((one, other) => Number(one.deposed === undefined) - Number(other.deposed === undefined))
        .map((instance) => ({
          address: `${module === undefined ? '' : `${module}.`}${type}.${name}${indexOf(instance.index_key)}`,
          type,
          id: idOf(instance.attributes ?? instance.attributes_flat ?? {}),
          tainted: instance.status === 'tainted',
          ...factsOf(type, instance.attributes ?? {}),
        })),
    );
}

function indexOf(key: string | number | undefined): string {
  if (key === undefined) return '';
  return typeof key === 'number' ? `[${key}]` : `[${quoted(key)}]`;
}

/** A string in Terraform's language. Its replacement is a function, because `$$` means `$` in a text that replaces. */
export const quoted = (text: string): string => JSON.stringify(text).replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);

/** Which attribute tells a thing from a later one of its name (terraform-provider-aws 5, attribute references). */
const telling: Readonly<Record<string, readonly [attribute: string, fact: string]>> = {
  aws_iam_role: ['unique_id', 'roleId'],
  aws_iam_instance_profile: ['unique_id', 'instanceProfileId'],
  aws_iam_policy: ['policy_id', 'policyId'],
  aws_key_pair: ['key_pair_id', 'keyPairId'],
};

function factsOf(type: string, attributes: Readonly<Record<string, unknown>>): Pick<StateResource, 'unique'> {
  const [attribute = '', fact = ''] = telling[type] ?? [];
  const value = attributes[attribute];
  return typeof value === 'string' && value !== '' ? { unique: { [fact]: value } } : {};
}

/** Newer resources have no `id`. */
function idOf(attributes: Readonly<Record<string, unknown>>): string {
  const found = attributes['id'] ?? attributes['arn'];
  return typeof found === 'string' ? found : '';
}
