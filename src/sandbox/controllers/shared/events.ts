import { createHash } from 'node:crypto';
import { numberOf } from './fields.ts';
import type { Tools } from './controller.ts';
import type { KubernetesObject } from '../../../tools/ports.ts';

/** Says something about an object where people look: one Event a reason and text, counted when it happens again. */
export async function report(
  { kubernetes, clock }: Tools,
  about: KubernetesObject,
  event: {
    readonly type: 'Normal' | 'Warning';
    readonly reason: string;
    readonly message: string;
    readonly component: string;
  },
): Promise<void> {
  const namespace = about.metadata.namespace ?? 'default';
  const digest = createHash('sha256')
    .update(`${about.metadata.uid}${event.reason}${event.message}`)
    .digest('hex')
    .slice(0, 16);
  const reference = { apiVersion: 'v1', kind: 'Event', namespace, name: `${about.metadata.name}.${digest}` };
  const now = new Date(clock.now()).toISOString().replace(/\.\d+/, '');
  const before = await kubernetes.get(reference);
  if (before !== undefined) {
    await kubernetes.patch(reference, { count: (numberOf(before, 'count') ?? 1) + 1, lastTimestamp: now });
    return;
  }
  const { apiVersion, kind, metadata } = about;
  await kubernetes.create({
    ...reference,
    metadata: { name: reference.name, namespace },
    involvedObject: { apiVersion, kind, name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
    type: event.type,
    reason: event.reason,
    message: event.message.slice(0, 1000),
    source: { component: event.component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  });
}
