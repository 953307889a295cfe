import { array, assert, constantFrom, nat, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, redact } from '../../../src/tools/redact.ts';

const dots = '••••••';
const key = [
  '-----BEGIN OPENSSH PRIVATE KEY-----',
  'b3BlbnNzaC1rZXktdjEAAAAA',
  'QyNTUxOQAAACBk',
  '-----END OPENSSH PRIVATE KEY-----',
];

/** Pushes a text cut at the given places. */
function inPieces(text: string, cuts: readonly number[], values: readonly string[]): string {
  const redactor = createRedactor(values);
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return (
    places
      .slice(1)
      .map((end, index) => redactor.push(text.slice(places[index], end)))
      .join('') + redactor.end()
  );
}

describe('redact', () => {
  test.each([
    ['an exact value', 'password is hunter22', 'password is ••••••', ['hunter22']],
    ['the longer of two values', 'hunter22-extended', dots, ['hunter22', 'hunter22-extended']],
    ['a value with signs of patterns', 'x a.b*c(d)-e/f y', `x ${dots} y`, ['a.b*c(d)-e/f']],
    ['a value in JSON', '{"p":"a\\"b\\nc-and-more"}', `{"p":"${dots}"}`, ['a"b\nc-and-more']],
    ['a value as Go writes it in JSON', '"one\\u003ctwo\\u0026three"', `"${dots}"`, ['one<two&three']],
    ['a value in a URL', 'https://h/?q=a%2Fb%20c%3Dd', `https://h/?q=${dots}`, ['a/b c=d']],
    [
      'a value in base64',
      `data: ${Buffer.from('a secret value').toString('base64')}`,
      `data: ${dots}`,
      ['a secret value'],
    ],
    ['a value broken by a line end', 'correct-ho\n  rse-battery.', `${dots}.`, ['correct-horse-battery']],
    [
      'one line of a value of several',
      'second-line-of-it here',
      `${dots} here`,
      ['first-line-of-it\nsecond-line-of-it\n'],
    ],
    ['an access key', 'key AKIAIOSFODNN7EXAMPLE.', `key ${dots}.`, []],
    ['a secret access key', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', `aws_secret_access_key = ${dots}`, []],
    [
      'a secret access key in JSON',
      '{"SecretAccessKey":"x","aws_session_token":"IQoJb3JpZ2luX2VjEJr"}',
      `{"SecretAccessKey":"x","aws_session_token":"${dots}"}`,
      [],
    ],
    ['a web token', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl', dots, []],
    ['a bearer header', 'Authorization: Bearer abcdefghijklmnop1234', `Authorization: Bearer ${dots}`, []],
    [
      'a kubeadm token',
      'kubeadm join h:6443 --token abcdef.0123456789abcdef',
      `kubeadm join h:6443 --token ${dots}`,
      [],
    ],
    ['a key of a kubeconfig', 'client-key-data: LS0tLS1CRUdJTiBSU0E=', `client-key-data: ${dots}`, []],
    ['a password in a URL', 'https://me:pass@host/x', `https://me:${dots}@host/x`, []],
    ['a private key', ['before', ...key, 'after'].join('\n'), `before\n${dots}\n\nafter`, []],
    ['a private key inside JSON', `{"k":"${key.join('\\n')}\\n"}`, `{"k":"${dots}\\n"}`, []],
    [
      'a private key that never ends',
      [...key.slice(0, 2), 'TASK [next: thing]'].join('\n'),
      `${dots}\nTASK [next: thing]`,
      [],
    ],
  ])('blacks out %s', (_what, text, shown, values) => {
    expect(redact(text, values)).toBe(shown);
  });

  test('leaves certificates, digests and ordinary output alone', () => {
    const text =
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\nsha256:0123456789abcdef v1.36.3 token: not found {"u":"http://h:80","m":"a@b"}\n';
    expect(redact(text, ['', 'ab'])).toBe(text);
  });

  test('shows whole lines at once, and holds a line whose end may begin a value', () => {
    const redactor = createRedactor(['correct-horse-battery']);
    expect(redactor.push('one\ntw')).toBe('one\n');
    expect(redactor.push('o correct-\n')).toBe('');
    expect(redactor.push('horse-battery\n')).toBe(`two ${dots}\n`);
    expect(redactor.end()).toBe('');
  });

  test('passes on a line that never ends, without the value in it', () => {
    const redactor = createRedactor(['correct-horse-battery']);
    const filler = 'x'.repeat(200_000);
    const shown = redactor.push(`${filler}correct-hor`) + redactor.push(`se-battery${filler}`) + redactor.end();
    expect(shown).toBe(`${filler}${dots}${filler}`);
  });

  test('says the same however the text is cut, and never the value', () => {
    const secret = 'correct-horse-battery';
    const word = constantFrom(
      secret,
      'plain',
      '\n',
      'correct-ho',
      'AKIAIOSFODNN7EXAMPLE',
      ' ',
      ...key.map((line) => `\n${line}\n`),
    );
    assert(
      property(array(word, { maxLength: 12 }), array(nat(), { maxLength: 6 }), (words, cuts) => {
        const text = words.join('');
        const shown = inPieces(text, cuts, [secret]);
        expect(shown).not.toContain(secret);
        expect(shown).toBe(redact(text, [secret]));
      }),
    );
  });
});
