import type { Message } from './messages.ts';

const verbs: Readonly<Record<string, string>> = {
  create: 'creating',
  update: 'changing',
  delete: 'deleting',
  read: 'reading',
};

/** Turns messages into what is said while Terraform works; undefined when a message says nothing new. */
export function createProgress(total: number, words = 'resources'): (message: Message) => string | undefined {
  const working = new Map<string, { verb: string; seconds: number }>();
  let done = 0;
  let refreshed = 0;
  return ({ type, hook }) => {
    const address = hook?.resource.addr;
    if (hook === undefined || address === undefined) return undefined;
    const verb = verbs[hook.action ?? ''] ?? hook.action ?? '';
    switch (type) {
      case 'refresh_complete':
        refreshed += 1;
        return `compared ${refreshed} resources with AWS`;
      case 'apply_start':
      case 'apply_progress':
        working.set(address, { verb, seconds: hook.elapsed_seconds ?? 0 });
        break;
      case 'apply_complete':
        working.delete(address);
        if (hook.action !== 'read') done += 1;
        break;
      case 'apply_errored':
        working.delete(address);
        return `${address} failed after ${hook.elapsed_seconds ?? 0}s`;
      default:
        return undefined;
    }
    const [longest] = [...working].sort(([, a], [, b]) => b.seconds - a.seconds);
    const current = longest === undefined ? '' : `, ${longest[0]} ${longest[1].verb} ${longest[1].seconds}s`;
    return `${done}/${Math.max(total, done)} ${words}${current}`;
  };
}
