import type { Json } from '../../engine/types.ts';

/**
 * A value as Ansible's INI plugin takes it (lib/ansible/plugins/inventory/ini.py, ansible-core 2.17): a Python literal
 * where it is one, else the text itself. Undefined: a list or mapping that JSON cannot say.
 */
export function iniValue(text: string): Json | undefined {
  const quoted = /^(?:'([^']*)'|"([^"\\]*)")\s*(?:#.*)?$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  const literal = text.replace(/\s+#.*$/, '');
  if (literal === 'True' || literal === 'False') return literal === 'True';
  if (literal === 'None') return null;
  if (/^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(literal)) {
    const number = Number(literal);
    // More digits than a double holds: as text nothing is lost.
    return literal.includes('.') || Number.isSafeInteger(number) ? number : literal;
  }
  if (/^[[{(]/.test(literal)) return structure(literal);
  return text;
}

function structure(literal: string): Json | undefined {
  for (const text of [literal, literal.replaceAll("'", '"')]) {
    try {
      return JSON.parse(text) as Json;
    } catch {
      // The other spelling may be JSON; if not, the caller says so.
    }
  }
  return undefined;
}

/**
 * The words of a line as Python's shlex splits them for the plugin: quotes hold blanks together, a backslash keeps the
 * next character, `#` begins a comment even inside a word. Undefined: a quote is not closed.
 */
export function shellWords(line: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    if (quote !== '') {
      if (character === quote) quote = '';
      else if (quote === '"' && character === '\\' && /["\\]/.test(line.charAt(at + 1))) word += line.charAt((at += 1));
      else word += character;
    } else if (character === '#') {
      break;
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word ??= '';
      if (character === '"' || character === "'") quote = character;
      else word += character === '\\' ? line.charAt((at += 1)) : character;
    }
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}
