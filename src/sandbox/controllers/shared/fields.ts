/** A field of something that came over the wire; undefined where the path leads nowhere. */
export function fieldOf(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null) return undefined;
    found = (found as Readonly<Record<string | number, unknown>>)[part];
  }
  return found;
}

export function textOf(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberOf(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export function listOf(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = fieldOf(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function recordOf(value: unknown, ...path: readonly (string | number)[]): Readonly<Record<string, unknown>> {
  const found = fieldOf(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Record<string, unknown>) : {};
}

/** A condition of `status.conditions`, as its status. */
export function conditionStatus(value: unknown, type: string): string | undefined {
  return textOf(
    listOf(value, 'status', 'conditions').find((one) => fieldOf(one, 'type') === type),
    'status',
  );
}
