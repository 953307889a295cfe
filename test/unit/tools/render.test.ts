import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { isPlatformError } from '../../../src/errors.ts';
import { objectsOf, render, templatesIn } from '../../../src/tools/templates.ts';

function failure(work: () => unknown): { message: string; facts: Readonly<Record<string, unknown>> } {
  try {
    work();
  } catch (error) {
    if (isPlatformError(error) && error.code === 'TEMPLATE_INVALID')
      return { message: error.message, facts: error.facts };
    throw error;
  }
  throw new Error('it was rendered');
}

describe('render', () => {
  test.each([
    ['a whole plain scalar takes the type of a number', 'a: ${x}\n', { x: 3 }, 'a: 3\n'],
    ['a whole plain scalar takes the type of a boolean', 'a: ${x}\n', { x: true }, 'a: true\n'],
    ['a string that looks like a boolean stays a string', 'a: ${x}\n', { x: 'true' }, 'a: "true"\n'],
    ['a string that looks like a number stays a string', 'a: ${x}\n', { x: '1.36' }, 'a: "1.36"\n'],
    ['a quoted placeholder is a string', 'a: "${x}"\n', { x: 3 }, 'a: "3"\n'],
    ['text around it makes a string', 'a: k8s-${x}.${y}\n', { x: 1, y: 'b' }, 'a: k8s-1.b\n'],
    ['keys are filled', 'kubernetes.io/cluster/${x}: owned\n', { x: 'c-1' }, 'kubernetes.io/cluster/c-1: owned\n'],
    ['block scalars are filled', 'a: |\n  x=${x}\n', { x: 1 }, 'a: |\n  x=1\n'],
    ['lists are filled', 'a:\n  - ${x}\n  - b\n', { x: 'y' }, 'a:\n  - y\n  - b\n'],
    ['every document is filled', 'a: ${x}\n---\nb: ${x}\n', { x: 1 }, 'a: 1\n---\nb: 1\n'],
    ['comments are left alone', '# ${no}\na: ${x} # ${no}\n', { x: 1 }, '# ${no}\na: 1 # ${no}\n'],
    ['other dollars are text', 'a: $(x) $y $ ${x}\n', { x: 1 }, 'a: $(x) $y $ 1\n'],
  ])('%s', (_, text, values, expected) => {
    expect(render(text, values as Record<string, string | number | boolean>, 'f.yaml')).toBe(expected);
  });

  test.each(['a: b', 'x\nb: c', '- x', '"', '${y}', '# c', '{a: 1}', '&anchor', '*alias', '!!int 3', ' ', ''])(
    'the value %j comes out as it went in',
    (value) => {
      expect(parse(render('a: ${x}\nb: "${x}"\nlast: 1\n', { x: value }, 'f.yaml'))).toEqual({
        a: value,
        b: value,
        last: 1,
      });
    },
  );

  test('every problem is named, with file, line and placeholder', () => {
    const { message, facts } = failure(() =>
      render('a: ${one}\nb:\n  c: ${Two}\nd: ${three\n', { four: 4 }, 'dir/f.yaml'),
    );
    expect(message.split('\n')).toEqual([
      'dir/f.yaml:1: ${one}: no value was given for it',
      'dir/f.yaml:3: ${Two}: that is not a name',
      'dir/f.yaml:4: ${three (never closed)}: that is not a name',
      'dir/f.yaml: ${four}: a value was given, but the template has no such placeholder',
    ]);
    expect(facts).toEqual({ file: 'dir/f.yaml', line: 1, placeholder: 'one' });
  });

  test('what is not YAML is named with its line', () => {
    expect(failure(() => render('a: 1\na: 2\n', {}, 'f.yaml'))).toMatchObject({
      message: expect.stringMatching(/^f\.yaml:2: not YAML: /),
      facts: { line: 2 },
    });
  });
});

describe('templatesIn', () => {
  const files = {
    read: async (path: string) => (path === 'folder/a/b.yaml' ? 'a: ${x}\n' : undefined),
    list: async () => [],
  };

  test('renders a file of its folder', async () => {
    await expect(templatesIn('folder', files).text('a/b.yaml', { x: 1 })).resolves.toBe('a: 1\n');
  });

  test('a file that is not there is TEMPLATE_INVALID', async () => {
    await expect(templatesIn('folder', files).objects('a/c.yaml', {})).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: 'a/c.yaml: there is no such template',
    });
  });
});

describe('objectsOf', () => {
  test('gives the objects in order and skips what is empty', () => {
    const text =
      '# only a comment\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: b\n';
    expect(objectsOf(text, 'f.yaml').map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  test.each(['a: 1\n', 'text\n', 'apiVersion: v1\nkind: Namespace\n'])('%j is not an object', (text) => {
    expect(failure(() => objectsOf(text, 'f.yaml')).message).toBe(
      'f.yaml: document 1 has no apiVersion, kind and metadata.name',
    );
  });
});
