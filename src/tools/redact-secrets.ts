const shortest = 3;
/** A line end that matches this many characters of a value makes the line wait for the next one. */
const telling = 4;

const escapeForPattern = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The ways in which a value turns up in tool output: as it is, in JSON (also Go's, which escapes <, > and &), in a URL, in base64. */
function spellings(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const go = json.replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);
  const url = encodeURIComponent(value);
  const base64 = value.length >= 8 ? [Buffer.from(value).toString('base64')] : [];
  return [value, json, go, url, ...base64];
}

/** One pattern for all values, longest first, each allowed to be broken by line breaks; undefined when there is nothing to look for. */
export function secretPattern(
  values: readonly string[],
): { readonly pattern: RegExp; readonly values: readonly string[] } | undefined {
  const lines = values.flatMap((value) => [value, ...value.split(/\r?\n/).filter((line) => line.trim().length >= 8)]);
  const wanted = [...new Set(lines.filter((value) => value.length >= shortest).flatMap(spellings))].sort(
    (a, b) => b.length - a.length,
  );
  if (wanted.length === 0) return undefined;
  const alternatives = wanted.map((value) =>
    value.length < 8 ? escapeForPattern(value) : Array.from(value, escapeForPattern).join('(?:\\r?\\n[ \\t]*)?'),
  );
  return { pattern: new RegExp(alternatives.join('|'), 'gu'), values: wanted };
}

/** Tells whether a text (line breaks aside) ends in the beginning of one of the values. */
export function prefixAtEnd(text: string, values: readonly string[]): boolean {
  const longest = values[0]?.length ?? 0;
  const end = text.slice(-2 * longest - 16).replace(/\r?\n[ \t]*/g, '');
  return values.some((value) => {
    const beginning = value.slice(0, telling);
    if (value.length <= telling) return false;
    let at = end.indexOf(beginning, Math.max(0, end.length - value.length + 1));
    while (at >= 0) {
      if (value.startsWith(end.slice(at))) return true;
      at = end.indexOf(beginning, at + 1);
    }
    return false;
  });
}
