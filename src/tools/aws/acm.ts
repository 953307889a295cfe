import { isAbsent } from './errors.ts';
import { collect, tagRecord } from './session.ts';
import type { Session } from './session.ts';

export interface Certificate {
  readonly status: string;
  readonly because: string;
  readonly domains: readonly string[];
}

export interface Acm {
  certificate(arn: string): Promise<Certificate | undefined>;
  /** Every certificate of the region with its tags. */
  certificates(): Promise<
    readonly { readonly arn: string; readonly status: string; readonly tags: Readonly<Record<string, string>> }[]
  >;
}

export async function openAcm(session: Session): Promise<Acm> {
  const sdk = await import('@aws-sdk/client-acm');
  const client = new sdk.ACMClient(session.settings);
  const send = session.service('acm');
  return {
    async certificate(arn) {
      try {
        const found = await send(
          'DescribeCertificate',
          (options) => client.send(new sdk.DescribeCertificateCommand({ CertificateArn: arn }), options),
          arn,
        );
        const detail = found.Certificate;
        const validations = detail?.DomainValidationOptions ?? [];
        const open = validations.filter((validation) => validation.ValidationStatus !== 'SUCCESS');
        return {
          status: detail?.Status ?? '',
          because:
            detail?.FailureReason ??
            (detail?.Status === 'ISSUED' || open.length === 0
              ? ''
              : open
                  .map(
                    (validation) =>
                      `${validation.DomainName}: validation ${validation.ValidationStatus ?? 'not started'} (record ${validation.ResourceRecord?.Name ?? 'not known yet'})`,
                  )
                  .join(', ')),
          domains: detail?.SubjectAlternativeNames ?? (detail?.DomainName === undefined ? [] : [detail.DomainName]),
        };
      } catch (error) {
        if (isAbsent(error, 'ResourceNotFoundException')) return undefined;
        throw error;
      }
    },

    async certificates() {
      const found = await collect(async (NextToken) => {
        const page = await send('ListCertificates', (options) =>
          client.send(new sdk.ListCertificatesCommand({ NextToken }), options),
        );
        return { items: page.CertificateSummaryList, next: page.NextToken };
      });
      return Promise.all(
        found.map(async ({ CertificateArn = '', Status = '' }) => {
          const listed = await send(
            'ListTagsForCertificate',
            (options) => client.send(new sdk.ListTagsForCertificateCommand({ CertificateArn }), options),
            CertificateArn,
          );
          return { arn: CertificateArn, status: Status, tags: tagRecord(listed.Tags) };
        }),
      );
    },
  };
}
