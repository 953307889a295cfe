import type { PlatformConfig } from '../config/config.ts';
import type { Host } from '../host.ts';
import type { SandboxState } from '../sandbox/state.ts';
import { childEnvironment } from '../tools/environment.ts';

/** Keys that AWS documents as an example: no account has them. */
const madeUp = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** What every tool sees. In the sandbox no real credential, profile or endpoint gets through. */
export function childEnvironmentOf(
  host: Host,
  config: PlatformConfig,
  sandbox: SandboxState | undefined,
): Readonly<Record<string, string>> {
  const inherited = childEnvironment(host.environment, { AWS_REGION: config.region });
  if (sandbox === undefined) return inherited;
  return {
    ...Object.fromEntries(
      Object.entries(inherited).filter(
        ([name]) => !name.startsWith('AWS_') && !/proxy/i.test(name) && name !== 'TF_CLI_CONFIG_FILE',
      ),
    ),
    ...madeUp,
    AWS_REGION: config.region,
    AWS_ENDPOINT_URL: sandbox.endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(sandbox.terraformConfiguration === undefined ? {} : { TF_CLI_CONFIG_FILE: sandbox.terraformConfiguration }),
  };
}
