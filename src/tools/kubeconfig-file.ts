import { type Document, isMap, isSeq, parseDocument, stringify, type YAMLMap } from 'yaml';
import { PlatformError } from '../errors.ts';
import type { Secret } from './ports.ts';

/** What lets one user into one cluster, and whose work it is. */
export interface Access {
  /** Name of cluster and context; the user is CONTEXT-USER. */
  readonly context: string;
  readonly server: string;
  /** Base64 of PEM, as a kubeconfig has it. */
  readonly authority: string;
  readonly user: string;
  readonly certificate: string;
  readonly key: Secret;
  readonly clusterId: string;
  /** ISO 8601. */
  readonly expires: string;
}

/** The mark by which an entry is known as ours: a context without it is somebody else's. */
const mark = 'platform';
const sections = ['clusters', 'users', 'contexts'] as const;

/** Server and authority that an administrator's kubeconfig names. CONFIG_INVALID when it has none. */
export function endpointOf(text: string, path: string): { readonly server: string; readonly authority: string } {
  const document = parse(text, path);
  const server: unknown = document.getIn(['clusters', 0, 'cluster', 'server']);
  const authority: unknown = document.getIn(['clusters', 0, 'cluster', 'certificate-authority-data']);
  if (typeof server === 'string' && typeof authority === 'string') return { server, authority };
  throw invalid(path, 'it names no server with a certificate authority');
}

/** A kubeconfig that holds this access and nothing else. */
export function kubeconfigOf(access: Access): string {
  const { clusters, users, contexts } = entriesOf(access);
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [clusters],
    users: [users],
    contexts: [contexts],
    'current-context': access.context,
    preferences: {},
  });
}

/**
 * The text with this access in it: entries of ours under the same names are replaced, everything else stays as it is, comments and the current context
 * too. FOREIGN when one of the names is taken by somebody else; CONFIG_INVALID when the text is no kubeconfig.
 */
export function mergedKubeconfig(text: string, access: Access, path: string): string {
  if (text.trim() === '') return kubeconfigOf(access);
  const document = parse(text, path);
  const entries = entriesOf(access);
  const isOurs = hasMark(find(document, 'contexts', access.context)?.get('context'), access.clusterId);
  for (const section of sections) {
    const entry = entries[section];
    const found = find(document, section, entry.name);
    if (found !== undefined && !isOurs) throw taken(path, section, entry.name);
    if (found !== undefined) found.set(section.slice(0, -1), document.createNode(entry[section.slice(0, -1) as never]));
    else if (isSeq(document.get(section, true))) document.addIn([section], document.createNode(entry));
    else document.set(section, document.createNode([entry]));
  }
  return document.toString({ lineWidth: 0 });
}

/** Whether the text is a kubeconfig with nothing but an access of ours to that cluster: what --out may replace. */
export function isOnlyOurs(text: string, clusterId: string): boolean {
  const document = parseDocument(text);
  const contexts = document.get('contexts', true);
  if (document.errors.length > 0 || !isSeq(contexts)) return false;
  return contexts.items.length === 1 && hasMark(document.getIn(['contexts', 0, 'context']), clusterId);
}

function entriesOf(access: Access) {
  const user = `${access.context}-${access.user}`;
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  return {
    clusters: {
      name: access.context,
      cluster: { server: access.server, 'certificate-authority-data': access.authority },
    },
    users: {
      name: user,
      user: {
        'client-certificate-data': base64(access.certificate),
        'client-key-data': base64(access.key.reveal()),
      },
    },
    contexts: {
      name: access.context,
      context: {
        cluster: access.context,
        user,
        extensions: [{ name: mark, extension: { cluster: access.clusterId, expires: access.expires } }],
      },
    },
  } as const;
}

function find(document: Document, section: string, name: string): YAMLMap | undefined {
  const list = document.get(section, true);
  if (!isSeq(list)) return undefined;
  return list.items.find((item): item is YAMLMap => isMap(item) && item.get('name') === name);
}

function hasMark(context: unknown, clusterId: string): boolean {
  const list = isMap(context) ? context.get('extensions', true) : undefined;
  return (
    isSeq(list) &&
    list.items.some(
      (item) => isMap(item) && item.get('name') === mark && item.getIn(['extension', 'cluster']) === clusterId,
    )
  );
}

function parse(text: string, path: string): Document {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined) throw invalid(path, problem.message.split('\n')[0] ?? 'it is no YAML');
  if (!isMap(document.contents)) throw invalid(path, 'it is no kubeconfig');
  return document;
}

const invalid = (path: string, because: string): PlatformError =>
  new PlatformError('CONFIG_INVALID', {
    message: `the kubeconfig ${path} cannot be used: ${because}`,
    next: ['mend the file, or write to another one: --out FILE'],
    facts: { file: path },
  });

const taken = (path: string, section: string, name: string): PlatformError =>
  new PlatformError('FOREIGN', {
    message: `${path} has an entry ${name} in ${section} that is not ours; nothing was written`,
    next: ['give the context another name: --context NAME', 'or write a file of its own: --out FILE'],
    facts: { file: path, section, name },
  });
