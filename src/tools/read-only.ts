import { PlatformError } from '../errors.ts';
import type { ClusterReader, ClusterWriter } from './ports-cluster.ts';
import type { ReadWorld, WriteWorld } from './ports-world.ts';

/** The names of a port's writing methods. */
type Writing<Reader, Writer> = Exclude<keyof Writer, keyof Reader> & string;
type PortName = 'terraform' | 'ansible' | 'helm' | 'aws' | 'estate' | 'ssh' | 'ledger' | 'files';

/** Every writing method, complete by type: one that is added to a port and not here does not compile. */
const writes: { readonly [Port in PortName]: Readonly<Record<Writing<ReadWorld[Port], WriteWorld[Port]>, true>> } = {
  terraform: { apply: true, destroy: true, forget: true, settle: true },
  ansible: { play: true },
  helm: { upgrade: true, settle: true, uninstall: true },
  aws: {
    makeBucket: true,
    putObject: true,
    removeObject: true,
    putLifecycle: true,
    associateAddress: true,
    changeRecords: true,
    makeSnapshot: true,
  },
  estate: { remove: true, revoke: true },
  ssh: { pin: true, readSecretFile: true },
  ledger: { record: true, retire: true, mirror: true },
  files: { write: true, remove: true },
};
const clusterWrites: Readonly<Record<Writing<ClusterReader, ClusterWriter>, true>> = {
  apply: true,
  remove: true,
  merge: true,
  releaseFinalizers: true,
  signClient: true,
  evict: true,
};

/**
 * The same world, in which every writing method throws BUG: what `plan` and checks look at. The types keep honest steps
 * from writing; this holds against casts and against mistakes.
 */
export function readOnly<World extends WriteWorld>(world: World): World {
  const guarded = (Object.keys(writes) as PortName[]).map((name) => [name, guard(name, world[name], writes[name])]);
  return {
    ...world,
    ...(Object.fromEntries(guarded) as Pick<WriteWorld, PortName>),
    cluster: async () => guard('cluster', await world.cluster(), clusterWrites),
  };
}

function guard<Port extends object>(name: string, port: Port, methods: Readonly<Record<string, true>>): Port {
  const refusals = Object.keys(methods).map((method) => [
    method,
    async () => {
      throw new PlatformError('BUG', {
        message: `${name}.${method} was called where nothing may be written`,
        facts: { port: name, method },
      });
    },
  ]);
  return { ...port, ...Object.fromEntries(refusals) };
}
