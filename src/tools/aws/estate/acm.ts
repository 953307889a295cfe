import type { CertificateDetail, CertificateSummary } from '@aws-sdk/client-acm';
import type { CloudResource, EstateScope } from '../../ports-estate.ts';
import { collect, tagRecord } from '../session.ts';
import type { Session } from '../session.ts';
import { isMarked, known, recordedIds } from './family.ts';
import type { Family } from './family.ts';
import { orNothing, unlessGone } from './gone.ts';
import { onceInLook } from './one-look.ts';

/** Every kind of key: a listing without them shows RSA of 1024 and 2048 bits only. */
const keyTypes = [
  'RSA_1024',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
] as const;

interface Certificate {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly detail: CertificateDetail;
}

/** Certificates for names of the domain and the recorded ones, and the distributions that their InUseBy names. */
export async function acm(session: Session): Promise<Family<'certificate' | 'distribution'>> {
  const sdk = await import('@aws-sdk/client-acm');
  const client = new sdk.ACMClient(session.settings);
  const send = session.service('acm');

  const read = async (CertificateArn: string): Promise<readonly Certificate[]> => {
    const found = await orNothing(
      Promise.all([
        send(
          'ListTagsForCertificate',
          (options) => client.send(new sdk.ListTagsForCertificateCommand({ CertificateArn }), options),
          CertificateArn,
        ),
        send(
          'DescribeCertificate',
          (options) => client.send(new sdk.DescribeCertificateCommand({ CertificateArn }), options),
          CertificateArn,
        ),
      ]),
    );
    if (found?.[1].Certificate === undefined) return [];
    return [{ arn: CertificateArn, tags: tagRecord(found[0].Tags), detail: found[1].Certificate }];
  };

  /** In a look once for certificates and for distributions. */
  const within = (scope: EstateScope): Promise<readonly Certificate[]> =>
    onceInLook(scope, `certificates of ${scope.domain ?? ''}, ${recordedIds(scope, 'certificate').join()}`, () =>
      ask(scope),
    );

  // Tags cost a call for each certificate: only those that stand for a name of ours are asked.
  const ask = async (scope: EstateScope): Promise<readonly Certificate[]> => {
    const recorded = recordedIds(scope, 'certificate');
    const summaries = await collect(async (NextToken) => {
      const page = await send('ListCertificates', (options) =>
        client.send(
          new sdk.ListCertificatesCommand({ Includes: { keyTypes: [...keyTypes] }, MaxItems: 1000, NextToken }),
          options,
        ),
      );
      return { items: page.CertificateSummaryList, next: page.NextToken };
    });
    const arns = summaries
      .filter((one) => recorded.includes(one.CertificateArn ?? '') || isOfDomain(one, scope.domain))
      .map((one) => one.CertificateArn ?? '');
    const found = (await Promise.all(arns.map(read))).flat();
    return found.filter(({ arn, tags }) => recorded.includes(arn) || isMarked(tags, scope.cluster));
  };

  return {
    certificate: {
      list: async (scope) => (await within(scope)).map(certificateOf),
      remove: async ({ id }) => {
        await unlessGone(
          send(
            'DeleteCertificate',
            (options) => client.send(new sdk.DeleteCertificateCommand({ CertificateArn: id }), options),
            id,
          ),
        );
      },
    },

    distribution: {
      list: async (scope) => {
        const uses = (await within(scope)).flatMap(({ arn, detail }) =>
          (detail.InUseBy ?? [])
            .filter((user) => user.includes(':cloudfront:'))
            .map((user) => ({ user, holds: { kind: 'certificate' as const, id: arn } })),
        );
        return [...Map.groupBy(uses, ({ user }) => user)].map(([id, used]) => ({
          kind: 'distribution',
          id,
          name: id.split('/').at(-1) ?? '',
          tags: {},
          state: '',
          phase: 'live',
          unique: {},
          holds: used.map((one) => one.holds),
        }));
      },
    },
  };
}

function isOfDomain(one: CertificateSummary, domain: string | undefined): boolean {
  if (domain === undefined) return false;
  const names = [one.DomainName ?? '', ...(one.SubjectAlternativeNameSummaries ?? [])];
  return names.some((name) => name === domain || name.endsWith(`.${domain}`));
}

function certificateOf({ arn, tags, detail }: Certificate): CloudResource {
  const users = detail.InUseBy ?? [];
  return {
    kind: 'certificate',
    id: arn,
    name: detail.DomainName ?? '',
    tags,
    state: detail.Status ?? '',
    phase: 'live',
    unique: known({ created: detail.CreatedAt?.toISOString() }),
    holds: [],
    // Also users beyond this listing, such as a load balancer in another VPC.
    ...(users.length > 0 && { description: `in use by ${users.join(', ')}` }),
  };
}
