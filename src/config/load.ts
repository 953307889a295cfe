import { PlatformError } from '../errors.ts';
import type { PlatformConfig, Versions } from './config.ts';
import { judge, originOf } from './judge.ts';
import { isMap, leaves, overlay } from './merge.ts';
import { sharedStates } from './own-trees.ts';
import type { EnvironmentInput } from './schema.ts';
import { fileSchema } from './schema.ts';
import { type Path, type Problem, readSource, type Source } from './source.ts';
import { nearest } from './suggest.ts';
import { readVersions } from './versions.ts';

/** The texts of the two files and where they stand. */
export interface ConfigurationFiles {
  readonly root: string;
  /** Folder of the installed program. */
  readonly program: string;
  readonly file: string;
  readonly text: string;
  readonly versionsFile: string;
  readonly versionsText: string;
  /** SHA-256 of the Ansible tree in use, given a configured folder or undefined for ours. */
  readonly ansibleDigest: (folder: string | undefined) => string;
  /** For ~ in paths. */
  readonly home: string;
}

/** A resolved value with the place it came from: `platform.yaml:12:3`, or `default`. */
export interface Origin {
  readonly path: string;
  readonly value: unknown;
  readonly origin: string;
}

export interface LoadedConfiguration {
  readonly config: PlatformConfig;
  readonly origins: readonly Origin[];
  readonly environments: readonly string[];
}

/**
 * Loads one environment. Every problem of the file, of all its environments and of versions.yaml is told at once
 * (CONFIG_INVALID); an environment that does not exist is CONFIG_INVALID too, with the nearest name.
 */
export function loadConfiguration(files: ConfigurationFiles, wanted: string | undefined): LoadedConfiguration {
  const source = readSource(files.file, files.text);
  const { versions, problems: versionProblems } = readVersions(files.versionsFile, files.versionsText);
  if (!source.readable) throw invalid([...source.problems, ...versionProblems]);
  const { base, overrides, fileProblems } = split(source);
  const names = Object.keys(overrides);
  const environment = chooseEnvironment(source, base, names, wanted);

  const problems: Problem[] = [...source.problems, ...fileProblems, ...versionProblems];
  let chosen: EnvironmentInput | undefined;
  const judged = new Map<string, EnvironmentInput>();
  for (const name of names.length > 0 ? names : [undefined]) {
    const merged = overlay(base.rest, name === undefined ? {} : overrides[name]);
    const judgement = judge(source, name, merged, versions?.kubernetes ?? '');
    if (!judgement.ok) problems.push(...judgement.problems);
    else {
      if (name === undefined || name === environment) chosen = judgement.config;
      judged.set(name ?? environment, judgement.config);
    }
  }
  problems.push(...sharedStates(source, judged));
  if (problems.length > 0 || chosen === undefined || versions === undefined) throw invalid(problems);
  return {
    config: resolve(chosen, environment, versions, files),
    origins: originsOf(source, names.length > 0 ? environment : undefined, chosen),
    environments: names,
  };
}

function split(source: Source) {
  const value = isMap(source.value) ? source.value : {};
  const { environments, defaultEnvironment, ...rest } = value;
  const parsed = fileSchema
    .pick({ environments: true, defaultEnvironment: true })
    .safeParse({ environments, defaultEnvironment });
  const fileProblems: Problem[] = parsed.success
    ? []
    : parsed.error.issues.map((issue) => ({
        ...source.locate(issue.path as Path),
        path: issue.path.join('.'),
        message: issue.message,
      }));
  const overrides = isMap(environments)
    ? Object.fromEntries(Object.entries(environments).map(([name, over]) => [name, over ?? {}]))
    : {};
  return { base: { rest, defaultEnvironment }, overrides, fileProblems };
}

