import { Secret } from './ports.ts';

/**
 * What a tool may inherit. Left out on purpose: TF_CLI_ARGS, TF_VAR_*, TF_WORKSPACE, TF_DATA_DIR, TF_LOG, ANSIBLE_*, HELM_*,
 * KUBECONFIG: each would change what a tool does behind the plan that was shown.
 */
const names: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSH_AUTH_SOCK',
  'TF_CLI_CONFIG_FILE',
  'TF_PLUGIN_CACHE_DIR',
]);
const patterns: readonly RegExp[] = [
  /^LC_[A-Z]+$/,
  /^AWS_(?:ENDPOINT_URL(?:_[A-Z0-9_]+)?|IGNORE_CONFIGURED_ENDPOINT_URLS|CA_BUNDLE|MAX_ATTEMPTS|RETRY_MODE)$/,
  /^AWS_(?:PROFILE|REGION|DEFAULT_REGION|CONFIG_FILE|SHARED_CREDENTIALS_FILE|SDK_LOAD_CONFIG)$/,
  /^AWS_(?:ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ROLE_ARN|ROLE_SESSION_NAME|WEB_IDENTITY_TOKEN_FILE)$/,
  /^AWS_(?:CONTAINER_[A-Z_]+|EC2_METADATA_[A-Z_]+|STS_REGIONAL_ENDPOINTS|USE_[A-Z_]+)$/,
];
const secretNames = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** The environment of a child: what is on the list of the inherited one, and what is added. Nothing else reaches a tool. */
export function childEnvironment(
  inherited: Readonly<Record<string, string | undefined>>,
  added: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const kept = Object.entries(inherited).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (names.has(entry[0]) || patterns.some((pattern) => pattern.test(entry[0]))),
  );
  return { ...Object.fromEntries(kept), ...added };
}

/** The values of an environment that no output may show. */
export function secretsIn(environment: Readonly<Record<string, string>>): readonly Secret[] {
  return secretNames.flatMap((name) => (environment[name] ? [new Secret(environment[name])] : []));
}
