import { type Document, isMap, isNode, isPair, isSeq, LineCounter, parseDocument } from 'yaml';

export type Path = readonly (string | number)[];

/** A place in a file that a person can jump to. Lines and columns count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something wrong with a configuration file. */
export interface Problem extends Position {
  readonly path: string;
  readonly message: string;
  readonly suggestion?: string;
}

/** A parsed YAML file that can say where each value stands. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Whether the value can be judged all the same: of a key that stands twice the last one counts. */
  readonly readable: boolean;
  /** Position of the value at a path, or of its nearest ancestor that exists. */
  locate(path: Path): Position;
  has(path: Path): boolean;
}

/**
 * Parses YAML and keeps every problem: syntax, duplicate keys, unknown tags.
 * The yaml package never throws for these and still yields data, so errors and warnings both must be asked for.
 */
export function readSource(file: string, text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    ...at(error.pos[0]),
    path: '',
    message:
      error.code === 'DUPLICATE_KEY'
        ? `the key ${wordAt(text, error.pos[0])} stands here twice`
        : lowerFirst(error.message),
  }));
  return {
    file,
    value: toValue(document, problems, at(0)),
    problems,
    readable: problems.length === document.errors.filter(({ code }) => code === 'DUPLICATE_KEY').length,
    locate: (path) => at(follow(document, path).offset),
    has: (path) => follow(document, path).found,
  };
}

function toValue(document: Document, problems: Problem[], start: Position): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    problems.push({
      ...start,
      path: '',
      message: `the file cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    });
    return undefined;
  }
}

/** Offset of the key at the end of the path, so that a problem points at the name that a person typed; or of the last part that is there. */
function follow(document: Document, path: Path): { readonly offset: number; readonly found: boolean } {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.findLast(
        (item) => isPair(item) && String(isNode(item.key) ? item.key.toString() : item.key) === String(part),
      );
      if (pair === undefined) return { offset, found: false };
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && Number(part) < node.items.length) {
      node = node.items[Number(part)];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else {
      return { offset, found: false };
    }
  }
  return { offset, found: true };
}

function wordAt(text: string, offset: number): string {
  return /^[^\s:]+/.exec(text.slice(offset))?.[0] ?? '';
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
