/** Bookkeeping of the server, and what controllers report: neither is what a manifest asks for. */
const bookkeeping: ReadonlySet<string> = new Set([
  'metadata.managedFields',
  'metadata.resourceVersion',
  'metadata.generation',
  'metadata.creationTimestamp',
  'metadata.uid',
  'status',
]);

/**
 * The paths at which two states of an object differ, bookkeeping left out. Values are named only where they are numbers or booleans,
 * or an image: anything else may be a secret.
 */
export function differences(
  live: object,
  wanted: object,
  ignored: ReadonlySet<string> = bookkeeping,
): readonly string[] {
  const found: string[] = [];
  const collect = (left: unknown, right: unknown, path: string): void => {
    if (ignored.has(path) || Object.is(left, right)) return;
    if (!isBranch(left) || !isBranch(right) || Array.isArray(left) !== Array.isArray(right)) {
      found.push(describe(path, left, right));
      return;
    }
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      collect(left[key], right[key], Array.isArray(left) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`);
    }
  };
  collect(live, wanted, '');
  return found;
}

function describe(path: string, live: unknown, wanted: unknown): string {
  if (wanted === undefined) return `${path} would be removed`;
  if (live === undefined) return `${path} is missing`;
  return isTelling(path, live) && isTelling(path, wanted)
    ? `${path} is ${live} instead of ${wanted}`
    : `${path} differs`;
}

function isTelling(path: string, value: unknown): value is number | boolean | string {
  return (
    typeof value === 'number' || typeof value === 'boolean' || (typeof value === 'string' && path.endsWith('.image'))
  );
}

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** At most three of the differences, in one line. */
export function summarize(paths: readonly string[]): string {
  const rest = paths.length - 3;
  return `${paths.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
