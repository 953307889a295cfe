import { blobFiles } from '../../tools/blob-files.ts';
import type { DebianPackage } from './deb.ts';
import type { SupplyDescription } from './description.ts';
import type { TarEntry } from './tar.ts';

/** The plugins of the pod network that kubelet, bridge networks and flannel need; the real package holds a dozen more. */
const plugins = ['bridge', 'host-local', 'loopback', 'portmap'];

/**
 * The five packages of the upstream repository, with its names, versions, places and relations (krel's templates in
 * kubernetes/release, cmd/krel/templates/latest). The drop-in for kubelet belongs to kubeadm there, too.
 */
export async function describePackages(
  description: SupplyDescription,
  programs: ReadonlyMap<string, string>,
): Promise<readonly DebianPackage[]> {
  const { architecture, kubernetes, revision, kubelet } = description;
  const program = (path: string, name: string) => programEntry(programs, path, name);
  const text = (path: string, name: string, mode?: number): TarEntry => ({
    path,
    is: 'text',
    text: kubelet[name] ?? '',
    ...(mode === undefined ? {} : { mode }),
  });
  const own = { version: `${kubernetes}-${revision}`, architecture };
  const other = (name: string) => ({ name, version: `${description.packages[name]}-${revision}`, architecture });
  return [
    {
      ...own,
      name: 'kubelet',
      summary: 'Node agent for Kubernetes clusters',
      relations: { Depends: 'kubernetes-cni (>= 1.2.0), mount, util-linux', Recommends: 'iptables (>= 1.8.4)' },
      files: [
        await program('usr/bin/kubelet', 'kubelet'),
        text('usr/lib/systemd/system/kubelet.service', 'kubelet.service'),
        text('etc/default/kubelet', 'default'),
        { path: 'etc/kubernetes/manifests', is: 'folder' },
        { path: 'var/lib/kubelet', is: 'folder' },
      ],
      configuration: ['/etc/default/kubelet'],
      scripts: { postinst: kubelet['postinst'] ?? '', prerm: kubelet['prerm'] ?? '' },
    },
    {
      ...own,
      name: 'kubeadm',
      summary: 'Command-line utility for administering a Kubernetes cluster',
      files: [
        await program('usr/bin/kubeadm', 'kubeadm'),
        text('usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf', '10-kubeadm.conf'),
      ],
    },
    {
      ...own,
      name: 'kubectl',
      summary: 'Command-line utility for interacting with a Kubernetes cluster',
      files: [await program('usr/bin/kubectl', 'kubectl')],
    },
    {
      ...other('kubernetes-cni'),
      summary: 'Binaries required to provision kubernetes container networking',
      files: [
        ...(await Promise.all(plugins.map((name) => program(`opt/cni/bin/${name}`, name)))),
        { path: 'etc/cni/net.d', is: 'folder' },
      ],
    },
    {
      ...other('cri-tools'),
      summary: 'Command-line utility for interacting with a container runtime',
      files: [await program('usr/bin/crictl', 'crictl')],
    },
  ];
}

/** A built program as a member of an archive. */
export async function programEntry(
  programs: ReadonlyMap<string, string>,
  path: string,
  name: string,
): Promise<TarEntry> {
  const from = programs.get(name);
  const size = from === undefined ? undefined : await blobFiles.size(from);
  if (from === undefined || size === undefined) throw new RangeError(`${name} was not built`);
  return { path, is: 'file', from, size };
}
