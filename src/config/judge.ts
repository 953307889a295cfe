import { z } from 'zod';
import { brokenRules } from './rules.ts';
import { type EnvironmentInput, environmentSchema } from './schema.ts';
import type { Path, Problem, Source } from './source.ts';
import { nearest } from './suggest.ts';

/** Where a path of the merged configuration was written: in the environment's override, or in the base. */
export function originOf(source: Source, environment: string | undefined, path: Path): Path | undefined {
  const override = environment === undefined ? undefined : ['environments', environment, ...path];
  if (override !== undefined && source.has(override)) return override;
  return source.has(path) ? path : undefined;
}

export type Judgement =
  | { readonly ok: true; readonly config: EnvironmentInput }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Judges one merged environment: all problems at once, each at the place where a person can mend it. */
export function judge(
  source: Source,
  environment: string | undefined,
  merged: unknown,
  kubernetesPin: string,
): Judgement {
  const parsed = environmentSchema.safeParse(merged);
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.flatMap((issue) => describe(source, environment, issue)) };
  const problems = brokenRules(parsed.data, kubernetesPin).map(({ path, ...rest }) =>
    problem(source, environment, path, rest.message, rest.suggestion),
  );
  return problems.length === 0 ? { ok: true, config: parsed.data } : { ok: false, problems };
}

function describe(source: Source, environment: string | undefined, issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path as Path;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => {
        const meant = nearest(key, keysAt(path));
        return problem(
          source,
          environment,
          [...path, key],
          'unknown key',
          meant === undefined ? `known here: ${keysAt(path).join(', ')}` : `did you mean ${meant}?`,
        );
      });
    case 'invalid_value': {
      const values = issue.values.map(String);
      if (missing(source, environment, path))
        return [problem(source, environment, path, `is missing: one of ${values.join(', ')}`)];
      const found = String(valueAt(source, environment, path));
      const meant = nearest(found, values);
      return [
        problem(
          source,
          environment,
          path,
          values.length > 1 ? `must be one of ${values.join(', ')}` : issue.message,
          meant === undefined ? undefined : `did you mean ${meant}?`,
        ),
      ];
    }
    case 'invalid_type':
      return [
        problem(
          source,
          environment,
          path,
          missing(source, environment, path) ? 'is missing' : lowerFirst(issue.message),
        ),
      ];
    case 'invalid_key':
      return issue.issues.map((inner) => problem(source, environment, path, `the name ${inner.message}`));
    case 'invalid_union':
      return [problem(source, environment, path, issue.message)];
    default:
      return [problem(source, environment, path, lowerFirst(issue.message))];
  }
}

function missing(source: Source, environment: string | undefined, path: Path): boolean {
  return originOf(source, environment, path) === undefined;
}

function problem(
  source: Source,
  environment: string | undefined,
  path: Path,
  message: string,
  suggestion?: string,
): Problem {
  const written = originOf(source, environment, path) ?? originOf(source, environment, path.slice(0, -1)) ?? path;
  const position = source.locate(written);
  return { ...position, path: path.join('.'), message, ...(suggestion === undefined ? {} : { suggestion }) };
}

function valueAt(source: Source, environment: string | undefined, path: Path): unknown {
  let value = source.value;
  for (const part of originOf(source, environment, path) ?? [])
    value = (value as Record<string | number, unknown> | undefined)?.[part];
  return value;
}

/** The keys that the schema knows at a path, through optionals, defaults, records and lists. */
function keysAt(path: Path): string[] {
  let schema: unknown = environmentSchema;
  for (const part of path) schema = childOf(unwrap(schema), part);
  const found = unwrap(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function childOf(schema: unknown, part: string | number): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[part];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  if (schema instanceof z.ZodArray) return schema.element;
  return undefined;
}

function unwrap(schema: unknown): unknown {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
    inner = inner.unwrap();
  return inner;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
