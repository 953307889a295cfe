import type { CloudKind, RemoveOptions } from '../../../src/tools/ports-estate.ts';
import { holdsOf, type Thing } from './thing.ts';

/** What AWS says when it refuses. */
export interface Refusal {
  readonly name: string;
  readonly message: string;
}

const dependency = (thing: Thing, holder: Thing): Refusal => ({
  name: 'DependencyViolation',
  message: `The ${thing.kind} '${thing.id}' has dependencies and cannot be deleted (${holder.kind} ${holder.id}).`,
});

/** The error by which each kind says that something holds it; a kind that is not here does not mind (a route table is taken off its subnets). */
const held: Partial<Record<CloudKind, (thing: Thing, holder: Thing) => Refusal | undefined>> = {
  'security-group': dependency,
  subnet: dependency,
  'internet-gateway': (thing, holder) => ({
    name: 'DependencyViolation',
    message: `Network ${thing.vpc} has some mapped public address(es) (${holder.kind} ${holder.id}). Please unmap those public address(es) before detaching the gateway.`,
  }),
  vpc: dependency,
  'network-interface': (thing) => ({
    name: 'InvalidParameterValue',
    message: `Network interface '${thing.id}' is currently in use.`,
  }),
  volume: (thing, holder) => ({ name: 'VolumeInUse', message: `Volume ${thing.id} is attached to ${holder.id}` }),
  // An association with a machine of the account's own is taken off on the way; see removal.ts.
  address: (thing, holder) =>
    holder.managedBy === undefined && holder.kind !== 'nat-gateway'
      ? undefined
      : { name: 'AuthFailure', message: `You do not have permission to access the specified resource (${thing.id}).` },
  'target-group': (thing) => ({
    name: 'ResourceInUse',
    message: `Target group '${thing.id}' is currently in use by a listener or a rule`,
  }),
  certificate: (thing) => ({ name: 'ResourceInUseException', message: `Certificate ${thing.id} is in use.` }),
  policy: () => ({ name: 'DeleteConflict', message: 'Cannot delete a policy attached to entities.' }),
};

const dying: Partial<Record<CloudKind, (thing: Thing) => Refusal>> = {
  'security-group': ({ id }) => ({
    name: 'CannotDelete',
    message: `the specified group: "${id}" name: "default" cannot be deleted by a user`,
  }),
  'route-table': ({ id }) => ({
    name: 'DependencyViolation',
    message: `The routeTable '${id}' has dependencies and cannot be deleted.`,
  }),
};

/** Why AWS would not delete it now; undefined when it would. `holders`: what holds it and has not gone. */
export function refusalOf(thing: Thing, holders: readonly Thing[], options: RemoveOptions): Refusal | undefined {
  if (thing.protected === true && options.unprotect !== true)
    return {
      name: 'OperationNotPermitted',
      message: `${thing.kind} '${thing.id}' has its deletion protection enabled`,
    };
  if (thing.kind === 'network-interface' && thing.managedBy !== undefined)
    return { name: 'OperationNotPermitted', message: `You are not allowed to manage '${thing.id}'.` };
  if (thing.diesWith !== undefined && dying[thing.kind] !== undefined) return dying[thing.kind]?.(thing);
  if (thing.kind === 'bucket' && (thing.objects ?? 0) > 0 && options.withData !== true)
    return { name: 'BucketNotEmpty', message: 'The bucket you tried to delete is not empty' };
  for (const holder of holders) {
    const refusal = held[thing.kind]?.(thing, holder);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Whether `other` keeps `thing` from being deleted: what has ended, and what dies with it, does not. */
export function isHeldBy(thing: Thing, other: Thing): boolean {
  if (other.phase === 'gone') return false;
  if (other.diesWith?.kind === thing.kind && other.diesWith.id === thing.id) return false;
  // A gateway stays while anything in its network has a public address.
  if (thing.kind === 'internet-gateway')
    return (
      other.kind === 'network-interface' &&
      other.vpc !== undefined &&
      other.vpc === thing.vpc &&
      (other.public === true || other.holds.some(({ kind }) => kind === 'address'))
    );
  // AWS keeps a rule about a group of another network as a stale one.
  if (thing.kind === 'security-group' && other.kind === 'security-group' && thing.vpc !== other.vpc) return false;
  return holdsOf(other).some(({ kind, id }) => kind === thing.kind && id === thing.id);
}
