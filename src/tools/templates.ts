import { type Document, isScalar, LineCounter, parseAllDocuments, type Scalar, visit } from 'yaml';
import { PlatformError } from '../errors.ts';
import type { KubernetesObject, Placeholders, Templates, TextFiles } from './ports.ts';

/** Fills files below one folder; a missing file, and every problem that `render` and `objectsOf` know, is TEMPLATE_INVALID. */
export function templatesIn(folder: string, files: TextFiles): Templates {
  const text = async (file: string, values: Placeholders): Promise<string> => {
    const template = await files.read(`${folder}/${file}`);
    if (template === undefined)
      throw invalid([{ file, line: 0, placeholder: '', because: 'there is no such template' }]);
    return render(template, values, file);
  };
  return { text, objects: async (file, values) => objectsOf(await text(file, values), file), parse: objectsOf };
}

/** The Kubernetes objects of a YAML text, in order; a document that is not one is TEMPLATE_INVALID, an empty one is skipped. */
export function objectsOf(text: string, file: string): readonly KubernetesObject[] {
  const { documents, problems } = read(text, file);
  const found = documents
    .map((document) => document.toJS() as Partial<KubernetesObject> | null)
    .filter((object) => object !== null);
  for (const [index, object] of found.entries()) {
    if (
      typeof object.apiVersion !== 'string' ||
      typeof object.kind !== 'string' ||
      typeof object.metadata?.name !== 'string'
    ) {
      problems.push({
        file,
        line: 0,
        placeholder: '',
        because: `document ${index + 1} has no apiVersion, kind and metadata.name`,
      });
    }
  }
  if (problems.length > 0) throw invalid(problems);
  return found as readonly KubernetesObject[];
}

/**
 * Fills every `${name}` of a YAML text, or throws one TEMPLATE_INVALID that lists every problem with file, line and placeholder.
 *
 * A value goes in after parsing, so it can neither break the YAML nor add to it. A plain scalar that is nothing but a placeholder takes
 * the value's own type; a quoted one, or one with text around it, is a string. Keys may hold placeholders, comments are left alone.
 * A value that nothing uses is an error too: it is the other half of a typo. `$(`, `$name` and `$` are ordinary text.
 */
export function render(text: string, values: Placeholders, file: string): string {
  const { documents, scalars, problems } = read(text, file);
  const used = new Set<string>();
  for (const { scalar, line } of scalars) {
    const source = scalar.value;
    const names = namesIn(source);
    const missing = names.filter((name) => !Object.hasOwn(values, name));
    for (const name of missing) {
      problems.push({
        file,
        line,
        placeholder: name,
        because: /^[a-z][a-z0-9_]*$/.test(name) ? 'no value was given for it' : 'that is not a name',
      });
    }
    for (const name of names) used.add(name);
    if (names.length === 0 || missing.length > 0) continue;
    const whole = scalar.type === 'PLAIN' && source === `\${${names[0]}}`;
    (scalar as Scalar).value = whole
      ? values[names[0] as string]
      : source.replaceAll(placeholder, (_, name: string) => String(values[name]));
    // The notation that was read (a quote, a number's form) belongs to the old value.
    if (whole) delete scalar.type;
  }
  for (const name of Object.keys(values).filter((name) => !used.has(name))) {
    problems.push({
      file,
      line: 0,
      placeholder: name,
      because: 'a value was given, but the template has no such placeholder',
    });
  }
  if (problems.length > 0) throw invalid(problems);
  return documents.map((document) => document.toString({ lineWidth: 0 })).join('');
}

/** The names of all placeholders of a template, sorted. */
export function placeholdersOf(text: string, file: string): readonly string[] {
  const { scalars, problems } = read(text, file);
  if (problems.length > 0) throw invalid(problems);
  return [...new Set(scalars.flatMap(({ scalar }) => namesIn(scalar.value)))].sort();
}

const placeholder = /\$\{([^}]*)(\}?)/g;

interface Problem {
  readonly file: string;
  /** From 1; 0 where no line is to blame. */
  readonly line: number;
  readonly placeholder: string;
  readonly because: string;
}

interface Found {
  readonly scalar: Scalar & { value: string };
  readonly line: number;
}

function namesIn(source: unknown): readonly string[] {
  return typeof source === 'string'
    ? [...source.matchAll(placeholder)].map(([, name, end]) => (end === '}' ? (name ?? '') : `${name} (never closed)`))
    : [];
}

function read(
  text: string,
  file: string,
): { documents: readonly Document[]; scalars: readonly Found[]; problems: Problem[] } {
  const lines = new LineCounter();
  const documents: Document[] = [...parseAllDocuments(text, { lineCounter: lines })] as Document[];
  const problems = documents.flatMap((document) =>
    document.errors.map((error) => ({
      file,
      line: lines.linePos(error.pos[0]).line,
      placeholder: '',
      because: `not YAML: ${error.message.replace(/ at line [^]*/, '')}`,
    })),
  );
  const scalars: Found[] = [];
  for (const document of documents) {
    visit(document, {
      Scalar(_, node) {
        if (isScalar(node) && typeof node.value === 'string') {
          scalars.push({ scalar: node as Scalar & { value: string }, line: lines.linePos(node.range?.[0] ?? 0).line });
        }
      },
    });
  }
  return { documents, scalars, problems };
}

function invalid(problems: readonly Problem[]): PlatformError {
  const first = problems[0] as Problem;
  const lines = problems.map(
    ({ file, line, placeholder: name, because }) =>
      `${file}${line > 0 ? `:${line}` : ''}: ${name === '' ? '' : `\${${name}}: `}${because}`,
  );
  return new PlatformError('TEMPLATE_INVALID', {
    message: lines.join('\n'),
    next: ['Correct the template, or the step that gives its values; templates/README.md lists both.'],
    facts: { file: first.file, line: first.line, placeholder: first.placeholder },
  });
}
