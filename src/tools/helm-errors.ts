import { PlatformError } from '../errors.ts';
import type { ErrorClass, ErrorCode } from '../errors.ts';
import type { Exit, Release } from './ports.ts';

interface Rule {
  readonly when: RegExp;
  readonly code: ErrorCode;
  readonly class: ErrorClass;
  readonly reason: string;
  says(release: Release): string;
  next(release: Release): readonly string[];
}

/** What Helm 3.18 to 4.1 write to stderr; the first rule that fits is the most telling one. */
const rules: readonly Rule[] = [
  {
    when: /Apply failed with \d+ conflict|conflicts? with "[^"]+"/,
    code: 'KUBERNETES',
    class: 'permanent',
    reason: 'conflict',
    says: ({ name }) => `objects of ${name} have fields that another manager owns`,
    next: ({ name, namespace }) => [
      `Undo what was changed by hand, or let Helm take the fields: helm upgrade ${name} -n ${namespace} --force-conflicts ...`,
    ],
  },
  {
    when: /cannot be imported into the current release|invalid ownership metadata/,
    code: 'FOREIGN',
    class: 'permanent',
    reason: 'ownership',
    says: ({ name }) => `an object that ${name} wants to make is there already and belongs to someone else`,
    next: () => ['Remove the object, or whoever made it: one owner for each component.'],
  },
  {
    when: /another operation \(install\/upgrade\/rollback\) is in progress/,
    code: 'TOOL_FAILED',
    class: 'permanent',
    reason: 'pending',
    says: ({ name }) => `an earlier operation on ${name} was cut off, and Helm waits for it for ever`,
    next: () => ['Run the same command again: it settles that first.'],
  },
  {
    // Helm 4 says the same of a missing chart and of a missing version.
    when: /chart "[^"]*" (version "[^"]*" )?not found|no chart (name|version) found|no .* version matching|could not locate a version matching/,
    code: 'CONFIG_INVALID',
    class: 'permanent',
    reason: 'chart-not-found',
    says: ({ chart, version, repository }) => `there is no chart ${chart} of version ${version} in ${repository}`,
    next: () => ['Correct the pin in versions.yaml.'],
  },
  {
    when: /Kubernetes cluster unreachable|server has asked for the client to provide credentials/,
    code: 'UNREACHABLE',
    class: 'transient',
    reason: 'cluster',
    says: () => 'Helm cannot reach the API server',
    next: () => ['Check that this machine may reach port 6443 (configuration: access.allow).'],
  },
  {
    when: /failed calling webhook|etcdserver|currently unable to handle|context deadline exceeded|timed out waiting/,
    code: 'KUBERNETES',
    class: 'transient',
    reason: 'cluster-busy',
    says: ({ name }) => `the cluster did not take ${name} in time`,
    next: () => ['Run the same command again: it goes on.'],
  },
  {
    when: /no such host|connection refused|i\/o timeout|TLS handshake timeout|network is unreachable|connection reset|unexpected EOF|: EOF$|\b50[0-9] |429 Too Many/m,
    code: 'UNREACHABLE',
    class: 'transient',
    reason: 'network',
    says: ({ chart, repository }) => `${repository} did not answer while ${chart} was wanted`,
    next: () => ['For a site without internet set mirrors.charts in platform.yaml.'],
  },
  {
    when: /not a valid chart repository|failed to fetch .* : 4\d\d/,
    code: 'CONFIG_INVALID',
    class: 'permanent',
    reason: 'repository',
    says: ({ repository }) => `${repository} is no chart repository`,
    next: () => ['Correct the repository in versions.yaml, or mirrors.charts in platform.yaml.'],
  },
  {
    when: /don't meet the specifications of the schema|values\.schema\.json/,
    code: 'CONFIG_INVALID',
    class: 'permanent',
    reason: 'values-schema',
    says: ({ chart }) => `the chart ${chart} does not accept the values`,
    next: ({ name }) => [`Correct templates/${name}/values.yaml where the schema points at.`],
  },
  {
    when: /failed to parse .*values|error converting YAML|cannot unmarshal/,
    code: 'TEMPLATE_INVALID',
    class: 'permanent',
    reason: 'values-syntax',
    says: ({ name }) => `the values of ${name} are no YAML`,
    next: ({ name }) => [`Correct templates/${name}/values.yaml.`],
  },
  {
    when: /execution error at|parse error at|template: .*:\d+:\d+/,
    code: 'CONFIG_INVALID',
    class: 'permanent',
    reason: 'template',
    says: ({ chart }) => `the chart ${chart} cannot be rendered with these values`,
    next: ({ name }) => [`Correct templates/${name}/values.yaml.`],
  },
  {
    when: /no matches for kind|ensure CRDs are installed first/,
    code: 'KUBERNETES',
    class: 'permanent',
    reason: 'kind-missing',
    says: ({ name }) => `${name} needs a kind that the cluster does not serve`,
    next: () => ['Install what brings the CustomResourceDefinition first.'],
  },
];

/** The error for a Helm that ended badly, with facts {tool, release, reason, managers?, exit?} and its own last words. */
export function helmError(exit: Exit, action: string, release: Release): PlatformError {
  const words = exit.tail.filter((line) => line.trim() !== '' && !/^(WARNING|level=|time=|walk\.go)/.test(line));
  const text = words.join('\n');
  const rule = rules.find(({ when }) => when.test(text));
  const managers = [...new Set([...text.matchAll(/conflicts? with "([^"]+)"/g)].map((match) => match[1]))].join(', ');
  const said = words
    .slice(-3)
    .join(' ')
    .replace(/^Error: /, '')
    .slice(0, 600);
  return new PlatformError(rule?.code ?? 'TOOL_FAILED', {
    message: `${rule?.says(release) ?? `helm ${action} ${release.name} failed`}: ${said || 'helm ended without a word'}`,
    // A Helm that was killed has not judged anything.
    class: rule?.class ?? (exit.code === null ? 'transient' : 'permanent'),
    next: [...(rule?.next(release) ?? []), ...(exit.log === '' ? [] : [`The whole output: ${exit.log}`])],
    facts: {
      tool: 'helm',
      action,
      release: release.name,
      namespace: release.namespace,
      reason: rule?.reason ?? 'unknown',
      ...(managers !== '' && { managers }),
      ...(exit.code !== null && { exit: exit.code }),
    },
  });
}
