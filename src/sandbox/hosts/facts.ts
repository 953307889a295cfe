import { succeeds } from './shell.ts';

/** A role's variables; JSON. */
export type Variables = Readonly<Record<string, unknown>>;

/**
 * What is particular to machines that share their kernel, as variables of the roles: the roles know hosts that have
 * these properties, and nothing of a sandbox. Read from this machine where it can be.
 */
export async function hostVariables(): Promise<Variables> {
  const unified = await succeeds('test', '-e', '/sys/fs/cgroup/cgroup.controllers');
  // CAP_SYS_RESOURCE (24): without it nobody may lower an out-of-memory score.
  const mayLower = await succeeds(
    'sh',
    '-c',
    '[ $(( 0x$(sed -n "s/^CapEff:\\t//p" /proc/self/status) >> 24 & 1 )) -eq 1 ]',
  );
  const bridgeModule = await succeeds('test', '-d', '/sys/module/br_netfilter');
  return hostVariablesOf({ unified, mayLower, bridgeModule });
}

export function hostVariablesOf(facts: {
  /** cgroup v2. */
  readonly unified: boolean;
  readonly mayLower: boolean;
  /** br_netfilter is a module here, and loaded; otherwise it is built in or cannot be loaded from within. */
  readonly bridgeModule: boolean;
}): Variables {
  const { unified, mayLower, bridgeModule } = facts;
  return {
    operating_system_swap_off: false,
    operating_system_time_service: '',
    operating_system_modules: bridgeModule ? ['overlay', 'br_netfilter'] : ['overlay'],
    containerd_systemd_cgroup: unified,
    containerd_restrict_oom_score_adj: !mayLower,
    containerd_disable_apparmor: true,
    containerd_unprivileged_ports: true,
    kubelet_extra_configuration: {
      failSwapOn: false,
      cgroupDriver: unified ? 'systemd' : 'cgroupfs',
      ...(unified ? {} : { failCgroupV1: false }),
      ...(mayLower ? {} : { oomScoreAdj: 0 }),
    },
    kube_proxy_extra_configuration: {
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
      ...(mayLower ? {} : { oomScoreAdj: 0 }),
    },
    // What it dislikes is the kernel's own configuration and cgroup v1.
    kubeadm_ignored_preflight_errors: ['SystemVerification'],
  };
}
