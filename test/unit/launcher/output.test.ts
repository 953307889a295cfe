import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createOutput } from '../../../src/launcher/output.ts';
import { createDecoder, encode } from '../../../src/launcher/protocol.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

describe('the output of a tool', () => {
  test('is whole lines, in order, also when characters are cut', () => {
    const path = join(temporaryFolder(), 'log');
    const lines: string[] = [];
    const output = createOutput(openSync(path, 'a'), [], (line, stream) => lines.push(`${stream} ${line}`));
    const stdout = new PassThrough();
    output.follow(stdout, 'stdout');
    const bytes = Buffer.from('Grüße\r\nlast');
    stdout.emit('data', bytes.subarray(0, 3));
    stdout.emit('data', bytes.subarray(3));
    expect(lines).toEqual(['stdout Grüße']);
    output.end();
    stdout.emit('data', Buffer.from('after the end\n'));
    expect(lines).toEqual(['stdout Grüße', 'stdout last']);
    expect(readFileSync(path, 'utf8')).toBe('Grüße\nlast\n');
  });

  test('keeps the last 200 lines', () => {
    const output = createOutput(openSync(join(temporaryFolder(), 'log'), 'a'), [], () => {});
    const stdout = new PassThrough();
    output.follow(stdout, 'stdout');
    stdout.emit('data', Buffer.from(Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join('')));
    output.end();
    expect(output.tail()).toHaveLength(200);
    expect(output.tail()[0]).toBe('line 100');
  });

  test.skipIf(!existsSync('/dev/full'))('survives a full disk: lines are heard, only the log lacks them', () => {
    const lines: string[] = [];
    const output = createOutput(openSync('/dev/full', 'a'), [], (line) => lines.push(line));
    const stdout = new PassThrough();
    output.follow(stdout, 'stdout');
    stdout.emit('data', Buffer.from('one\ntwo\n'));
    output.end();
    expect(lines).toEqual(['one', 'two']);
    expect(output.tail()).toEqual(['one', 'two']);
  });
});

describe('the protocol', () => {
  test('is one message a line, however it is cut', () => {
    const received: unknown[] = [];
    const decode = createDecoder((message) => received.push(message));
    const text = encode({ do: 'go', tool: 'r/ä' }) + encode({ do: 'living', request: 7 });
    for (const character of text) decode(character);
    expect(received).toEqual([
      { do: 'go', tool: 'r/ä' },
      { do: 'living', request: 7 },
    ]);
    expect(() => decode('not json\n')).toThrow(SyntaxError);
  });
});
