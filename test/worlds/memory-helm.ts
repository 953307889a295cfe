import type { HelmWriter, InstalledRelease } from '../../src/tools/ports.ts';
import type { MemoryCluster } from './memory-cluster/memory-cluster.ts';
import { unreachable } from './memory-cluster/port.ts';

interface Kept extends InstalledRelease {
  /** Keys of its objects. */
  readonly objects: readonly string[];
}

/** Helm in memory: a release is a name for objects of the cluster. */
export class MemoryHelm {
  readonly #cluster: MemoryCluster;
  installed: readonly Kept[] = [];

  constructor(cluster: MemoryCluster) {
    this.#cluster = cluster;
  }

  add(release: Kept): void {
    this.installed = [...this.installed, release];
  }

  port(alive: () => boolean): HelmWriter {
    const enter = async (duration: number): Promise<void> => {
      if (!alive()) await new Promise(() => undefined);
      this.#cluster.calls += 1;
      await this.#cluster.clock.sleep(duration);
      if (!alive()) await new Promise(() => undefined);
      if (!this.#cluster.alive) throw unreachable(this.#cluster);
    };
    const never = async (): Promise<never> => {
      throw new Error('helm was not expected');
    };
    return {
      releases: async () => {
        await enter(400);
        return this.installed.map(({ name, namespace, chart, status }) => ({ name, namespace, chart, status }));
      },
      uninstall: async ({ name, namespace }) => {
        await enter(1500);
        const found = this.installed.find((one) => one.name === name && one.namespace === namespace);
        if (found === undefined) return;
        this.#cluster.writes.push({
          at: this.#cluster.clock.monotonic(),
          verb: 'uninstall',
          target: `${namespace}/${name}`,
        });
        for (const key of found.objects) {
          const object = this.#cluster.objects.get(key);
          if (object !== undefined) this.#cluster.delete(object);
        }
        this.installed = this.installed.filter((one) => one !== found);
      },
      compare: never,
      template: never,
      upgrade: never,
      settle: never,
    };
  }
}
