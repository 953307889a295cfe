import { costClasses } from './costs.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const orphan = {
  type: 'object',
  required: ['kind', 'id', 'name', 'class', 'because', 'origin', 'cost', 'chain'],
  properties: {
    kind: { ...text, description: 'kind in AWS (instance, load-balancer ...)' },
    id: text,
    name: text,
    class: { enum: ['owned', 'data'], description: 'data: it cannot be made again' },
    because: { ...text, description: 'the proof that it is ours' },
    origin: { type: ['string', 'null'], description: 'the Kubernetes object that it was made for' },
    cost: { enum: costClasses, description: 'what it costs a month' },
    chain: { ...texts, description: 'from the thing itself to what holds it' },
  },
} as const;
const orphans = (description: string) => ({ type: 'array', description, items: orphan }) as const;

/** JSON Schema of `platform/orphans/v1`: what `status --orphans --json` prints. New fields may come; these stay. */
export const orphansSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What is ours and belongs to nothing any more',
  type: 'object',
  required: [
    'schema',
    'environment',
    'target',
    'region',
    'account',
    'cluster',
    'kubernetes',
    'found',
    'openTeardown',
    'orphans',
    'undecided',
    'leftovers',
    'exitCode',
  ],
  properties: {
    schema: { const: 'platform/orphans/v1' },
    environment: text,
    target: { enum: ['aws', 'sandbox'] },
    region: text,
    account: text,
    cluster: {
      type: ['string', 'null'],
      description: 'cluster id; null where none was ever minted, or all was removed',
    },
    kubernetes: {
      type: 'object',
      required: ['is', 'because'],
      properties: { is: { enum: ['answers', 'unreachable', 'left-out'] }, because: text },
    },
    found: { type: 'integer', minimum: 0, description: 'things of ours that were found' },
    openTeardown: { ...texts, description: 'steps of a teardown that is neither finished nor abandoned' },
    orphans: orphans('in no Terraform state, and made by no object that the cluster still has'),
    undecided: orphans('made by a controller; the cluster does not answer, so nobody knows whether it is still wanted'),
    leftovers: orphans('what the open teardown still has before it'),
    exitCode: { enum: [0, 11, 13] },
  },
} as const;
