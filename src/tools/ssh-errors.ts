import { PlatformError } from '../errors.ts';
import type { ErrorClass, ErrorCode } from '../errors.ts';
import type { Machine } from './ports.ts';

interface Rule {
  readonly when: RegExp;
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  says(machine: Machine): string;
  next(machine: Machine): readonly string[];
}

/** What OpenSSH 9 and 10 write on stderr, most telling first: a changed key also ends with "Host key verification failed". */
const rules: readonly Rule[] = [
  {
    when: /REMOTE HOST IDENTIFICATION HAS CHANGED|differs from the key for the IP address/,
    code: 'IDENTITY_MISMATCH',
    class: 'permanent',
    says: ({ name, address }) => `${name} (${address}) shows another host key than the pinned one`,
    next: ({ name }) => [
      `If ${name} was replaced on purpose, run \`platform up\`: the step machines pins the key from its console output.`,
      'If not, somebody else answers at this address: find out who.',
    ],
  },
  {
    when: /host key is known for .* and you have requested strict checking|Host key verification failed/,
    code: 'IDENTITY_MISMATCH',
    class: 'permanent',
    says: ({ name, address }) => `no host key is pinned for ${name} (${address})`,
    next: () => ['Run `platform up`: the step machines pins host keys from the console output.'],
  },
  {
    when: /UNPROTECTED PRIVATE KEY FILE|bad permissions/,
    code: 'KEY_UNREADABLE',
    class: 'permanent',
    says: ({ key }) => `the private key ${key} may be read by others`,
    next: ({ key }) => [`chmod 600 ${key}`],
  },
  {
    when: /Load key .*: |no such identity: |incorrect passphrase/,
    code: 'KEY_UNREADABLE',
    class: 'permanent',
    says: ({ key }) => `the private key ${key} cannot be loaded`,
    next: () => ['Name an existing private key without a passphrase in platform.yaml: access.sshKey.'],
  },
  {
    when: /Permission denied/,
    code: 'KEY_UNREADABLE',
    class: 'permanent',
    says: ({ name, user, key }) => `${name} does not let ${user} in with the key ${key}`,
    next: ({ name }) => [
      'Check access.sshUser and access.sshKey in platform.yaml.',
      `If the key was changed after ${name} was made, the machine still has the old one: replace it, or add the key to its authorized_keys.`,
    ],
  },
];

const connection: readonly (readonly [RegExp, string])[] = [
  [/Connection refused/, 'connection refused: sshd does not listen yet'],
  [/timed out|Timeout, server .* not responding/, 'the connection timed out'],
  [/No route to host|Network is unreachable/, 'no route to the machine'],
  [/Could not resolve hostname/, 'its name does not resolve'],
  [
    /kex_exchange_identification|Connection reset|Connection closed|Broken pipe|banner exchange/,
    'the connection was closed: sshd may be restarting',
  ],
];

/** The error for an ssh that ended with 255, its own exit code: IDENTITY_MISMATCH, KEY_UNREADABLE or, transient, UNREACHABLE. */
export function sshError(machine: Machine, stderr: readonly string[]): PlatformError {
  const text = stderr.join('\n');
  const facts = { machine: machine.name, address: machine.address, user: machine.user };
  const rule = rules.find(({ when }) => when.test(text));
  if (rule !== undefined) {
    return new PlatformError(rule.code, {
      message: rule.says(machine),
      class: rule.class,
      next: rule.next(machine),
      facts,
    });
  }
  const because =
    connection.find(([when]) => when.test(text))?.[1] ??
    (stderr.findLast((line) => line.trim() !== '')?.trim() || 'ssh ended without a word');
  return new PlatformError('UNREACHABLE', {
    message: `${machine.name} (${machine.address}) cannot be reached over SSH: ${because}`,
    class: 'transient',
    next: ['Check that this machine may reach port 22 (configuration: access.allow).'],
    facts: { ...facts, reason: because },
  });
}
