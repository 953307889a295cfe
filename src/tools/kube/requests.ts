import { openDiscovery, resourcePath } from './discovery.ts';
import type { Resource } from './discovery.ts';
import { refusal } from './errors.ts';
import type { KubernetesObject } from '../ports-cluster.ts';
import type { Answer, Call, Transport } from './transport.ts';

/** Our field manager: the owner of what `platform` applies. */
export const fieldManager = 'platform';

/** What reader and writer both stand on. */
export interface Requests {
  /** Path of an object or collection; undefined when the server does not serve the kind. */
  pathOf(reference: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name?: string;
  }): Promise<string | undefined>;
  /** The body of a successful answer; any other status is KUBERNETES. */
  expect(call: Call): Promise<unknown>;
  send(call: Call): Promise<Answer>;
  /** The body of an answer that is already there, under the same rule as `expect`. */
  accept(call: Call, answer: Answer): unknown;
  /** The error for a kind that the server does not serve. */
  noSuchKind(object: { readonly apiVersion: string; readonly kind: string }): Error;
}

/** The error-mapping layer over a transport. */
export function openRequests(transport: Transport): Requests {
  const discovery = openDiscovery(transport);
  const accept = (call: Call, answer: Answer): unknown => {
    if (answer.status >= 400)
      throw refusal({ method: call.method, path: call.path, server: transport.server }, answer.status, answer.body);
    return JSON.parse(answer.body);
  };
  return {
    send: (call) => transport.send(call),
    accept,
    expect: async (call) => accept(call, await transport.send(call)),
    async pathOf(reference) {
      const resource = await discovery.find(reference.apiVersion, reference.kind);
      return resource && resourcePath(reference.apiVersion, resource, namespaceOf(resource, reference), reference.name);
    },
    noSuchKind: ({ apiVersion, kind }) =>
      refusal(
        { method: 'GET', path: `${apiVersion} ${kind}`, server: transport.server },
        404,
        JSON.stringify({
          reason: 'KindNotFound',
          message: `the server does not serve the kind ${kind} in ${apiVersion}`,
        }),
      ),
  };
}

/** An object without a namespace is in `default`; a collection without one is over all of them. */
function namespaceOf(
  resource: Resource,
  reference: { readonly namespace?: string; readonly name?: string },
): string | undefined {
  return reference.namespace ?? (resource.namespaced && reference.name !== undefined ? 'default' : undefined);
}

/** A server-side apply without force. JSON is YAML, which is what this content type asks for. */
export function applyCall(
  path: string,
  object: KubernetesObject,
  manager: string,
  more: Readonly<Record<string, string>> = {},
): Call {
  const { managedFields: _, ...metadata } = object.metadata;
  return {
    method: 'PATCH',
    path,
    type: 'application/apply-patch+yaml',
    query: { ...more, fieldManager: manager, fieldValidation: 'Strict' },
    body: { ...object, metadata },
  };
}
