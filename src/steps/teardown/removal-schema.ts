import { stepFailureSchema } from '../../failure-schema.ts';
import { costClasses } from './costs.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;
const milliseconds = { type: 'number', minimum: 0, description: 'milliseconds' } as const;
const timed = { step: text, work: milliseconds, wait: milliseconds } as const;

/** JSON Schema of `platform/removal/v1`: the last document of `destroy --json` and `rebuild --json`, after the events. New fields may come; these stay. */
export const removalSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'How a teardown or a rebuild ended',
  type: 'object',
  required: [
    'type',
    'schema',
    'verb',
    'environment',
    'cluster',
    'run',
    'ending',
    'exitCode',
    'failures',
    'done',
    'kept',
    'skipped',
    'open',
    'wall',
    'timings',
    'verified',
    'removed',
  ],
  properties: {
    type: { const: 'run.result' },
    schema: { const: 'platform/removal/v1' },
    verb: { enum: ['destroy', 'rebuild'] },
    environment: text,
    cluster: { type: ['string', 'null'], description: 'cluster id; null where nothing was to be removed' },
    run: { type: ['string', 'null'], description: 'null where nothing was to be done' },
    ending: { enum: ['done', 'failed', 'interrupted'] },
    exitCode: { type: 'integer', minimum: 0, description: 'docs/errors.md has them all' },
    failures: {
      type: 'array',
      description: 'in the order in which they happened',
      items: stepFailureSchema,
    },
    done: { ...texts, description: 'steps that did something and proved it' },
    kept: {
      type: 'array',
      description: 'things of ours that stay',
      items: {
        type: 'object',
        required: ['kind', 'id', 'name', 'because', 'cost'],
        properties: { kind: text, id: text, name: text, because: text, cost: { enum: costClasses } },
      },
    },
    skipped: { ...texts, description: 'steps that were left out by a flag' },
    open: { ...texts, description: 'steps that were not tried, or cut off: the next run goes on with them' },
    wall: milliseconds,
    timings: {
      type: 'array',
      items: {
        type: 'object',
        required: ['step', 'needs', 'work', 'wait'],
        properties: { ...timed, needs: texts },
      },
    },
    criticalPath: {
      type: 'object',
      required: ['steps', 'length', 'recoverable', 'bound'],
      properties: {
        steps: { type: 'array', items: { type: 'object', required: ['step', 'work', 'wait'], properties: timed } },
        length: milliseconds,
        recoverable: milliseconds,
        bound: milliseconds,
      },
    },
    verified: { type: 'boolean', description: 'a second scan, from nothing, found nothing but what stays' },
    removed: {
      type: 'array',
      description: 'by kind; only where it was verified',
      items: {
        type: 'object',
        required: ['kind', 'count'],
        properties: { kind: text, count: { type: 'integer', minimum: 0 } },
      },
    },
  },
} as const;
