/** What `platform init` asks for. */
export interface StarterAnswers {
  readonly name: string;
  readonly region: string;
  /** '' for no DNS and no certificate. */
  readonly domain: string;
  readonly workers: number;
  readonly sshKey: string;
  readonly allow: readonly string[];
  /** Minor version that this program pins. */
  readonly kubernetes: string;
}

/** A platform.yaml to start from: one control plane, workers, every add-on, an environment on AWS and one in the sandbox. */
export function starterConfiguration(answers: StarterAnswers): string {
  const worker = (index: number): string =>
    `  k8s-worker-${index + 1}: { role: worker, type: t3.medium, disk: 40, labels: { workload: application } }`;
  return `${[
    'apiVersion: platform/v1',
    `name: ${answers.name} # first part of the cluster id, which is the first part of every AWS name`,
    `region: ${answers.region}`,
    answers.domain === ''
      ? '# domain: example.dev # with one: DNS records, a certificate, HTTPS'
      : `domain: ${answers.domain}`,
    `kubernetes: "${answers.kubernetes}"`,
    'network: { vpc: 10.0.0.0/16, pods: 192.168.0.0/16, services: 10.96.0.0/12, cni: calico }',
    'access:',
    '  sshUser: ubuntu',
    `  sshKey: ${JSON.stringify(answers.sshKey)}`,
    `  allow: [${answers.allow.join(', ')}] # who may reach SSH and the API`,
    'nodes: # topology is data: counts, groups, labels and inventory all derive from it',
    '  k8s-master: { role: control-plane, type: t3.large, disk: 80, eip: true }',
    ...Array.from({ length: answers.workers }, (_, index) => worker(index)),
    '  k8s-storage: { role: worker, type: t3.large, disk: 100, labels: { workload: storage } }',
    'addons: [ebs-csi, cert-manager, alb-controller, metrics-server, argocd, monitoring, rabbitmq, redis, etcd-backup]',
    'defaultEnvironment: sandbox # what a command without --env means',
    'environments:',
    '  prod: { protected: true }',
    '  # The whole build on this machine, with stand-ins for AWS and the machines: platform sandbox up --env sandbox',
    '  sandbox: { target: sandbox, access: { sshKey: .platform/sandbox/sandbox/id_ed25519 } }',
  ].join('\n')}\n`;
}