function chooseEnvironment(
  source: Source,
  base: { defaultEnvironment: unknown },
  names: readonly string[],
  wanted: string | undefined,
): string {
  const fallback =
    typeof base.defaultEnvironment === 'string' ? base.defaultEnvironment : names.length === 1 ? names[0] : undefined;
  const environment = wanted ?? fallback ?? (names.length === 0 ? 'default' : undefined);
  if (environment === undefined) {
    throw new PlatformError('CONFIG_INVALID', {
      message: `${source.file} has the environments ${names.join(', ')} and no defaultEnvironment`,
      next: ['name one with --env NAME or PLATFORM_ENV'],
    });
  }
  if (names.length === 0 || names.includes(environment)) return environment;
  const where = source.locate(wanted === undefined ? ['defaultEnvironment'] : ['environments']);
  const meant = nearest(environment, names);
  throw invalid([
    {
      ...where,
      path: wanted === undefined ? 'defaultEnvironment' : 'environments',
      message: `there is no environment ${environment}`,
      suggestion: meant === undefined ? `known: ${names.join(', ')}` : `did you mean ${meant}?`,
    },
  ]);
}

function resolve(
  input: EnvironmentInput,
  environment: string,
  versions: Versions,
  files: ConfigurationFiles,
): PlatformConfig {
  const expand = (text: string) =>
    text === '~' || text.startsWith('~/')
      ? files.home + text.slice(1)
      : text.startsWith('/')
        ? text
        : `${files.root}/${text}`;
  const { apiVersion: _, state, access, terraform, ansible, domain, ...rest } = input;
  const { dir: terraformFolder, ...terraformMaps } = terraform;
  const { dir: ansibleFolder, ...ansibleMaps } = ansible;
  const config = {
    ...rest,
    ...(domain === undefined ? {} : { domain }),
    environment,
    access: { ...access, sshKey: expand(access.sshKey) },
    state: state === 'local' ? { kind: 'local' } : state === 's3' ? { kind: 's3' } : { kind: 's3', ...state },
    terraform: { ...terraformMaps, ...(terraformFolder === undefined ? {} : { dir: expand(terraformFolder) }) },
    ansible: { ...ansibleMaps, ...(ansibleFolder === undefined ? {} : { dir: expand(ansibleFolder) }) },
    versions,
    digests: { ansible: files.ansibleDigest(ansibleFolder === undefined ? undefined : expand(ansibleFolder)) },
    program: files.program,
    root: files.root,
    stateFolder: `${files.root}/.platform/${environment}`,
  };
  // zod marks optional keys as possibly undefined; parsed data never holds an undefined that was not written.
  return config as PlatformConfig;
}

function originsOf(source: Source, environment: string | undefined, config: EnvironmentInput): readonly Origin[] {
  return leaves(config).map(({ path, value }) => {
    const written = originOf(source, environment, path);
    if (written === undefined) return { path: path.join('.'), value, origin: 'default' };
    const { file, line, column } = source.locate(written);
    return { path: path.join('.'), value, origin: `${file}:${line}:${column}` };
  });
}

/** One error for all problems, in file order, each once even when several environments share it. */
function invalid(problems: readonly Problem[]): PlatformError {
  const texts = new Map<string, Problem>();
  for (const one of problems) texts.set(formatProblem(one), one);
  const sorted = [...texts].sort(
    ([, a], [, b]) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  );
  return new PlatformError('CONFIG_INVALID', {
    message: `${sorted.length} ${sorted.length === 1 ? 'problem' : 'problems'}\n${sorted.map(([text]) => `  ${text}`).join('\n')}`,
    next: ['mend the lines above; `platform config schema` prints the schema for your editor'],
    facts: {
      problems: sorted.length,
      ...(sorted[0] === undefined
        ? {}
        : { file: sorted[0][1].file, line: sorted[0][1].line, column: sorted[0][1].column }),
    },
  });
}

function formatProblem({ file, line, column, path, message, suggestion }: Problem): string {
  return `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message}${suggestion === undefined ? '' : ` (${suggestion})`}`;
}
