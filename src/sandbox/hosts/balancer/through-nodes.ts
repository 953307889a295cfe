import { request } from 'node:http';
import { conditionStatus, fieldOf, listOf, numberOf, textOf } from '../../controllers/shared/fields.ts';
import type { ClusterBehind, ServiceRoute } from '../../front/server.ts';
import type { Asked, Reply } from '../../http.ts';
import type { KubernetesObject } from '../../../tools/ports.ts';

const patience = 5_000;

/** Asks a service as a load balancer with targets of type instance does: at its node port, on one ready node after the other. */
export async function askThroughNodes(
  cluster: ClusterBehind,
  { namespace, service, port }: ServiceRoute,
  asked: Asked,
): Promise<Reply> {
  const [services, nodes] = await Promise.all([
    cluster.list(`/api/v1/namespaces/${namespace}/services`),
    cluster.list('/api/v1/nodes'),
  ]);
  const nodePort = nodePortOf(
    services.find(({ metadata }) => metadata.name === service),
    port,
  );
  if (nodePort === undefined) return refusal(503, `${namespace}/${service} has no node port`);
  let because = 'no node is ready';
  for (const host of nodes.flatMap(addressOf)) {
    try {
      return await ask(host, nodePort, asked);
    } catch (error) {
      because = `${host}:${nodePort}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return refusal(504, because);
}

function nodePortOf(service: KubernetesObject | undefined, wanted: ServiceRoute['port']): number | undefined {
  const ports = listOf(service, 'spec', 'ports');
  const found = ports.find((one) =>
    wanted.number === undefined ? fieldOf(one, 'name') === wanted.name : fieldOf(one, 'port') === wanted.number,
  );
  return numberOf(found, 'nodePort');
}

function addressOf(node: KubernetesObject): readonly string[] {
  if (conditionStatus(node, 'Ready') !== 'True') return [];
  const internal = listOf(node, 'status', 'addresses').find((one) => fieldOf(one, 'type') === 'InternalIP');
  const address = textOf(internal, 'address');
  return address === undefined ? [] : [address];
}

function ask(host: string, port: number, asked: Asked): Promise<Reply> {
  const { method, url, headers } = asked;
  const path = `${url.pathname}${url.search}`;
  return new Promise((resolve, reject) => {
    const options = { host, port, method, path, headers: { host: headers.host ?? '' }, agent: false as const };
    const sent = request({ ...options, signal: AbortSignal.timeout(patience) }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const type = response.headers['content-type'];
        resolve({
          status: response.statusCode ?? 502,
          ...(type === undefined ? {} : { type }),
          headers: response.headers.location === undefined ? {} : { location: response.headers.location },
          body: Buffer.concat(parts),
        });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

const refusal = (status: number, body: string): Reply => ({ status, type: 'text/plain', body: `${body}\n` });
