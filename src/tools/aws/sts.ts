import type { AwsReader } from '../ports-aws.ts';
import { foreign, sandboxAccount } from './session.ts';
import type { Session } from './session.ts';

export interface Sts {
  /** Who we are. `expires` is the moment at which temporary credentials end, milliseconds since 1970. */
  caller(): ReturnType<AwsReader['caller']>;
}

export async function openSts(session: Session): Promise<Sts> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(session.settings);
  const send = session.service('sts');
  let skew: number | undefined;
  client.middlewareStack.add(
    (next) => async (input) => {
      const result = await next(input);
      const { headers } = result.response as { headers?: Readonly<Record<string, string>> };
      const theirs = Date.parse(headers?.['date'] ?? '');
      skew = Number.isNaN(theirs) ? undefined : theirs - session.now();
      return result;
    },
    { step: 'deserialize', name: 'clockOfTheService' },
  );
  return {
    async caller() {
      const found = await send('GetCallerIdentity', (options) =>
        client.send(new GetCallerIdentityCommand({}), options),
      );
      const credentials = await send('GetCallerIdentity', () => client.config.credentials());
      const account = found.Account ?? '';
      if (session.sandbox && account !== sandboxAccount) {
        throw foreign(`the endpoint of the sandbox answers for the account ${account}, which is no sandbox`, {
          account,
        });
      }
      return {
        account,
        arn: found.Arn ?? '',
        ...(skew !== undefined && { skew }),
        ...(credentials.expiration !== undefined && { expires: credentials.expiration.getTime() }),
      };
    },
  };
}
