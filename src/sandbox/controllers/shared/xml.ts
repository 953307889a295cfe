/** An element of an answer: text, a list (of `item` or `member` elements), or its children by name. */
export type Xml = string | readonly Xml[] | { readonly [name: string]: Xml };

const token = /<\?[^>]*\?>|<(\/?)([\w:.-]+)[^>]*?(\/?)>|([^<]+)/g;

/** Reads the XML of the Query and EC2 protocols: no attributes, no mixed content, lists of `item` or `member`. An empty element is ''. */
export function readXml(text: string): Xml {
  const stack: { name: string; text: string; children: [string, Xml][] }[] = [{ name: '', text: '', children: [] }];
  for (const [, closing, name, empty, content] of text.matchAll(token)) {
    const top = stack.at(-1);
    if (top === undefined) break;
    if (content !== undefined) top.text += content;
    else if (name !== undefined && empty === '/') top.children.push([name, '']);
    else if (name !== undefined && closing === '') stack.push({ name, text: '', children: [] });
    else if (name !== undefined && stack.length > 1) {
      stack.pop();
      stack.at(-1)?.children.push([name, valueOf(top)]);
    }
  }
  return stack[0]?.children[0]?.[1] ?? '';
}

function valueOf({ text, children }: { text: string; children: readonly [string, Xml][] }): Xml {
  if (children.length === 0) return unescape(text.trim());
  if (children.every(([name]) => name === 'item' || name === 'member')) return children.map(([, value]) => value);
  return Object.fromEntries(children);
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescape(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return entities[name ?? ''] ?? whole;
    },
  );
}
