import { PlatformError } from '../../errors.ts';
import type { Json } from '../../engine/types.ts';

type Outputs = Readonly<Record<string, Json>>;

/**
 * Reads outputs by their contract: each missing or wrongly typed one is told, all at once (catalogue A8: outputs that
 * vanished in a refactor were found half an hour later, by Ansible).
 */
export function readOutputs<T>(
  root: string,
  outputs: Outputs,
  map: Readonly<Record<string, string>>,
  read: (reader: OutputReader) => T,
): T {
  const problems: string[] = [];
  const reader = new OutputReader(outputs, map, problems);
  const value = read(reader);
  if (problems.length > 0) {
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `the outputs of Terraform root ${root} do not keep the contract:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
      next: ['declare the outputs in the tree, or map their names in terraform.outputs'],
      facts: { root },
    });
  }
  return value;
}

/** Answers with a harmless value and notes the problem, so that one pass finds every broken output. */
export class OutputReader {
  readonly #outputs: Outputs;
  readonly #map: Readonly<Record<string, string>>;
  readonly #problems: string[];
  readonly #prefix: string;

  constructor(outputs: Outputs, map: Readonly<Record<string, string>>, problems: string[], prefix = '') {
    this.#outputs = outputs;
    this.#map = map;
    this.#problems = problems;
    this.#prefix = prefix;
  }

  has(name: string): boolean {
    return this.#value(name) !== undefined && this.#value(name) !== null;
  }

  text(name: string): string {
    const value = this.#value(name);
    if (typeof value === 'string' && value !== '') return value;
    return this.#broken(name, 'a non-empty string', value, '');
  }

  textOrNull(name: string): string | null {
    const value = this.#value(name);
    if (value === null || value === undefined || value === '') return null;
    return typeof value === 'string' ? value : this.#broken(name, 'a string or null', value, null);
  }

  /** A map of objects, each read by its own reader. */
  each<T>(name: string, read: (reader: OutputReader, key: string) => T): Readonly<Record<string, T>> {
    const value = this.#value(name);
    if (!isObject(value)) return this.#broken(name, 'a map', value, {});
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const prefix = `${this.#prefix}${name}.${key}.`;
        return [key, read(new OutputReader(isObject(item) ? item : {}, {}, this.#problems, prefix), key)];
      }),
    );
  }

  #value(name: string): Json | undefined {
    return this.#outputs[this.#map[name] ?? name];
  }

  #broken<T>(name: string, wanted: string, found: Json | undefined, harmless: T): T {
    const kind =
      found === undefined
        ? 'is missing'
        : `is ${found === null ? 'null' : Array.isArray(found) ? 'a list' : typeof found}`;
    this.#problems.push(`${this.#prefix}${this.#map[name] ?? name} ${kind}, must be ${wanted}`);
    return harmless;
  }
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
