import { expect, test } from 'vitest';
import { checkText, doctorDocument, verdictText } from '../../../src/ui/doctor-view.ts';

const screen = { environment: {}, stderr: { isTTY: false, columns: 80, write: () => undefined } };
const plain = { color: false };
const holds = { id: 'tools', title: 'Tools', state: 'holds', because: '', findings: [], catalogue: [] } as const;
const wrong = {
  id: 'ssh-key',
  title: 'SSH key',
  state: 'error',
  because: '',
  findings: [{ level: 'error', message: 'the key is empty', next: ['make one', 'name another'] }],
  catalogue: ['A13'],
} as const;

test('a check is one line, with each finding and its next actions below it', () => {
  expect(checkText(holds, screen, plain)).toBe('ok Tools\n');
  expect(checkText({ ...holds, state: 'skipped', because: 'no domain' }, screen, plain)).toBe(
    ' - Tools  (no domain)\n',
  );
  expect(checkText(wrong, screen, plain)).toBe(
    ['!! SSH key', '     the key is empty', '     Next: make one', '       or: name another', ''].join('\n'),
  );
});

test('the last line says whether a run would begin', () => {
  expect(verdictText('prod', [holds], screen, plain)).toBe('\nprod can be built from here.\n');
  expect(verdictText('prod', [holds, wrong], screen, plain)).toBe('\n1 of 2 checks would stop a run.\n');
});

test('the document holds every check and one word for all of them', () => {
  expect(doctorDocument('prod', [holds, wrong])).toEqual({
    schema: 'platform/doctor/v1',
    environment: 'prod',
    ready: false,
    checks: [holds, wrong],
  });
});
