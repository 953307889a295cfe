/** A block at the top of a file, such as `output "vpc_id" { ... }`. */
export interface TopBlock {
  readonly type: string;
  readonly labels: readonly string[];
  /** What stands directly in it: inner blocks, objects, comments and the contents of strings are left out. */
  readonly body: string;
}

/**
 * The blocks at the top of a text in Terraform's language; enough of its grammar (HCL native syntax specification:
 * comments, quoted templates with interpolation, heredocs) to find where each of them ends.
 */
export function topBlocks(text: string): readonly TopBlock[] {
  const found: TopBlock[] = [];
  let depth = 0;
  let header = '';
  let body = '';
  let type: RegExpExecArray | null = null;
  for (let at = 0; at < text.length; ) {
    const end = opaqueEnd(text, at);
    if (end !== undefined) {
      const opaque = text.slice(at, end);
      // Labels are quoted: at the top their text counts.
      if (depth === 0 && opaque.startsWith('"')) header += opaque;
      else if (opaque.includes('\n')) body += '\n';
      at = end;
      continue;
    }
    const character = text.charAt(at);
    at += 1;
    if (/[{[(]/.test(character)) {
      if (depth === 0) {
        type = /([\w-]+)((?:\s+(?:"[^"]*"|[\w-]+))*)\s*$/.exec(header);
        body = '';
      }
      depth += 1;
    } else if (/[}\])]/.test(character)) {
      depth = Math.max(0, depth - 1);
      if (depth === 0) {
        if (type !== null)
          found.push({ type: type[1] ?? '', labels: (type[2] ?? '').match(/[^\s"]+/g)?.map(String) ?? [], body });
        header = '';
      }
    } else if (depth === 0) header += character;
    else if (depth === 1) body += character;
  }
  return found;
}

/** Where a comment, a string or a heredoc that begins here ends; undefined when none begins here. */
function opaqueEnd(text: string, at: number): number | undefined {
  const rest = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const comment = rest(/(?:#|\/\/)[^\n]*|\/\*[\s\S]*?\*\//y);
  if (comment !== null) return at + comment[0].length;
  const heredoc = rest(/<<-?([\w-]+)[^\n]*\n[\s\S]*?^[ \t]*\1[ \t]*$/my);
  if (heredoc !== null) return at + heredoc[0].length;
  return text.charAt(at) === '"' ? stringEnd(text, at) : undefined;
}

/** Past the closing quote; an interpolation may hold strings of its own. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    if (text.startsWith('$${', at) || text.startsWith('%%{', at)) at += 3;
    else if (text.startsWith('${', at) || text.startsWith('%{', at)) at = interpolationEnd(text, at + 2);
    else if (text.charAt(at) === '\\') at += 2;
    else if (text.charAt(at) === '"') return at + 1;
    else at += 1;
  }
  return at;
}

function interpolationEnd(text: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < text.length && depth > 0) {
    const character = text.charAt(at);
    if (character === '"') {
      at = stringEnd(text, at);
      continue;
    }
    if (character === '{') depth += 1;
    if (character === '}') depth -= 1;
    at += 1;
  }
  return at;
}
