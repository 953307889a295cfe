import type { KubernetesObject } from '../ports-cluster.ts';

/** Bookkeeping of the server, and what controllers report: neither is what a manifest asks for. */
const ignored = new Set([
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.uid',
  'status',
]);

/**
 * The paths at which two states of an object differ. Values are named only where they are numbers or booleans,
 * or an image: anything else may be a secret.
 */
export function differences(live: KubernetesObject, wanted: KubernetesObject): readonly string[] {
  const found: string[] = [];
  collect(live, wanted, '', found);
  return found;
}

function collect(live: unknown, wanted: unknown, path: string, found: string[]): void {
  if (ignored.has(path) || Object.is(live, wanted)) return;
  if (isBranch(live) && isBranch(wanted) && Array.isArray(live) === Array.isArray(wanted)) {
    const [left, right] = [live as Record<string, unknown>, wanted as Record<string, unknown>];
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      collect(
        left[key],
        right[key],
        Array.isArray(live) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
        found,
      );
    }
    return;
  }
  found.push(describe(path, live, wanted));
}

function describe(path: string, live: unknown, wanted: unknown): string {
  if (wanted === undefined) return `${path} would be removed`;
  if (live === undefined) return `${path} is missing`;
  return isTelling(path, live) && isTelling(path, wanted)
    ? `${path} is ${String(live)} instead of ${String(wanted)}`
    : `${path} differs`;
}

function isTelling(path: string, value: unknown): boolean {
  return (
    typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && path.endsWith('.image'))
  );
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** At most three of the differences, in one line. */
export function summarize(paths: readonly string[]): string {
  const rest = paths.length - 3;
  return `${paths.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
