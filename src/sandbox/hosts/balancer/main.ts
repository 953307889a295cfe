import process from 'node:process';
import { parseArgs } from 'node:util';
import { connectionOf } from '../../controllers/shared/kubeconfig.ts';
import { startFront } from '../../front/server.ts';
import type { ClusterBehind } from '../../front/server.ts';
import { systemClock } from '../../../tools/clock.ts';
import { openTransport } from '../../../tools/kube/transport.ts';
import type { Transport } from '../../../tools/kube/transport.ts';
import type { KubernetesObject } from '../../../tools/ports.ts';
import { readTextFile } from '../../../tools/text-files.ts';
import { askThroughNodes } from './through-nodes.ts';

// Usage: main.js --host ADDRESS --kubeconfig FILE NAME...; stands for every load balancer, in the namespace of the router
// from where it reaches the nodes. The file may come later, and change.
const { values, positionals: names } = parseArgs({
  options: { host: { type: 'string' }, kubeconfig: { type: 'string' } },
  allowPositionals: true,
});

let open: { readonly text: string; readonly transport: Transport } | undefined;
const current = (): ClusterBehind | undefined => {
  const text = readTextFile(values.kubeconfig ?? '');
  if (text === undefined || text === '') return undefined;
  if (open?.text !== text) {
    open?.transport.close();
    const connection = connectionOf(text);
    const transport = openTransport({
      connection,
      clock: systemClock,
      userAgent: 'platform-sandbox',
      deadline: 10_000,
    });
    open = { text, transport };
  }
  return { list: (path) => listFrom(open?.transport, path) };
};

async function listFrom(transport: Transport | undefined, path: string): Promise<readonly KubernetesObject[]> {
  const answer = await transport?.send({ method: 'GET', path });
  if (answer === undefined || answer.status === 404) return [];
  if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
  return (JSON.parse(answer.body) as { readonly items?: readonly KubernetesObject[] }).items ?? [];
}

await startFront(current, { host: values.host ?? '127.0.0.1', names, now: systemClock.now(), pass: askThroughNodes });
process.stdout.write('load balancers are up\n');
