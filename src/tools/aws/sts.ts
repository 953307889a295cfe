import { foreign, sandboxAccount } from './session.ts';
import type { Session } from './session.ts';

export interface Sts {
  /** Who we are. `expires` is the moment at which temporary credentials end, milliseconds since 1970. */
  caller(): Promise<{ readonly account: string; readonly arn: string; readonly expires?: number }>;
}

export async function openSts(session: Session): Promise<Sts> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient(session.settings);
  const send = session.service('sts');
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
        ...(credentials.expiration !== undefined && { expires: credentials.expiration.getTime() }),
      };
    },
  };
}
