import { join } from 'node:path';
import { systemClock } from '../../tools/clock.ts';
import { textFiles } from '../../tools/files.ts';
import { removeFolder, writeQuick } from '../../tools/folders.ts';
import { applyCall, openRequests } from '../../tools/kube/requests.ts';
import type { Transport } from '../../tools/kube/transport.ts';
import type { KubernetesObject } from '../../tools/ports.ts';
import type { ControlPlaneSettings } from '../control-plane/arguments.ts';
import { startControlPlane } from '../control-plane/cluster.ts';
import type { ControlPlane } from '../control-plane/cluster.ts';
import type { ProgramRunner } from '../control-plane/programs.ts';
import { freePorts } from '../free-ports.ts';
import type { SandboxSettings } from '../settings.ts';

/** The cluster of the simulated machines: there from the first control-plane effect until its last control plane is gone. */
export interface FarCluster {
  /** The running cluster, for the sandbox's own requests. */
  current(): RunningCluster | undefined;
  /** Starts it on its first control plane; fine when it runs. Tells whether anything was done. */
  start(request: ClusterRequest, signal: AbortSignal): Promise<boolean>;
  /** Goes on with the data of an earlier supervisor; false when there are none. */
  resume(signal: AbortSignal): Promise<boolean>;
  stop(): Promise<void>;
  /** Ends it and removes its data: its machines are gone. */
  forget(): Promise<void>;
}

export interface ClusterRequest {
  readonly names: readonly string[];
  /** Address of the machine: what the Service `kubernetes` points at. */
  readonly advertise: string;
  readonly pods: string;
  readonly services: string;
}

export interface RunningCluster {
  readonly server: string;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  get(path: string): Promise<KubernetesObject | undefined>;
  /** The live object of the same kind and name. */
  find(object: KubernetesObject): Promise<KubernetesObject | undefined>;
  list(path: string): Promise<readonly KubernetesObject[]>;
  /** Server-side apply by force, as the sandbox. */
  apply(object: KubernetesObject, manager?: string): Promise<KubernetesObject>;
  /** Merge patch, also of a subresource path. */
  patch(path: string, change: unknown): Promise<void>;
  create(path: string, object: KubernetesObject): Promise<KubernetesObject>;
  remove(path: string): Promise<void>;
}

/** One control plane at most; `kubeconfig` changes are told to `onChange`, for the stand-in controllers. */
export function openFarCluster(
  settings: SandboxSettings,
  runner: ProgramRunner,
  onChange: (cluster: RunningCluster | undefined) => Promise<void>,
): FarCluster {
  const folder = join(settings.folder, 'cluster');
  const recordFile = join(folder, 'settings.json');
  let running:
    | { readonly plane: ControlPlane; readonly cluster: RunningCluster; readonly transport: Transport }
    | undefined;
  let working: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const next = working.catch(() => undefined).then(work);
    working = next;
    return next;
  };

  const launch = async (planned: ControlPlaneSettings, signal: AbortSignal): Promise<void> => {
    const world = { runner, files: textFiles, clock: systemClock };
    const plane = await startControlPlane(world, settings.controlPlane, planned, signal);
    const transport = await plane.connect('platform-sandbox');
    running = { plane, transport, cluster: clusterThrough(transport, plane) };
    await onChange(running.cluster);
  };
  const end = async (): Promise<void> => {
    const was = running;
    if (was === undefined) return;
    running = undefined;
    await onChange(undefined);
    was.transport.close();
    await was.plane.stop();
  };
  const recorded = async (): Promise<ControlPlaneSettings | undefined> => {
    const text = await textFiles.read(recordFile);
    return text === undefined ? undefined : (JSON.parse(text) as ControlPlaneSettings);
  };

  return {
    current: () => running?.cluster,
    start: (request, signal) =>
      alone(async () => {
        if (running !== undefined) return false;
        await launch((await recorded()) ?? (await plan(folder, settings, request, recordFile)), signal);
        return true;
      }),
    resume: (signal) =>
      alone(async () => {
        const planned = await recorded();
        if (planned === undefined) return false;
        await launch(planned, signal);
        return true;
      }),
    stop: () => alone(end),
    forget: () =>
      alone(async () => {
        await end();
        await removeFolder(folder);
      }),
  };
}

/** Ports are chosen once: the kubeconfig that the product fetched names them. */
async function plan(
  folder: string,
  settings: SandboxSettings,
  request: ClusterRequest,
  file: string,
): Promise<ControlPlaneSettings> {
  const [api = 0, etcd = 0, etcdPeer = 0] = await freePorts(3);
  const stages = ['node.yaml', 'pod.yaml'].map((name) => join(settings.program, 'sandbox', 'stages', name));
  const planned: ControlPlaneSettings = {
    folder,
    stages,
    ports: { api, etcd, etcdPeer },
    names: request.names.filter((name) => name !== ''),
    advertise: request.advertise,
    podCidr: request.pods,
    serviceCidr: request.services,
  };
  await writeQuick(file, JSON.stringify(planned, undefined, 2));
  return planned;
}

function clusterThrough(transport: Transport, plane: ControlPlane): RunningCluster {
  const requests = openRequests(transport);
  const get = async (path: string): Promise<KubernetesObject | undefined> => {
    const answer = await transport.send({ method: 'GET', path });
    return answer.status === 404 ? undefined : (requests.accept({ method: 'GET', path }, answer) as KubernetesObject);
  };
  return {
    server: plane.server,
    kubeconfig: plane.kubeconfig,
    get,
    async find(object) {
      const path = await requests.pathOf({ ...object, ...object.metadata });
      return path === undefined ? undefined : get(path);
    },
    async list(path) {
      const answer = await transport.send({ method: 'GET', path });
      if (answer.status === 404) return [];
      return (
        (requests.accept({ method: 'GET', path }, answer) as { readonly items?: readonly KubernetesObject[] }).items ??
        []
      );
    },
    async apply(object, manager = 'sandbox') {
      const path = await requests.pathOf({ ...object, ...object.metadata });
      if (path === undefined) throw requests.noSuchKind(object);
      const call = applyCall(path, object, manager);
      return (await requests.expect({ ...call, query: { ...call.query, force: 'true' } })) as KubernetesObject;
    },
    async patch(path, change) {
      await requests.expect({ method: 'PATCH', path, type: 'application/merge-patch+json', body: change });
    },
    create: async (path, object) => (await requests.expect({ method: 'POST', path, body: object })) as KubernetesObject,
    async remove(path) {
      const call = { method: 'DELETE', path } as const;
      const answer = await transport.send(call);
      if (answer.status !== 404) requests.accept(call, answer);
    },
  };
}
