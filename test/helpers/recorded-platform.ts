import { openJournal } from '../../src/engine/journal.ts';
import type { Json } from '../../src/engine/types.ts';
import { MemoryJournals } from './memory-journal.ts';

export const recordedHosts = {
  'k8s-master': {
    address: '203.0.113.4',
    privateAddress: '10.0.1.10',
    instance: 'i-0aa',
    providerId: 'aws:///ap-northeast-2a/i-0aa',
    zone: 'ap-northeast-2a',
  },
  'k8s-worker-1': {
    address: '203.0.113.5',
    privateAddress: '10.0.1.11',
    instance: 'i-0bb',
    providerId: 'aws:///ap-northeast-2a/i-0bb',
    zone: 'ap-northeast-2a',
  },
};

/** Journals of a platform that stands: the records of a finished `up`, as far as later commands read them. */
export async function journalOf(more: Readonly<Record<string, Json>> = {}): Promise<MemoryJournals> {
  const journals = new MemoryJournals();
  const journal = await openJournal(journals, '2026-11-21T10-00-00-abcd', { now: () => 1_700_000_000_000 });
  const outputs: Readonly<Record<string, Json>> = {
    'state-backend': { clusterId: 'shop-dev-abcde', account: '123456789012' },
    inventory: { inventory: '/state/inventory.yml', variables: '/state/variables.json', hosts: recordedHosts },
    ...more,
  };
  await journal.append({
    type: 'run.created',
    verb: 'up',
    environment: 'sandbox',
    version: '0.0.0',
    config: '',
    steps: [],
  });
  for (const [step, output] of Object.entries(outputs))
    await journal.append({
      type: 'step.done',
      step,
      attempt: 1,
      inputs: '',
      output,
      because: 'done',
      kept: false,
      work: 1,
      wait: 0,
    });
  await journal.append({ type: 'run.finished', ending: 'done', exitCode: 0, wall: 1 });
  await journal.close();
  return journals;
}
