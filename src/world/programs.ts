import type { PlatformConfig } from '../config/config.ts';
import type { SandboxState } from '../sandbox/state.ts';

/** The program of each tool: a path, or a name to be found on PATH. */
export interface ToolPrograms {
  readonly terraform: string;
  readonly ansiblePlaybook: string;
  readonly helm: string;
  readonly ssh: string;
  readonly python: string;
}

/** The configuration's word first, then the sandbox's, then PATH. */
export function programsOf(config: PlatformConfig, sandbox: SandboxState | undefined): ToolPrograms {
  const { tools } = config;
  return {
    terraform: tools.terraform ?? 'terraform',
    ansiblePlaybook: tools['ansible-playbook'] ?? sandbox?.tools['ansible-playbook'] ?? 'ansible-playbook',
    helm: tools.helm ?? sandbox?.tools.helm ?? 'helm',
    ssh: tools.ssh ?? sandbox?.tools.ssh ?? 'ssh',
    python: tools.python ?? sandbox?.tools.python ?? 'python3',
  };
}
