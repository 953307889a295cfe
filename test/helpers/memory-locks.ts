import type { LockFolder } from '../../src/tools/ports-engine.ts';

/** Lock files in memory. With a seed, each call takes a number of turns that depends on it, so that callers overtake each other. */
export class MemoryLocks implements LockFolder {
  readonly files = new Map<string, string>();
  #state: number;

  constructor(seed = 0) {
    this.#state = seed;
  }

  async create(name: string, text: string): Promise<boolean> {
    await this.#turns();
    if (this.files.has(name)) return false;
    this.files.set(name, text);
    return true;
  }

  async read(name: string): Promise<string | undefined> {
    await this.#turns();
    return this.files.get(name);
  }

  async replace(name: string, text: string): Promise<void> {
    await this.#turns();
    this.files.set(name, text);
  }

  async remove(name: string): Promise<void> {
    await this.#turns();
    this.files.delete(name);
  }

  async #turns(): Promise<void> {
    if (this.#state === 0) return;
    this.#state = (this.#state * 1_103_515_245 + 12_345) % 2_147_483_648;
    for (let turn = this.#state % 7; turn > 0; turn--) await Promise.resolve();
  }
}
