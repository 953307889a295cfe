import { join } from 'node:path';
import type { IdentityFolder } from './identity-files.ts';

/** Where everything of one control plane is and what it is told. Only loopback is listened on. */
export interface ControlPlaneSettings {
  /** Folder of this control plane; everything is below it. */
  readonly folder: string;
  /** Stage files of kwok. */
  readonly stages: readonly string[];
  readonly ports: { readonly api: number; readonly etcd: number; readonly etcdPeer: number };
  /** DNS names and IPv4 addresses, beside localhost and 127.0.0.1, under which the API server is reached. */
  readonly names: readonly string[];
  /** Address that the Service `kubernetes` points at. Not loopback: the API server refuses such endpoints. */
  readonly advertise: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
}

/** Files that more than one program, or a reader of the state folder, must know. */
export function layout(folder: string) {
  return {
    identity: join(folder, 'identity'),
    data: join(folder, 'etcd'),
    logs: join(folder, 'logs'),
    home: join(folder, 'home'),
    auditPolicy: join(folder, 'audit-policy.json'),
    auditLog: join(folder, 'audit.log'),
    kubeconfig: join(folder, 'admin.kubeconfig'),
    clientKubeconfig: (client: string): string => join(folder, 'identity', `${client}.kubeconfig`),
  } as const;
}

/** `fsync` is off: a sandbox may lose its last second when the machine itself dies, and starts four times faster. */
export function etcdArguments(settings: ControlPlaneSettings, identity: IdentityFolder): readonly string[] {
  const client = `https://127.0.0.1:${settings.ports.etcd}`;
  const peer = `http://127.0.0.1:${settings.ports.etcdPeer}`;
  return [
    '--name=sandbox',
    `--data-dir=${layout(settings.folder).data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=sandbox=${peer}`,
    '--client-cert-auth',
    `--trusted-ca-file=${identity.path('ca.crt')}`,
    `--cert-file=${identity.path('etcd.crt')}`,
    `--key-file=${identity.path('etcd.key')}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export function apiServerArguments(settings: ControlPlaneSettings, identity: IdentityFolder): readonly string[] {
  const paths = layout(settings.folder);
  return [
    '--bind-address=127.0.0.1',
    `--secure-port=${settings.ports.api}`,
    `--advertise-address=${settings.advertise}`,
    `--service-cluster-ip-range=${settings.serviceCidr}`,
    `--etcd-servers=https://127.0.0.1:${settings.ports.etcd}`,
    `--etcd-cafile=${identity.path('ca.crt')}`,
    `--etcd-certfile=${identity.path('etcd-client.crt')}`,
    `--etcd-keyfile=${identity.path('etcd-client.key')}`,
    `--client-ca-file=${identity.path('ca.crt')}`,
    `--tls-cert-file=${identity.path('apiserver.crt')}`,
    `--tls-private-key-file=${identity.path('apiserver.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${identity.path('service-account.pub')}`,
    `--service-account-signing-key-file=${identity.path('service-account.key')}`,
    `--requestheader-client-ca-file=${identity.path('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${identity.path('front-proxy-client.crt')}`,
    `--proxy-client-key-file=${identity.path('front-proxy-client.key')}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--audit-policy-file=${paths.auditPolicy}`,
    `--audit-log-path=${paths.auditLog}`,
    '--audit-log-format=json',
    // The zero-writes judge reads one file: rotate (MiB) later than any sandbox grows.
    '--audit-log-maxsize=4096',
    '--profiling=false',
  ];
}

/** No port of its own: `--secure-port=0` serves nothing, and the API tells all that we ask. */
export function controllerManagerArguments(
  settings: ControlPlaneSettings,
  identity: IdentityFolder,
): readonly string[] {
  return [
    `--kubeconfig=${layout(settings.folder).clientKubeconfig('controller-manager')}`,
    '--secure-port=0',
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    // Its own limit of 20 requests a second is meant for large clusters and holds back the first start by seconds.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    `--service-account-private-key-file=${identity.path('service-account.key')}`,
    `--root-ca-file=${identity.path('ca.crt')}`,
    `--cluster-signing-cert-file=${identity.path('ca.crt')}`,
    `--cluster-signing-key-file=${identity.path('ca.key')}`,
    '--allocate-node-cidrs=true',
    `--cluster-cidr=${settings.podCidr}`,
    `--service-cluster-ip-range=${settings.serviceCidr}`,
    '--controllers=*,bootstrapsigner,tokencleaner',
    '--profiling=false',
  ];
}

export function schedulerArguments(settings: ControlPlaneSettings): readonly string[] {
  return [
    `--kubeconfig=${layout(settings.folder).clientKubeconfig('scheduler')}`,
    '--secure-port=0',
    '--leader-elect=false',
    '--profiling=false',
  ];
}

/** `--node-port=0`: kwok's kubelet server would listen on 0.0.0.0:10247 and meet that of a second sandbox. */
export function kwokArguments(settings: ControlPlaneSettings): readonly string[] {
  return [
    `--kubeconfig=${layout(settings.folder).clientKubeconfig('kwok')}`,
    ...settings.stages.map((file) => `--config=${file}`),
    '--manage-all-nodes=true',
    `--cidr=${settings.podCidr}`,
    '--node-lease-duration-seconds=40',
    '--node-port=0',
  ];
}
