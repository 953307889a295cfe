import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../tools/clock.ts';
import { textFiles } from '../../tools/files.ts';
import { removeFolder, writeQuick } from '../../tools/folders.ts';
import { openFarCluster } from '../cluster/far-cluster.ts';
import { serveNames } from '../dns/server.ts';
import { lookUp } from '../dns/zone.ts';
import { startFront } from '../front/server.ts';
import { hostVariables } from '../hosts/facts.ts';
import { listen } from '../http.ts';
import { openMachines } from '../machines/registry.ts';
import { openMirror } from '../mirror/serve.ts';
import { endProcess, lives, recordOf } from '../processes.ts';
import type { SandboxSettings } from '../settings.ts';
import { writeShims } from '../shims/launchers.ts';
import { childrenFile, stateFile } from '../state.ts';
import type { RecordedProcess, SandboxState } from '../state.ts';
import { recordedSandbox } from '../read.ts';
import { makeSshKey } from '../user-key.ts';
import { startAwsServer } from './aws-server.ts';
import { openChildren } from './children.ts';
import type { ChildrenRecord } from './children.ts';
import { controlApi } from './control-api.ts';
import { openControllers } from './controllers.ts';
import { readFarSide } from './far-side.ts';
import { watch } from './watch.ts';
import { namesOfZones, openMachinesNetwork, watchHosts } from './watch-hosts.ts';

/** Runs the sandbox until the signal; then ends every child. `say` goes to the supervisor's log. */
export async function supervise(
  settings: SandboxSettings,
  stopping: AbortController,
  say: (text: string) => void,
): Promise<void> {
  const { folder } = settings;
  const { signal } = stopping;
  const self = await recordOf(process.pid);
  if (self === undefined) throw new Error('the supervisor cannot find itself in the process table');
  await endLeftovers(folder);
  const children = openChildren(folder);
  try {
    const network = await openMachinesNetwork(settings, children, say);
    const aws = await startAwsServer(settings, children, network?.range.instances);
    say(`AWS ${aws.endpoint}${aws.adopted ? ', taken over' : ''}`);
    // Another AWS knows nothing of the machines and their cluster.
    if (!aws.adopted) await removeFolder(join(folder, 'cluster'));
    const machines = await openMachines(folder, aws.adopted);
    const controllers = openControllers(settings, children, {
      endpoint: network?.inside.aws ?? aws.endpoint,
      ...(network === undefined ? {} : { inside: network.inside }),
      say,
    });
    const cluster = openFarCluster(settings, children, (running) => controllers.follow(running));
    const world = { settings, machines, cluster, clock: systemClock, signal };

    // The product's inventory holds addresses of the mirror: a new supervisor listens where the last one did.
    const last = aws.adopted ? await recordedSandbox(folder) : undefined;
    const lastApi = last === undefined ? undefined : new URL(last.controlApi);
    const secret = lastApi?.pathname ?? `/${randomBytes(16).toString('hex')}`;
    const parts = () =>
      partsOf({ awsEndpoint: aws.endpoint, machines: machines.all().length, server: cluster.current()?.server });
    const control = controlApi({ ...world, parts, stop: () => stopping.abort() });
    const mirror = await openMirror(join(settings.program, 'sandbox'), settings.hosts?.manifests);
    const web = await listen(
      (asked) => {
        const path = asked.url.pathname;
        return path.startsWith(`${secret}/`) ? control(asked, path.slice(secret.length)) : mirror(asked);
      },
      lastApi === undefined ? {} : { port: Number(lastApi.port) },
    );
    const hosts = await network?.open({ aws: aws.endpoint, mirror: web.port });
    const dns = await serveNames('127.0.0.1', 0, async (name, type) =>
      lookUp(await readFarSide(aws.endpoint), name, type),
    );
    const names = namesOfZones(settings);
    const front = hosts?.front ?? (await startFront(() => cluster.current(), { names, now: systemClock.now() }));
    const base = `http://127.0.0.1:${web.port}`;
    const mirrors = network?.mirrors ?? { charts: `${base}/charts`, manifests: `${base}/manifests` };
    const key = join(folder, 'id_ed25519');
    if ((await textFiles.read(key)) === undefined) await writeKey(key);
    const terraformConfiguration = join(folder, 'terraform.tfrc');
    if (settings.terraformConfiguration !== undefined)
      await writeQuick(terraformConfiguration, settings.terraformConfiguration);
    const state: SandboxState = {
      version: 1,
      folder,
      supervisor: self,
      region: settings.region,
      endpoint: aws.endpoint,
      serverId: aws.id,
      dns: `127.0.0.1:${dns.port}`,
      connectTo: front.connectTo,
      mirrors,
      controlApi: `${base}${secret}`,
      tools: {
        ...(hosts === undefined
          ? await writeShims(settings, `${base}${secret}`)
          : { ssh: 'ssh', 'ansible-playbook': settings.tools.ansiblePlaybook }),
        helm: settings.tools.helm,
        kubectl: settings.tools.kubectl,
        python: settings.tools.python,
      },
      ...(settings.terraformConfiguration === undefined ? {} : { terraformConfiguration }),
      sshKey: key,
      ...(network === undefined
        ? {}
        : { hosts: { variables: { ...(await hostVariables()), etcd_backup_endpoint: network.inside.aws } } }),
    };
    if (await cluster.resume(signal)) say('cluster: goes on with its data');
    await writeQuick(stateFile(folder), `${JSON.stringify(state, undefined, 2)}\n`);
    say('ready');
    const following =
      hosts === undefined
        ? watch(world, aws.endpoint, say)
        : watchHosts(hosts, aws.endpoint, { signal, say, controllers });
    await Promise.race([following, ownerGone(settings, signal, say)]);
    stopping.abort();
    say('stopping');
    await following;
    await Promise.all([web.close(), dns.close(), front.close(), cluster.stop(), hosts?.remove()]);
  } finally {
    await children.stopAll();
  }
}

/** Resolves when the process that the sandbox belongs to is gone; without one, never before the signal. */
async function ownerGone(settings: SandboxSettings, signal: AbortSignal, say: (text: string) => void): Promise<void> {
  const { owner } = settings;
  const isOwned = async (): Promise<boolean> => owner === undefined || lives(owner);
  while (!signal.aborted && (await isOwned())) await systemClock.sleep(1000, signal);
  if (!signal.aborted) say(`the owner, process ${owner?.pid ?? 0}, is gone`);
}

/** What an earlier supervisor left behind when it was killed; its AWS server is taken over later, if it still answers. */
async function endLeftovers(folder: string): Promise<void> {
  const text = await textFiles.read(childrenFile(folder));
  const left = Object.entries(text === undefined ? {} : (JSON.parse(text) as ChildrenRecord));
  await Promise.all(
    left.filter(([name]) => name !== 'aws').map(([, child]: [string, RecordedProcess]) => endProcess(child, 'SIGKILL')),
  );
}

async function writeKey(path: string): Promise<void> {
  const { privateKey, publicKey } = makeSshKey('platform-sandbox');
  await writeQuick(`${path}.pub`, `${publicKey} platform-sandbox\n`, 0o644);
  await writeQuick(path, privateKey, 0o600);
}

function partsOf(facts: {
  readonly awsEndpoint: string;
  readonly machines: number;
  readonly server: string | undefined;
}) {
  return [
    { name: 'AWS', alive: true, detail: facts.awsEndpoint },
    { name: 'machines', alive: true, detail: String(facts.machines) },
    { name: 'cluster', alive: true, detail: facts.server ?? 'not built yet' },
  ];
}
