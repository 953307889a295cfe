import { expect } from 'vitest';
import { z } from 'zod';

/** Holds a document to the JSON Schema that is published for it, as a reader of ours would; returns it. */
export function expectToHold<Document>(schema: object, document: Document): Document {
  const { error } = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(document);
  expect(error === undefined ? '' : z.prettifyError(error)).toBe('');
  return document;
}
