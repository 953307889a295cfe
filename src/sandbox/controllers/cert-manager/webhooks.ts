import { fieldOf, listOf, textOf } from '../shared/fields.ts';
import type { Webhook } from '../shared/webhook-configurations.ts';
import type { Question, Verdict } from '../shared/webhook-server.ts';

export const validating: readonly Webhook[] = [
  {
    name: 'webhook.cert-manager.io',
    path: '/validate',
    rules: [
      {
        groups: ['cert-manager.io', 'acme.cert-manager.io'],
        versions: ['v1'],
        resources: ['*/*'],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    failurePolicy: 'Fail',
    namespaceSelector: {
      matchExpressions: [{ key: 'cert-manager.io/disable-validation', operator: 'NotIn', values: ['true'] }],
    },
  },
];

export const mutating: readonly Webhook[] = [
  {
    name: 'webhook.cert-manager.io',
    path: '/mutate',
    rules: [
      { groups: ['cert-manager.io'], versions: ['v1'], resources: ['certificaterequests'], operations: ['CREATE'] },
    ],
    failurePolicy: 'Fail',
  },
];

/** The rules of internal/apis/certmanager/validation that are most often broken, and the identity that a CertificateRequest gets. */
export function judge(path: string, question: Question): Verdict {
  const { object, user } = question;
  if (path === '/mutate') {
    const changes = [
      { op: 'add', path: '/spec/username', value: user.username },
      { op: 'add', path: '/spec/groups', value: user.groups ?? [] },
      ...(user.uid === undefined ? [] : [{ op: 'add', path: '/spec/uid', value: user.uid }]),
    ];
    return { changes };
  }
  const problems =
    object.kind === 'Certificate'
      ? certificateProblems(object)
      : object.kind.endsWith('Issuer')
        ? issuerProblems(object)
        : [];
  return problems.length === 0
    ? {}
    : { denied: problems.length === 1 ? (problems[0] ?? '') : `[${problems.join(', ')}]` };
}

function certificateProblems(object: unknown): readonly string[] {
  const spec = fieldOf(object, 'spec');
  const problems: string[] = [];
  if ((textOf(spec, 'secretName') ?? '') === '') problems.push('spec.secretName: Required value: must be specified');
  if ((textOf(spec, 'issuerRef', 'name') ?? '') === '')
    problems.push('spec.issuerRef.name: Required value: must be specified');
  const kind = textOf(spec, 'issuerRef', 'kind');
  const group = textOf(spec, 'issuerRef', 'group') ?? '';
  if (
    (group === '' || group === 'cert-manager.io') &&
    kind !== undefined &&
    !['', 'Issuer', 'ClusterIssuer'].includes(kind)
  )
    problems.push(`spec.issuerRef.kind: Invalid value: "${kind}": must be one of Issuer or ClusterIssuer`);
  const names = ['dnsNames', 'uris', 'emailAddresses', 'ipAddresses', 'otherNames'].flatMap((field) =>
    listOf(spec, field),
  );
  const common = textOf(spec, 'commonName') ?? '';
  if (names.length === 0 && common === '' && (textOf(spec, 'literalSubject') ?? '') === '')
    problems.push(
      'spec: Invalid value: "": at least one of commonName (from the commonName field or from a literalSubject), dnsNames, uriSANs, ipAddresses, emailSANs or otherNames must be set',
    );
  if (common.length > 64) problems.push(`spec.commonName: Too long: may not be more than 64 bytes`);
  return problems;
}

function issuerProblems(object: unknown): readonly string[] {
  const types = ['acme', 'ca', 'vault', 'selfSigned', 'venafi'].filter(
    (type) => fieldOf(object, 'spec', type) !== undefined,
  );
  if (types.length === 0) return ['spec: Required value: at least one issuer must be configured'];
  return types.length === 1 ? [] : [`spec.${types[1]}: Forbidden: may not specify more than one issuer type`];
}
