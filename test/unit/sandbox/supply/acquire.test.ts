import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Exit } from '../../../../src/tools/ports.ts';
import { smallSupply } from '../../../helpers/small-supply.ts';

const broken: Exit = { code: 1, signal: null, tail: ['out of memory'], stdout: '', log: '' };

test('a supply is made once: packages with their checksums, images with their references', async () => {
  const { make, built, asked } = smallSupply();
  const supply = await make();
  const packages = readdirSync(supply.packages).filter((name) => name.endsWith('.deb'));
  expect(packages).toEqual([
    'cri-tools_1.36.0-1.1_amd64.deb',
    'kubeadm_1.36.3-1.1_amd64.deb',
    'kubectl_1.36.3-1.1_amd64.deb',
    'kubelet_1.36.3-1.1_amd64.deb',
    'kubernetes-cni_1.9.1-1.1_amd64.deb',
  ]);
  const list = readFileSync(join(supply.packages, 'Packages'), 'utf8');
  expect(list.match(/^SHA256: [0-9a-f]{64}$/gm)).toHaveLength(packages.length);
  expect(readFileSync(join(supply.images, 'index.json'), 'utf8')).toContain('registry.k8s.io/kube-apiserver:v1.36.3');
  const path = 'raw.githubusercontent.com/flannel-io/flannel/v0.28.10/Documentation/kube-flannel.yml';
  expect(readFileSync(join(supply.manifests, path), 'utf8')).toBe('original Documentation/kube-flannel.yml\n');
  const once = [built.length, asked.length];
  expect(await make()).toEqual(supply);
  expect([built.length, asked.length]).toEqual(once);
});

test('what is compressed or stored twice would cost every host: three images share the layer of the control plane', async () => {
  const supply = await smallSupply().make();
  const read = (digest: string) =>
    JSON.parse(readFileSync(join(supply.images, 'blobs', ...digest.split(':')), 'utf8')) as {
      layers: { digest: string }[];
    };
  const { manifests } = JSON.parse(readFileSync(join(supply.images, 'index.json'), 'utf8')) as {
    manifests: { digest: string; annotations: Record<string, string> }[];
  };
  const layers = manifests
    .filter(({ annotations }) =>
      /kube-(apiserver|controller-manager|scheduler):/.test(Object.values(annotations).join('')),
    )
    .map(({ digest }) =>
      read(digest)
        .layers.map((layer) => layer.digest)
        .join(' '),
    );
  expect(layers).toHaveLength(3);
  expect(new Set(layers).size).toBe(1);
});

test('a build that failed midway goes on with what is missing', async () => {
  let fail = true;
  const { make, built, request } = smallSupply({
    fails: ({ argv }) => (fail && argv[0] === 'nice' && argv.at(-1) === './coredns' ? broken : undefined),
  });
  await expect(make()).rejects.toMatchObject({
    code: 'SANDBOX_FAILED',
    message: expect.stringMatching(/^coredns .*out of memory/),
  });
  const before = [...built];
  expect(before).toContain('pause');
  fail = false;
  await make();
  expect(built.slice(before.length)).not.toContain('pause');
  expect(built.slice(before.length)).toContain('coredns');
  expect(readdirSync(request.cache).filter((name) => name.startsWith('.unfinished'))).toEqual([]);
});

test('an end by the user leaves nothing unfinished, and the next run goes on', async () => {
  const abort = new AbortController();
  const { make, built, request } = smallSupply({
    fails({ argv }) {
      if (argv[0] === 'nice' && argv.at(-1) === './coredns') abort.abort();
      return undefined;
    },
  });
  await expect(make({ signal: abort.signal })).rejects.toThrow('abort');
  expect(readdirSync(request.cache)).toEqual(['programs']);
  const before = built.length;
  await make();
  expect(built.slice(before)).not.toContain('pause');
});

test('two at once end with one and the same supply', async () => {
  const { make } = smallSupply();
  const [first, second] = await Promise.all([make(), make()]);
  expect(first).toEqual(second);
  expect(statSync(join(first.images, 'index.json')).isFile()).toBe(true);
});

test('without Go the error says what to install, and nothing is begun', async () => {
  const { make, built } = smallSupply({
    fails: ({ argv }) => (argv[0] === 'go' ? { ...broken, code: 127, tail: ['go: not found'] } : undefined),
  });
  await expect(make()).rejects.toMatchObject({
    code: 'SANDBOX_FAILED',
    next: expect.arrayContaining([expect.stringContaining('install Go')]),
  });
  expect(built).toEqual([]);
});

test('flannel is built from a copy of its module: backends that need C or a cloud are replaced, C files are left out', async () => {
  let modules: string[] = [];
  const { make } = smallSupply({
    fails({ argv }) {
      const file = argv.find((word) => word.startsWith('-modfile='))?.slice('-modfile='.length);
      if (file !== undefined && argv.at(-1) === 'github.com/flannel-io/flannel') {
        const copy = join(file, '../module');
        modules = [
          readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '',
          readFileSync(join(copy, 'pkg/backend/udp/udp_amd64.go'), 'utf8'),
          readFileSync(join(copy, 'main.go'), 'utf8'),
          String(existsSync(join(copy, 'pkg/backend/udp/proxy_amd64.c'))),
        ];
      }
      return undefined;
    },
  });
  await make();
  expect(modules).toEqual([
    expect.stringMatching(/^replace github.com\/flannel-io\/flannel => \/.*\/patched\/module$/),
    'package udp\n',
    'original main.go\n',
    'false',
  ]);
});

test('only the string variables of the last step differ between programs', async () => {
  const { make, asked } = smallSupply();
  await make();
  const flagsOf = (last: string) => {
    const argv = asked.find((command) => command.argv[0] === 'nice' && command.argv.at(-1) === last)?.argv ?? [];
    return argv[argv.indexOf('-ldflags') + 1] ?? '';
  };
  const kubelet = flagsOf('k8s.io/kubernetes/cmd/kubelet');
  expect(kubelet).toContain('version.gitVersion=v1.36.3');
  expect(flagsOf('sigs.k8s.io/cri-tools/cmd/crictl')).toBe(
    `${kubelet} -X sigs.k8s.io/cri-tools/pkg/version.Version=1.36.0`,
  );
});
