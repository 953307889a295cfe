import { costClasses } from './costs.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const count = { type: 'integer', minimum: 0 } as const;
const kind = {
  ...text,
  description: 'kind in AWS (instance, load-balancer ...) or of a Kubernetes object (ingress, helm-release ...)',
} as const;
const ownership = { enum: ['owned', 'data', 'shared', 'foreign', 'unknown'] } as const;
const thing = {
  kind,
  id: text,
  name: text,
  because: { ...text, description: 'the proof, the doubt, or why it stays' },
} as const;
const thingFields = ['kind', 'id', 'name', 'because'] as const;

/** JSON Schema of `platform/teardown-plan/v1`: what `destroy --dry-run --json` prints of what would go and what stays. New fields may come; these stay. */
export const teardownPlanSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Plan of a teardown',
  type: 'object',
  required: [
    'schema',
    'version',
    'environment',
    'cluster',
    'account',
    'kubernetes',
    'counts',
    'steps',
    'kept',
    'refused',
    'blocks',
    'expected',
    'problems',
  ],
  properties: {
    schema: { const: 'platform/teardown-plan/v1' },
    version: { const: 1 },
    environment: text,
    cluster: { ...text, description: 'cluster id; empty where nothing was ever built' },
    account: text,
    kubernetes: {
      type: 'object',
      required: ['is', 'because'],
      properties: { is: { enum: ['answers', 'unreachable', 'left-out'] }, because: text },
    },
    counts: {
      type: 'array',
      description: 'everything that was found',
      items: { type: 'object', required: ['kind', 'class', 'count'], properties: { kind, class: ownership, count } },
    },
    steps: {
      type: 'array',
      description: 'what is saved and what goes, in order; steps that do neither are left out',
      items: {
        type: 'object',
        required: ['step', 'title', 'removes', 'things'],
        properties: {
          step: text,
          title: text,
          removes: {
            type: 'array',
            items: { type: 'object', required: ['kind', 'count'], properties: { kind, count } },
          },
          things: { type: 'array', items: { type: 'object', required: thingFields, properties: thing } },
          makes: {
            type: 'array',
            description: 'what a backup makes; such a step removes nothing',
            items: { type: 'object', required: ['kind', 'count'], properties: { kind, count } },
          },
        },
      },
    },
    kept: {
      type: 'array',
      description: 'ours, and stays',
      items: {
        type: 'object',
        required: [...thingFields, 'cost'],
        properties: { ...thing, cost: { enum: costClasses } },
      },
    },
    refused: {
      type: 'array',
      description: 'not ours, shared, or of a kind that is never removed',
      items: {
        type: 'object',
        required: [...thingFields, 'class', 'chain'],
        properties: {
          ...thing,
          class: ownership,
          chain: { ...texts, description: 'from the thing of ours that it holds to itself' },
        },
      },
    },
    blocks: { type: 'array', description: 'what waits for what stands right of it', items: texts },
    expected: {
      type: 'object',
      required: ['milliseconds', 'from'],
      properties: { milliseconds: { type: ['number', 'null'] }, from: text },
    },
    problems: {
      type: 'array',
      description: 'what must be cleared before anything is destroyed',
      items: {
        type: 'object',
        required: ['code', 'message', 'next'],
        properties: { code: text, message: text, next: texts },
      },
    },
  },
} as const;
