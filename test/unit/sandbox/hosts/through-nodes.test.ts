import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { askThroughNodes } from '../../../../src/sandbox/hosts/balancer/through-nodes.ts';
import type { Asked } from '../../../../src/sandbox/http.ts';
import type { KubernetesObject } from '../../../../src/tools/ports.ts';

const route = { to: 'service', namespace: 'web', service: 'shop', port: { number: 80 } } as const;
const asked: Asked = {
  method: 'GET',
  url: new URL('http://shop.example.dev/cart?x=1'),
  headers: { host: 'shop.example.dev' },
  json: () => Promise.resolve(undefined),
};

const node = (address: string, ready: 'True' | 'False'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: address },
  status: { conditions: [{ type: 'Ready', status: ready }], addresses: [{ type: 'InternalIP', address }] },
});

const service = (nodePort: number | undefined): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'shop', namespace: 'web' },
  spec: { ports: [{ name: 'http', port: 80, ...(nodePort === undefined ? {} : { nodePort }) }] },
});

const clusterOf = (nodes: readonly KubernetesObject[], nodePort?: number) => ({
  list: (path: string) => Promise.resolve(path.endsWith('/nodes') ? nodes : [service(nodePort)]),
});

async function listening(): Promise<number> {
  const server = createServer((request, response) => {
    response.writeHead(302, { location: '/login', 'content-type': 'text/plain' });
    response.end(`${request.headers.host ?? ''}${request.url ?? ''}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('the answer is that of the service at its node port, with the path and the host that were asked for', async () => {
  const cluster = clusterOf([node('127.0.0.1', 'True')], await listening());
  const answer = await askThroughNodes(cluster, route, asked);
  expect({ ...answer, body: String(answer.body) }).toEqual({
    status: 302,
    type: 'text/plain',
    headers: { location: '/login' },
    body: 'shop.example.dev/cart?x=1',
  });
});

test('a node that does not answer is passed over for the next; one that is not Ready is not asked', async () => {
  const port = await listening();
  const [silent, here] = [node('127.0.0.2', 'True'), node('127.0.0.1', 'True')];
  expect(await askThroughNodes(clusterOf([silent, here], port), route, asked)).toMatchObject({ status: 302 });
  expect(await askThroughNodes(clusterOf([node('127.0.0.1', 'False')], port), route, asked)).toMatchObject({
    status: 504,
    body: 'no node is ready\n',
  });
});

test('a service without a node port is no target', async () => {
  expect(await askThroughNodes(clusterOf([node('127.0.0.1', 'True')]), route, asked)).toMatchObject({ status: 503 });
});
