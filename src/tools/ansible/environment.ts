import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** OpenSSH binds its control socket under a longer temporary name: the folder may take this much of the 104 bytes. */
const longestControlFolder = 60;

export interface AnsiblePlace {
  /** The folder of this play: temporary files, events. */
  readonly folder: string;
  /** Shared by the plays of an environment: Ansible's home, SSH control sockets. */
  readonly home: string;
  readonly callbackPlugins: string;
  readonly knownHosts: string;
}

/**
 * The whole environment of an Ansible call. Nothing comes from the user's own Ansible: no ~/.ansible.cfg, no fact cache, no
 * retry files, no vault prompts; the tree's own ansible.cfg counts (the nearest above the playbook), and our settings win.
 */
export function ansibleEnvironment(
  base: Readonly<Record<string, string>>,
  configuration: string,
  place: AnsiblePlace,
): Readonly<Record<string, string>> {
  const host = `-o StrictHostKeyChecking=yes -o 'UserKnownHostsFile="${place.knownHosts}"' -o GlobalKnownHostsFile=/dev/null`;
  return {
    ...base,
    ...(/utf-?8/i.test(base['LC_ALL'] ?? base['LANG'] ?? '') ? {} : { LC_ALL: 'C.UTF-8' }),
    ANSIBLE_CONFIG: configuration,
    ANSIBLE_HOME: place.home,
    ANSIBLE_LOCAL_TEMP: join(place.folder, 'tmp'),
    ANSIBLE_SSH_CONTROL_PATH_DIR: controlFolder(place.home, base),
    ANSIBLE_CALLBACK_PLUGINS: place.callbackPlugins,
    ANSIBLE_CALLBACKS_ENABLED: 'platform_events',
    ANSIBLE_CACHE_PLUGIN: 'memory',
    ANSIBLE_RETRY_FILES_ENABLED: 'False',
    ANSIBLE_HOST_KEY_CHECKING: 'True',
    ANSIBLE_SSH_COMMON_ARGS: host,
    ANSIBLE_NOCOLOR: 'True',
    ANSIBLE_NOCOWS: 'True',
    ANSIBLE_DEVEL_WARNING: 'False',
    PLATFORM_ANSIBLE_EVENTS: join(place.folder, 'events.ndjson'),
    PLATFORM_KNOWN_HOSTS: place.knownHosts,
    PYTHONUNBUFFERED: '1',
    // Python would leave __pycache__ folders in the tree, ours or the user's.
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** The nearest ansible.cfg above a playbook; undefined when the tree has none. */
export async function findConfiguration(playbook: string): Promise<string | undefined> {
  for (let folder = dirname(playbook); ; folder = dirname(folder)) {
    if ((await readdir(folder).catch((): string[] => [])).includes('ansible.cfg')) return join(folder, 'ansible.cfg');
    if (folder === dirname(folder)) return undefined;
  }
}

function controlFolder(home: string, base: Readonly<Record<string, string>>): string {
  const inside = join(home, 'cp');
  if (Buffer.byteLength(inside) <= longestControlFolder) return inside;
  return join(base['TMPDIR'] ?? '/tmp', `platform-ssh-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`);
}
