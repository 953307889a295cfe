import { Recorder } from './golden.ts';

/** A terminal as a person sees it: lines, a cursor, and the few control sequences that the drawing may use. Any other one throws. */
export class Terminal extends Recorder {
  lines: string[] = [''];
  /** Whether it can be seen. */
  cursor = true;
  #row = 0;
  #column = 0;

  override write(text: string): void {
    super.write(text);
    text.split('\u001b').forEach((part, index) => {
      const [code = '', number] = index === 0 ? [] : (/^\[(?:(\d*)[ABGJK]|\?25[hl])/.exec(part) ?? []);
      if (index > 0 && code === '') throw new Error(`an unknown control sequence: ${part}`);
      if (code.startsWith('[?25')) this.cursor = code.endsWith('h');
      if (code.endsWith('A')) this.#row = Math.max(0, this.#row - Number(number || 1));
      if (code.endsWith('B')) this.#row += Number(number || 1);
      if (code.endsWith('G')) this.#column = Number(number || 1) - 1;
      if (code === '[2K') this.lines[this.#row] = '';
      else if (code.endsWith('K')) this.lines[this.#row] = this.#line().slice(0, this.#column);
      if (code.endsWith('J')) this.lines = [...this.lines.slice(0, this.#row), this.#line().slice(0, this.#column)];
      for (const piece of part.slice(code.length).split(/([\r\n])/)) {
        if (piece === '\r') this.#column = 0;
        else if (piece === '\n') this.#newLine();
        else this.#print(piece);
      }
    });
  }

  screen(): string {
    return `${this.lines.join('\n').trimEnd()}\n`;
  }

  #line(): string {
    return this.lines[this.#row] ?? '';
  }

  #newLine(): void {
    this.#row += 1;
    this.#column = 0;
    this.lines[this.#row] ??= '';
  }

  #print(text: string): void {
    if (text.length + this.#column > this.columns) throw new Error(`wider than the terminal: ${text}`);
    const line = this.#line().padEnd(this.#column);
    this.lines[this.#row] = line.slice(0, this.#column) + text + line.slice(this.#column + text.length);
    this.#column += text.length;
  }
}
