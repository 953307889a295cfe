import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from './environment.ts';

/** ansible-playbook and the Python that has ansible-core: from the virtual environment that the set-up makes, else from PATH. */
export function findAnsible(): { readonly program: string; readonly python: string } | undefined {
  const requirements = readFileSync(fileURLToPath(new URL('../../sandbox/requirements.txt', import.meta.url)));
  const cache = environment['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const made = join(
    cache,
    'platform',
    'python',
    createHash('sha256').update(requirements).digest('hex').slice(0, 12),
    'bin',
  );
  const folder = [made, ...(environment['PATH'] ?? '').split(delimiter)].find((each) =>
    existsSync(join(each, 'ansible-playbook')),
  );
  if (folder === undefined) return undefined;
  const program = join(folder, 'ansible-playbook');
  const beside = join(dirname(realpathSync(program)), 'python3');
  return { program, python: existsSync(beside) ? beside : 'python3' };
}
