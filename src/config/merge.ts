/** Lays an override over a base: maps merge key by key, null removes a key, everything else replaces. Neither is changed. */
export function overlay(base: unknown, override: unknown): unknown {
  if (!isMap(override)) return override;
  const merged: Record<string, unknown> = isMap(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(override)) {
    if (value === null) delete merged[key];
    else merged[key] = overlay(merged[key], value);
  }
  return merged;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every leaf below a value with its path; empty maps and lists are leaves. */
export function leaves(
  value: unknown,
  path: readonly (string | number)[] = [],
): { path: readonly (string | number)[]; value: unknown }[] {
  const children: [string | number, unknown][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : isMap(value)
      ? Object.entries(value)
      : [];
  if (children.length === 0) return [{ path, value }];
  return children.flatMap(([key, child]) => leaves(child, [...path, key]));
}
