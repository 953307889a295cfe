import type { Host } from '../host.ts';
import { loadConfigurationOf } from './load.ts';
import type { CommonOptions } from './options.ts';

/** Prints the resolved configuration of one environment, each value with the place where it was written. */
export async function showConfiguration(host: Host, options: CommonOptions): Promise<number> {
  const { config, origins } = await loadConfigurationOf(host, options);
  if (options.json === true) {
    host.stdout.write(
      `${JSON.stringify({ schema: 'platform/config/v1', environment: config.environment, values: origins }, null, 2)}\n`,
    );
    return 0;
  }
  const rows = origins.map(
    ({ path, value, origin }) => [path, typeof value === 'string' ? value : JSON.stringify(value), origin] as const,
  );
  const width = (column: 0 | 1) => Math.max(0, ...rows.map((row) => row[column].length));
  const [first, second] = [width(0), Math.min(width(1), 48)];
  for (const [path, value, origin] of rows)
    host.stdout.write(`${path.padEnd(first)}  ${value.padEnd(second)}  ${origin}\n`);
  return 0;
}

/** Prints the JSON Schema of platform.yaml. */
export async function showSchema(host: Host): Promise<number> {
  const { configurationJsonSchema } = await import('../config/schema.ts');
  host.stdout.write(`${JSON.stringify(configurationJsonSchema(), null, 2)}\n`);
  return 0;
}
