import { PlatformError } from '../errors.ts';

const howToGet: Readonly<Record<string, string>> = {
  terraform: 'install Terraform 1.11 or newer: https://developer.hashicorp.com/terraform/install',
  'ansible-playbook':
    'install ansible-core 2.17 or newer: python3 -m pip install "ansible-core>=2.17" (a virtual environment is fine)',
  python3: 'install Python 3.11 or newer: https://www.python.org/downloads/',
  helm: 'install Helm 4 (or 3.18 and newer): https://helm.sh/docs/intro/install/',
  kubectl: 'install kubectl within one minor version of the cluster: https://kubernetes.io/docs/tasks/tools/',
  ssh: 'install OpenSSH (package openssh-client)',
};

/** TOOL_MISSING that says how to get the tool; EACCES is what the system says of a file that may not be run. */
export function missingTool(tool: string, program: string, reason: 'ENOENT' | 'EACCES' = 'ENOENT'): PlatformError {
  const where = program === '' || program === tool ? ' on PATH' : ` (${program})`;
  return new PlatformError('TOOL_MISSING', {
    message: `${tool} ${reason === 'ENOENT' ? 'was not found' : 'is no program that you may run'}${where}`,
    next: [
      howToGet[tool] ?? `install ${tool} and put it on PATH`,
      'name its path in platform.yaml, then run platform doctor',
    ],
    facts: { tool, program },
  });
}
