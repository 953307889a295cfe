import { expect, test } from 'vitest';
import { childEnvironment, secretsIn } from '../../../src/tools/environment.ts';

test('passes on what tools need, and nothing that changes them behind our back', () => {
  const wanted = {
    PATH: '/bin',
    HOME: '/home/me',
    LC_ALL: 'C.UTF-8',
    SSL_CERT_FILE: '/ca.pem',
    HTTPS_PROXY: 'http://proxy:3128',
    AWS_PROFILE: 'dev',
    AWS_SECRET_ACCESS_KEY: 'a-secret',
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:5000',
    TF_CLI_CONFIG_FILE: '/home/me/.terraformrc',
  };
  const unwanted = {
    TF_CLI_ARGS: '-auto-approve',
    TF_CLI_ARGS_plan: '-destroy',
    TF_VAR_region: 'x',
    TF_DATA_DIR: '/x',
    TF_WORKSPACE: 'other',
    ANSIBLE_CONFIG: '/x',
    ANSIBLE_VAULT_PASSWORD_FILE: '/x',
    KUBECONFIG: '/x',
    HELM_NAMESPACE: 'x',
    GITHUB_TOKEN: 'x',
    NODE_OPTIONS: '--inspect',
    LD_PRELOAD: '/x.so',
    AWS_SOMETHING_NEW: 'x',
    EMPTY: undefined,
  };
  expect(childEnvironment({ ...wanted, ...unwanted }, { ADDED: 'yes', PATH: '/other' })).toEqual({
    ...wanted,
    ADDED: 'yes',
    PATH: '/other',
  });
});

test('knows which of its values are secrets', () => {
  const secrets = secretsIn({ AWS_SECRET_ACCESS_KEY: 'one', AWS_SESSION_TOKEN: 'two', AWS_REGION: 'eu-west-1' });
  expect(secrets.map((secret) => secret.reveal())).toEqual(['one', 'two']);
});
