import { stepFailureSchema } from '../failure-schema.ts';

const text = { type: 'string' } as const;
const texts = { type: 'array', items: text } as const;

/** JSON Schema of `platform/plan/v1`: what `plan --json` prints, `--out` writes and `--plan` reads. New fields may come; these stay. */
export const planSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Plan of platform',
  type: 'object',
  required: ['schema', 'version', 'verb', 'environment', 'digest', 'config', 'journal', 'rows', 'pending', 'problems'],
  properties: {
    schema: { const: 'platform/plan/v1' },
    version: { const: 1 },
    verb: { ...text, description: 'the command that would carry it out' },
    environment: text,
    digest: { ...text, description: 'identity of the plan: configuration, journal position and rows' },
    config: { ...text, description: 'fingerprint of the resolved configuration' },
    journal: { type: 'integer', minimum: 0, description: 'last sequence of the journals it was made from' },
    pending: { type: 'boolean', description: 'whether anything would be, or may be, done' },
    rows: {
      type: 'array',
      items: {
        type: 'object',
        required: ['step', 'title', 'action', 'because', 'needs'],
        properties: {
          step: { ...text, description: 'id of the step, with /KEY for one of several instances' },
          title: text,
          action: { enum: ['keep', 'run', 'probe', 'known-after', 'ask', 'skip'] },
          because: text,
          needs: texts,
          after: { ...texts, description: 'steps that must be done before this row can be decided' },
          preview: { ...texts, description: 'what would be changed, one thing a line' },
        },
      },
    },
    problems: {
      type: 'array',
      description: 'looks that failed',
      items: stepFailureSchema,
    },
  },
} as const;
