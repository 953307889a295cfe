import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environment } from './environment.ts';

const folder = join(environment['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'platform', 'supply', 'programs');

/** The newest build of a program that the sandbox's supply has in its cache. */
function programOf(name: string): string | undefined {
  const found = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((one) => new RegExp(`^${name}-[0-9a-f]{12}$`).test(one))
    .map((one) => join(folder, one, name))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, at: statSync(path).mtimeMs }));
  return found.toSorted((one, other) => other.at - one.at)[0]?.path;
}

/** etcd and its tools; undefined where one of them was not built here. */
export function etcdPrograms():
  | { readonly etcd: string; readonly etcdctl: string; readonly etcdutl: string }
  | undefined {
  const [etcd, etcdctl, etcdutl] = ['etcd', 'etcdctl', 'etcdutl'].map(programOf);
  return etcd === undefined || etcdctl === undefined || etcdutl === undefined ? undefined : { etcd, etcdctl, etcdutl };
}
