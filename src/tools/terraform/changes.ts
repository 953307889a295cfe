import type { ResourceChange } from '../ports.ts';
import type { Message } from './messages.ts';

const actionsOf: Readonly<Record<string, ResourceChange['actions']>> = {
  noop: ['no-op'],
  create: ['create'],
  read: ['read'],
  update: ['update'],
  replace: ['delete', 'create'],
  delete: ['delete'],
  // Forgotten by the state, left alone in the world.
  forget: ['no-op'],
  import: ['no-op'],
  move: ['no-op'],
};

export interface PlannedChanges {
  readonly changes: readonly ResourceChange[];
  /** Resources that the plan touches, a replacement counting twice: what an apply will report as completed. */
  readonly total: number;
  /** Nothing to apply, not even an output. */
  readonly empty: boolean;
}

/** What a plan would do, from its messages. A change without Terraform's own reason whose resource was found changed outside is 'drift'. */
export function readChanges(messages: readonly Message[]): PlannedChanges {
  const drifted = new Set(
    messages.flatMap(({ type, change }) => (type === 'resource_drift' && change ? [change.resource.addr] : [])),
  );
  const changes = messages.flatMap(({ type, change }): ResourceChange[] => {
    if (type !== 'planned_change' || change === undefined) return [];
    const { addr: address, resource_type: kind } = change.resource;
    const reason = change.reason ?? (drifted.has(address) ? 'drift' : undefined);
    return [
      {
        address,
        type: kind,
        actions: actionsOf[change.action] ?? ['update'],
        ...(reason === undefined ? {} : { reason }),
      },
    ];
  });
  changes.sort((one, other) => one.address.localeCompare(other.address, 'en', { numeric: true }));
  const summary = messages.findLast(({ type }) => type === 'change_summary')?.changes;
  const total = (summary?.add ?? 0) + (summary?.change ?? 0) + (summary?.remove ?? 0) + (summary?.import ?? 0);
  const outputs = Object.values(messages.findLast(({ type }) => type === 'outputs')?.outputs ?? {});
  return {
    changes,
    total,
    empty:
      total === 0 && changes.length === 0 && outputs.every(({ action }) => action === undefined || action === 'noop'),
  };
}
