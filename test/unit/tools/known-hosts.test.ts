import { expect, test } from 'vitest';
import { pinnedKeys, withPinnedKeys } from '../../../src/tools/known-hosts.ts';

test('keys of an address, and of no address that only starts alike', () => {
  const text = '10.0.0.5 ssh-ed25519 AAAA comment\n\n10.0.0.50 ssh-rsa BBBB\n';
  expect(pinnedKeys(text, '10.0.0.5')).toEqual(['ssh-ed25519 AAAA']);
  expect(pinnedKeys(text, '10.0.0.')).toEqual([]);
});

test('replacing is stable, and nothing but a key gets into the file', () => {
  const once = withPinnedKeys('', '10.0.0.5', ['ssh-ed25519 AAAA root@x']);
  expect(once).toBe('10.0.0.5 ssh-ed25519 AAAA\n');
  expect(withPinnedKeys(once, '10.0.0.5', ['ssh-ed25519 AAAA'])).toBe(once);
  expect(withPinnedKeys(once, '10.0.0.5', [])).toBe('');
  expect(() => withPinnedKeys('', '10.0.0.5', ['ssh-ed25519 AAAA\n* ssh-rsa CCCC'])).not.toThrow();
  expect(withPinnedKeys('', '10.0.0.5', ['ssh-ed25519 AAAA\n* ssh-rsa CCCC'])).toBe('10.0.0.5 ssh-ed25519 AAAA\n');
  expect(() => withPinnedKeys('', '10.0.0.5', ['@cert-authority * ssh-rsa'])).toThrow(RangeError);
});
