import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  type Access,
  endpointOf,
  isOnlyOurs,
  kubeconfigOf,
  mergedKubeconfig,
} from '../../../src/tools/kubeconfig-file.ts';
import { Secret } from '../../../src/tools/ports.ts';

const access: Access = {
  context: 'shop-dev-abcde',
  server: 'https://203.0.113.4:6443',
  authority: 'Q0E=',
  user: 'me@laptop',
  certificate: 'certificate',
  key: new Secret('key'),
  clusterId: 'shop-dev-abcde',
  expires: '2026-11-22T10:00:00Z',
};
const foreign = `# mine, do not touch
apiVersion: v1
kind: Config
current-context: work
clusters:
  - name: work # the one that pays
    cluster: { server: "https://work:6443" }
contexts:
  - name: work
    context: { cluster: work, user: me }
users:
  - name: me
    user: { token: abc }
`;
interface Read {
  readonly 'current-context': string;
  readonly clusters: readonly { readonly name: string }[];
  readonly users: readonly { readonly name: string; readonly user: object }[];
  readonly contexts: readonly { readonly name: string; readonly context: object }[];
}
const read = (text: string): Read => parse(text) as Read;

test('a file of its own is complete, and known as ours', () => {
  const text = kubeconfigOf(access);
  expect(read(text)).toMatchObject({
    'current-context': 'shop-dev-abcde',
    users: [{ user: { 'client-key-data': Buffer.from('key').toString('base64') } }],
  });
  expect(isOnlyOurs(text, 'shop-dev-abcde')).toBe(true);
  expect(isOnlyOurs(text, 'shop-dev-other')).toBe(false);
  expect(isOnlyOurs(foreign, 'shop-dev-abcde')).toBe(false);
  expect(isOnlyOurs('{', 'shop-dev-abcde')).toBe(false);
  expect(endpointOf(text, 'f')).toEqual({ server: 'https://203.0.113.4:6443', authority: 'Q0E=' });
});

describe('merging', () => {
  test('keeps what others wrote, comments and the current context too', () => {
    const text = mergedKubeconfig(foreign, access, 'f');
    for (const line of ['# mine, do not touch', '# the one that pays', 'token: abc']) expect(text).toContain(line);
    const merged = read(text);
    expect(merged['current-context']).toBe('work');
    expect(merged.clusters.map(({ name }) => name)).toEqual(['work', 'shop-dev-abcde']);
    expect(merged.contexts.map(({ name }) => name)).toEqual(['work', 'shop-dev-abcde']);
    expect(merged.users.map(({ name }) => name)).toEqual(['me', 'shop-dev-abcde-me@laptop']);
    expect(isOnlyOurs(text, 'shop-dev-abcde')).toBe(false);
  });

  test('a second access takes the place of the first', () => {
    const once = mergedKubeconfig(foreign, access, 'f');
    const twice = read(mergedKubeconfig(once, { ...access, certificate: 'newer' }, 'f'));
    expect(twice.users).toHaveLength(2);
    expect(twice.contexts).toHaveLength(2);
    expect(twice.users[1]?.user).toMatchObject({ 'client-certificate-data': Buffer.from('newer').toString('base64') });
    expect(mergedKubeconfig(once, access, 'f')).toBe(once);
  });

  test.each(['clusters', 'users', 'contexts'])('a foreign entry of the same name in %s is not replaced', (section) => {
    const name = section === 'users' ? 'shop-dev-abcde-me@laptop' : 'shop-dev-abcde';
    const text = foreign.replace(new RegExp(`(${section}:\n  - name: )\\w+`), `$1${name}`);
    expect(text).not.toBe(foreign);
    expect(() => mergedKubeconfig(text, access, 'f')).toThrow(expect.objectContaining({ code: 'FOREIGN' }));
  });

  test('a context of ours for another cluster is not replaced either', () => {
    const text = mergedKubeconfig(foreign, { ...access, clusterId: 'shop-dev-other' }, 'f');
    expect(() => mergedKubeconfig(text, access, 'f')).toThrow(expect.objectContaining({ code: 'FOREIGN' }));
  });

  test('an empty file becomes a whole one; what is no kubeconfig is refused', () => {
    expect(mergedKubeconfig('\n', access, 'f')).toBe(kubeconfigOf(access));
    expect(read(mergedKubeconfig('apiVersion: v1\nkind: Config\nclusters: null\n', access, 'f')).clusters).toHaveLength(
      1,
    );
    for (const text of ['- a\n', 'a: [', 'text'])
      expect(() => mergedKubeconfig(text, access, 'f')).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
