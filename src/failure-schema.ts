const text = { type: 'string' } as const;

/** JSON Schema of a failure beside the step in which it happened, the same in every document that names failures. */
export const stepFailureSchema = {
  type: 'object',
  required: ['step', 'failure'],
  properties: {
    step: text,
    failure: {
      type: 'object',
      required: ['code', 'message', 'next', 'class', 'facts'],
      properties: {
        code: text,
        message: text,
        next: { type: 'array', items: text },
        class: { enum: ['permanent', 'transient', 'throttled'] },
        facts: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
      },
    },
  },
} as const;
