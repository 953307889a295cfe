/** What a step did to the world, by what was done: each target once, however often it was tried. */
export type Deeds = Map<string, Set<string>>;

/** Nouns, because the record is made before the deed: a deletion that was asked for is not yet something that is gone. */
const nouns: Readonly<Record<string, readonly [one: string, many: string]>> = {
  delete: ['deletion', 'deletions'],
  create: ['backup', 'backups'],
  revoke: ['revocation', 'revocations'],
  suspend: ['suspension', 'suspensions'],
  'release-finalizers': ['finalizer taken off', 'finalizers taken off'],
};

/** Adds one deed. */
export function countDeed(deeds: Deeds, action: string, target: string): void {
  const targets = deeds.get(action) ?? new Set();
  deeds.set(action, targets.add(target));
}

/** The deletions alone, where there is no room for more; everything where nothing was deleted. */
export function deedsInShort(deeds: Deeds): string {
  const deleted = deeds.get('delete');
  return deedsText(deleted === undefined ? deeds : new Map([['delete', deleted]]));
}

/** `12 deletions, 3 revocations`; empty when nothing was done. */
export function deedsText(deeds: Deeds): string {
  return [...deeds].map(([action, { size }]) => `${size} ${wordFor(action, size)}`).join(', ');
}

function wordFor(action: string, count: number): string {
  return nouns[action]?.[count === 1 ? 0 : 1] ?? `times ${action.replaceAll('-', ' ')}`;
}
