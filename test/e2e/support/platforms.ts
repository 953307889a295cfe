/** The whole platform, as in the repository's own example. */
export const wholePlatform = `apiVersion: platform/v1
name: whole
region: ap-northeast-2
domain: example.dev
kubernetes: "1.36"
access: { sshKey: .platform/sandbox/sandbox/id_ed25519, allow: [203.0.113.0/24] }
nodes:
  k8s-master: { role: control-plane, type: t3.large, disk: 80, eip: true }
  k8s-worker-1: { role: worker, type: t3.medium, disk: 40, labels: { workload: application } }
  k8s-worker-2: { role: worker, type: t3.medium, disk: 40, labels: { workload: async-workers } }
  k8s-storage: { role: worker, type: t3.large, disk: 100, labels: { workload: storage } }
environments:
  sandbox: { target: sandbox }
`;

/**
 * A user's own small Terraform tree, two machines, one Helm release, so that all three tools have their turn, and the API reached through SSH: for many
 * deaths.
 */
export const smallPlatform = `apiVersion: platform/v1
name: small
region: ap-northeast-2
kubernetes: "1.36"
access: { sshKey: .platform/sandbox/sandbox/id_ed25519, allow: [203.0.113.0/24], api: tunnel }
nodes:
  master: { role: control-plane, type: t3.large, disk: 40 }
  worker: { role: worker, type: t3.large, disk: 40 }
addons: [metrics-server]
terraform:
  dir: tree
  vars: { ssh_public_key: key, nodes: names }
  outputs: { nodes: machines }
environments:
  sandbox: { target: sandbox, sandbox: { delay: 0.2 } }
`;

/** Three machines that are real hosts; of the add-ons only the one that lives on machines. */
export const hostsPlatform = `apiVersion: platform/v1
name: metal
region: ap-northeast-2
kubernetes: "1.36"
network: { cni: flannel }
access: { sshKey: .platform/sandbox/sandbox/id_ed25519, allow: [203.0.113.0/24] }
nodes:
  first: { role: control-plane, type: t3.large, disk: 40 }
  second: { role: worker, type: t3.medium, disk: 40 }
  third: { role: worker, type: t3.medium, disk: 40 }
addons: [etcd-backup]
environments:
  sandbox: { target: sandbox, sandbox: { machines: hosts } }
`;
