import { isAbsent } from './errors.ts';
import type { Session } from './session.ts';

export interface ServiceQuotas {
  /** The applied value of an EC2 quota, or AWS's default where none was ever applied. */
  limit(code: string): Promise<number>;
}

/** Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs. */
export const standardVcpuQuota = 'L-1216C47A';
/** EC2-VPC Elastic IPs. */
export const elasticAddressQuota = 'L-0263D0A3';

export async function openServiceQuotas(session: Session): Promise<ServiceQuotas> {
  const sdk = await import('@aws-sdk/client-service-quotas');
  const client = new sdk.ServiceQuotasClient(session.settings);
  const send = session.service('servicequotas');
  return {
    async limit(code) {
      const input = { ServiceCode: 'ec2', QuotaCode: code };
      try {
        const found = await send(
          'GetServiceQuota',
          (options) => client.send(new sdk.GetServiceQuotaCommand(input), options),
          code,
        );
        return found.Quota?.Value ?? 0;
      } catch (error) {
        if (!isAbsent(error, 'NoSuchResourceException')) throw error;
        const found = await send(
          'GetAWSDefaultServiceQuota',
          (options) => client.send(new sdk.GetAWSDefaultServiceQuotaCommand(input), options),
          code,
        );
        return found.Quota?.Value ?? 0;
      }
    },
  };
}
