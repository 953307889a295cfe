/** Reads a field of an object that came over the wire: anything may be missing or of another type. */
export function fieldOf(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const part of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[part];
  }
  return found;
}

export function textOf(value: unknown, ...path: readonly string[]): string | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

export function numberOf(value: unknown, ...path: readonly string[]): number | undefined {
  const found = fieldOf(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

export function listOf(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = fieldOf(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A condition of `status.conditions` by its type. */
export function conditionOf(
  value: unknown,
  type: string,
): { status?: string; reason?: string; message?: string; observedGeneration?: number } | undefined {
  const found = listOf(value, 'status', 'conditions').find((one) => fieldOf(one, 'type') === type);
  if (found === undefined) return undefined;
  const generation = numberOf(found, 'observedGeneration');
  const text = (name: 'status' | 'reason' | 'message') => {
    const value = textOf(found, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...text('status'),
    ...text('reason'),
    ...text('message'),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}
