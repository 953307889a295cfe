import { PlatformError } from '../../errors.ts';
import { minutes, seconds } from '../durations.ts';
import { type PlatformProbe, stepWhen } from '../kit.ts';
import { foundation } from './foundation.ts';

type Certificate = {
  readonly arn: string;
};

const issued: PlatformProbe<Certificate> = {
  name: 'certificate issued',
  every: seconds(15),
  within: minutes(45),
  test: async (ctx, { arn }) => {
    const found = await ctx.aws.certificate(arn);
    if (found === undefined)
      return {
        is: 'failed',
        because: `certificate ${arn} is gone`,
        next: ['run `platform up` again: Terraform will request it anew'],
      };
    if (found.status === 'ISSUED') return { is: 'ready', because: `issued for ${found.domains.join(', ')}` };
    if (found.status === 'PENDING_VALIDATION')
      return { is: 'waiting', because: `ACM has not yet seen the validation record (${found.because})` };
    return {
      is: 'failed',
      because: `ACM says ${found.status}: ${found.because}`,
      next: ['check that the zone of the domain is delegated, and its CAA records'],
    };
  },
};

/** ACM takes minutes to issue: only the Ingress waits for it, everything else goes on beside. */
export const certificate = stepWhen({
  id: 'certificate',
  title: 'Certificate',
  needs: { foundation },
  when: (config) => config.domain !== undefined && config.terraform.dir === undefined,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(1),
  inputs: (config, up) => ({ domain: config.domain ?? null, arn: up.foundation?.certificate ?? null }),
  check: async (ctx, up) => {
    const arn = required(up.foundation?.certificate);
    const found = await ctx.aws.certificate(arn);
    if (found?.status === 'ISSUED')
      return { state: 'satisfied', output: { arn }, because: `issued for ${found.domains.join(', ')}` };
    return { state: 'needed', because: `ACM says ${found?.status ?? 'not found'}` };
  },
  apply: (_ctx, up) => Promise.resolve({ arn: required(up.foundation?.certificate) }),
  ready: [issued],
});

function required(arn: string | null | undefined): string {
  if (arn === null || arn === undefined)
    throw new PlatformError('CONTRACT_BROKEN', {
      message: 'foundation gave no certificate although a domain is configured',
      next: ['look at what Terraform would change: platform plan', 'then run: platform up'],
    });
  return arn;
}
