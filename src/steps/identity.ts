import { PlatformError } from '../errors.ts';

/** The object beside the Terraform state that holds the cluster id. */
export const identityFile = 'identity.json';

/** The cluster id of the text; undefined when there is no text. CONTRACT_BROKEN when there is one without an id. */
export function parseIdentity(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const found = /"clusterId":\s*"([a-z][a-z0-9-]+)"/.exec(text)?.[1];
  if (found === undefined)
    throw new PlatformError('CONTRACT_BROKEN', {
      message: `${identityFile} holds no cluster id`,
      next: ['restore an earlier version of the object: the bucket keeps them'],
    });
  return found;
}
