import { noError, noSuchName, recordTypes } from '../../dns/message.ts';
import type { Found } from '../../dns/message.ts';
import { lookUp } from '../../dns/zone.ts';
import type { View } from './view.ts';

/**
 * What the name server of a VPC says: private names of instances by the scheme of EC2 (`ip-10-0-0-5.REGION.compute.internal`,
 * us-east-1: `ec2.internal`), hosted zones, load balancers. There is no internet behind it: every other name does not exist.
 */
export function lookUpInside(view: View, name: string, type: number): Found {
  const instance = view.instances.find((one) => privateNameOf(one.privateAddress, one.region) === name);
  if (instance === undefined) {
    const found = lookUp(view, name, type);
    return found.code === noError ? found : { code: noSuchName, answers: [] };
  }
  return {
    code: noError,
    answers: type === recordTypes.A ? [{ type: 'A', ttl: 60, address: instance.privateAddress }] : [],
  };
}

export const privateNameOf = (address: string, region: string): string =>
  `ip-${address.replaceAll('.', '-')}.${region === 'us-east-1' ? 'ec2' : `${region}.compute`}.internal`;
