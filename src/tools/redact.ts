import { bareSecrets, keyBlockBegin, keyBlockEnd, keyBlockLine } from './redact-patterns.ts';
import { prefixAtEnd, secretPattern } from './redact-secrets.ts';

const dots = '••••••';
/** A line that never ends is passed on in pieces of this size (characters). */
const longestHeld = 256 * 1024;
/** What is kept back of such a line, so that no token is cut in two. */
const overlap = 16 * 1024;

/** Blacks out secrets in a stream of text whose pieces may be cut anywhere. */
export interface Redactor {
  /** Takes the next piece; returns what can be shown already. Whole lines, except for lines longer than 256 Ki characters. */
  push(piece: string): string;
  /** Returns the rest. */
  end(): string;
}

/**
 * Makes a redactor for the given values and for everything that looks like a credential by itself: AWS keys, tokens,
 * private key blocks. A value is found whole, cut by chunk borders, broken by line breaks, JSON-escaped, URL-encoded and
 * in base64. Values shorter than three characters are not looked for: blacking out single letters hides nothing.
 */
export function createRedactor(values: readonly string[] = []): Redactor {
  const known = secretPattern(values);
  let held = '';
  let inKeyBlock = false;

  const blackOut = (text: string): string => {
    const withoutKnown = known === undefined ? text : text.replace(known.pattern, dots);
    return bareSecrets.reduce((shown, { pattern, replacement }) => shown.replace(pattern, replacement), withoutKnown);
  };

  /** Drops the body of a private key line by line; what stands before and after it stays. */
  const withoutKeyBlocks = (text: string): string => {
    let shown = '';
    for (const line of text.split(/(?<=\n)/)) {
      let rest = line;
      if (inKeyBlock) {
        const end = keyBlockEnd.exec(rest);
        if (end) rest = rest.slice(end.index + end[0].length);
        else if (keyBlockLine.test(rest)) continue;
        inKeyBlock = false;
      }
      for (let begin = keyBlockBegin.exec(rest); begin; begin = keyBlockBegin.exec(rest)) {
        shown += rest.slice(0, begin.index) + dots;
        const body = rest.slice(begin.index + begin[0].length);
        const end = keyBlockEnd.exec(body);
        if (!end) {
          inKeyBlock = true;
          rest = body.endsWith('\n') ? '\n' : '';
          break;
        }
        rest = body.slice(end.index + end[0].length);
      }
      shown += rest;
    }
    return shown;
  };

  const show = (text: string): string => blackOut(withoutKeyBlocks(text));

  return {
    push(piece) {
      held += piece;
      let cut = held.lastIndexOf('\n') + 1;
      // A value broken by a line break is only recognised with the next line in hand.
      const values = known?.values ?? [];
      while (cut > 0 && held.length < longestHeld && prefixAtEnd(held.slice(0, cut), values)) {
        cut = held.lastIndexOf('\n', cut - 2) + 1;
      }
      if (cut === 0 && held.length >= longestHeld) {
        held = blackOut(held);
        cut = held.length - overlap;
      }
      if (cut <= 0) return '';
      const ready = held.slice(0, cut);
      held = held.slice(cut);
      return show(ready);
    },
    end() {
      const ready = held;
      held = '';
      return show(ready);
    },
  };
}

/** Blacks out secrets in a text that is there as a whole. */
export function redact(text: string, values: readonly string[] = []): string {
  const redactor = createRedactor(values);
  return redactor.push(text) + redactor.end();
}
