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
        const port = URL.canParse(address) ? Number(new URL(address).port) : undefined;
        // 6443 as on a real machine, or the port that the simulated admin.conf names.
        if (port === undefined || (forward.port !== 6443 && forward.port !== port)) return near.destroy();
        const far = connect({ host: '127.0.0.1', port });
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
