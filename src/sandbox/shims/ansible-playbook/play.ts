import { basename } from 'node:path';

/** Which hosts a step's effect is promised on; Jinja expressions over the inventory's variables. */
const firstControlPlane =
  "inventory_hostname == (groups['all'] | map('extract', hostvars) | selectattr('node_role', 'defined')" +
  " | selectattr('node_role', 'equalto', 'control-plane') | map(attribute='inventory_hostname') | list | first | default(''))";
const isControlPlane = "node_role | default('') == 'control-plane'";

const promises = [
  { step: 'node-base', name: 'Prepare the machine and install container runtime and Kubernetes packages' },
  { step: 'control-plane', name: 'Start the first control plane', when: firstControlPlane },
  { step: 'join', name: 'Join the cluster', when: `not (${firstControlPlane})` },
  { step: 'cni', name: 'Install the pod network', when: firstControlPlane },
  { step: 'etcd-backup', name: 'Switch on the backups of etcd', when: isControlPlane },
] as const;

/** What a task tells of its host; nothing is taken for granted, since the tree may be a foreign one. */
const facts = {
  host: '{{ inventory_hostname }}',
  address: '{{ ansible_host | default(inventory_hostname) }}',
  instance: "{{ instance_id | default('') }}",
  provider: "{{ provider_id | default('') }}",
  role: "{{ node_role | default('worker') }}",
  labels: '{{ node_labels | default({}, true) }}',
  taints: '{{ node_taints | default([], true) }}',
  variables: {
    kubernetes: "{{ kubernetes_version | default('') | string }}",
    containerd: "{{ containerd_version | default('') | string }}",
    pods: "{{ pod_cidr | default('') }}",
    services: "{{ service_cidr | default('') }}",
    endpoint: "{{ control_plane_endpoint | default('') }}",
    names: '{{ api_server_sans | default([], true) }}',
    cni: "{{ cni | default('') }}",
    manifests: '{{ cni_manifests | default([], true) }}',
  },
} as const;

/**
 * The step that a playbook serves: PLATFORM_STEP (`RUN/STEP/ATTEMPT`) if set, else by its file name. Undefined, for all of
 * them: neither says, or PLATFORM_PLAYBOOK_SERVES says `all`.
 */
export function stepOf(playbook: string, platformStep = '', serves = ''): string | undefined {
  if (serves === 'all') return undefined;
  const names = [platformStep.split('/')[1], basename(playbook).replace(/\.ya?ml$/, '')];
  return names.map((name) => promises.find(({ step }) => step === name)?.step).find((step) => step !== undefined);
}

/**
 * A playbook for the real ansible-playbook: one task for each effect that the step promises, on this machine instead of
 * over SSH, so that callbacks, signals, exit codes and the recap are real. JSON is YAML.
 */
export function playFor(step: string | undefined, controlApi: string): string {
  const wanted = promises.filter((promise) => step === undefined || promise.step === step);
  const play = {
    name: `${step ?? 'All steps'} (simulated machines)`,
    hosts: 'all',
    gather_facts: false,
    connection: 'local',
    become: false,
    vars: {
      ansible_connection: 'local',
      ansible_become: false,
      ansible_python_interpreter: '{{ ansible_playbook_python }}',
    },
    tasks: wanted.map((promise) => ({
      name: promise.name,
      // sandbox/ansible/action_plugins
      platform_effect: { url: `${controlApi}/effects/${promise.step}`, facts },
      ...('when' in promise ? { when: promise.when } : {}),
    })),
  };
  return `${JSON.stringify([play], undefined, 2)}\n`;
}
