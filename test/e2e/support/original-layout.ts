/** What a team with the original scripts' layout writes to move over: a description of its trees, and nothing else. */
export const originalLayout = `apiVersion: platform/v1
name: moved
region: ap-northeast-2
kubernetes: "1.36"
access: { sshKey: .platform/sandbox/sandbox/id_ed25519, allow: [203.0.113.0/24] }
nodes:
  k8s-master: { role: control-plane, type: t3.large, disk: 80 }
  k8s-worker-1: { role: worker, type: t3.medium, disk: 40, labels: { workload: application } }
  k8s-worker-2: { role: worker, type: t3.medium, disk: 40, labels: { workload: async-workers } }
  k8s-storage: { role: worker, type: t3.large, disk: 100, labels: { workload: storage } }
addons: [metrics-server]
state: { bucket: somebody-terraform-state, key: k8s-cluster/terraform.tfstate }
terraform:
  dir: terraform
  vars: { region: aws_region, environment: environment, ssh_public_key_path: public_key_path }
  outputs: { inventory: ansible_inventory, vpc_id: vpc_id, acm_certificate_arn: acm_certificate_arn }
ansible:
  dir: ansible
  playbooks: { site: site.yml }
  groups: { cluster: k8s_cluster, control_plane: masters, workers: workers, k8s-storage: storage }
environments:
  sandbox: { target: sandbox, sandbox: { delay: 0.2 } }
`;
