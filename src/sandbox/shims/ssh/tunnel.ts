import { connect, createServer } from 'node:net';
import { askSandbox } from './connection.ts';

/** Listens for one forward, and joins each connection with the port on the other side; only the API server's exists. */
export async function openForward(
  forward: { readonly listen: number; readonly port: number },
  controlApi: string,
): Promise<void> {
  const server = createServer((near) => {
    void askSandbox<readonly { readonly name: string; readonly detail?: string }[]>(`${controlApi}/parts`).then(
      (parts) => {
        const address = parts.find(({ name }) => name === 'cluster')?.detail ?? '';
        if (forward.port !== 6443 || !URL.canParse(address)) return near.destroy();
        const far = connect({ host: '127.0.0.1', port: Number(new URL(address).port) });
        near.pipe(far).pipe(near);
        for (const [one, other] of [
          [near, far],
          [far, near],
        ] as const) {
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
        }
        return near;
      },
      () => near.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(forward.listen, '127.0.0.1', resolve);
  });
}
