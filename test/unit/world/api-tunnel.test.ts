import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/tools/clock.ts';
import type { Command, Exit, Processes, WritableTextFiles } from '../../../src/tools/ports.ts';
import { openApiTunnel } from '../../../src/world/api-tunnel.ts';
import { exampleConfig } from '../../helpers/configuration.ts';

const admin = 'clusters:\n- cluster:\n    certificate-authority-data: AAAA\n    server: https://10.0.0.5:6443\n';
const inventory = '{ "k8s-master": {\n  "ansible_host": "203.0.113.9" } }';
const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** ssh that forwards: listens on the port that -L names until it is told to end. */
function forwarding(started: Command[]): Processes {
  return {
    run: (command) =>
      new Promise<Exit>((resolve) => {
        started.push(command);
        const server = createServer().listen(
          Number(/127\.0\.0\.1:(\d+):/.exec(command.argv.join(' '))?.[1]),
          '127.0.0.1',
        );
        servers.push(server);
        command.signal?.addEventListener('abort', () =>
          resolve({ code: null, signal: 'SIGTERM', tail: [], stdout: '', log: '' }),
        );
      }),
  };
}

function world(
  read: Processes,
  files: Readonly<Record<string, string>> = { kubeconfig: admin, 'inventory.yml': inventory },
) {
  const written = new Map<string, string>();
  const config = exampleConfig();
  const port: WritableTextFiles = {
    read: async (path) => files[path.replace(`${config.stateFolder}/`, '')],
    list: async () => [],
    write: async (path, text, mode) => void written.set(`${path} ${mode?.toString(8)}`, text),
    remove: async () => undefined,
  };
  const tunnel = openApiTunnel({
    config,
    program: 'ssh',
    environment: { PATH: '/bin' },
    read,
    files: port,
    clock: systemClock,
    folder: '/scratch',
  });
  return { tunnel, written };
}

describe('the API through a tunnel', () => {
  it('our own requests share one tunnel to the private address; the kubeconfig is rewritten, 0600', async () => {
    const started: Command[] = [];
    const { tunnel, written } = world(forwarding(started));
    const paths = await Promise.all([tunnel.kubeconfig(admin), tunnel.kubeconfig(admin)]);
    expect(paths).toEqual(['/scratch/kubeconfig.tunnel', '/scratch/kubeconfig.tunnel']);
    expect(started).toHaveLength(1);
    const argv = started[0]?.argv ?? [];
    const port = /127\.0\.0\.1:(\d+):10\.0\.0\.5:6443/.exec(argv.join(' '))?.[1];
    expect(argv).toContain('-N');
    expect(argv.at(-1)).toBe('203.0.113.9');
    expect(argv).toContain('StrictHostKeyChecking=yes');
    expect(written.get('/scratch/kubeconfig.tunnel 600')).toContain(`server: https://127.0.0.1:${port}\n`);
    tunnel.close();
  });

  it('a tool that may outlive us gets a tunnel of its own from the launcher', async () => {
    const { tunnel } = world(forwarding([]));
    const started: (Command & { companion?: { argv: readonly string[]; port: number } })[] = [];
    const processes: Processes = {
      run: async (command) => {
        started.push(command);
        return { code: 0, signal: null, tail: [], stdout: '', log: '' };
      },
    };
    const helm = { tool: 'helm', argv: ['helm', 'upgrade'], cwd: '/', env: {} };
    await Promise.all([tunnel.around(processes).run(helm), tunnel.around(processes).run(helm)]);
    const ports = started.map(({ companion }) => companion?.port);
    expect(new Set(ports).size).toBe(2);
    for (const { argv, companion } of started) {
      expect(argv).toEqual(['helm', 'upgrade', '--kube-apiserver', `https://127.0.0.1:${companion?.port}`]);
      expect(companion?.argv.join(' ')).toContain(`127.0.0.1:${companion?.port}:10.0.0.5:6443`);
    }
  });

  it('says what ssh said when it does not open, and tries anew when asked again', async () => {
    let calls = 0;
    const refusing: Processes = {
      run: async () => {
        calls += 1;
        return {
          code: 255,
          signal: null,
          tail: ['connect to host 203.0.113.9 port 22: Connection refused'],
          stdout: '',
          log: '',
        };
      },
    };
    const { tunnel } = world(refusing);
    await expect(tunnel.kubeconfig(admin)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      class: 'transient',
      message: expect.stringContaining('Connection refused'),
    });
    await expect(tunnel.kubeconfig(admin)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(calls).toBe(2);
  });

  it('without an inventory it says so', async () => {
    const { tunnel } = world(forwarding([]), { kubeconfig: admin });
    await expect(tunnel.kubeconfig(admin)).rejects.toThrow('there is no inventory yet');
  });
});
