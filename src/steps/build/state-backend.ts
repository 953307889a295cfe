import { PlatformError } from '../../errors.ts';
import type { BucketState, LedgerEntry } from '../../tools/ports.ts';
import { minutes } from '../durations.ts';
import { type ReadContext, step } from '../kit.ts';
import { identityFile, parseIdentity } from '../identity.ts';
import { stateBucket, stateKey } from '../names.ts';
import { doctor } from './doctor.ts';

export type StateBackend = {
  readonly account: string;
  /** null: state: local was asked for. */
  readonly bucket: string | null;
  readonly clusterId: string;
};

/**
 * Where the Terraform state lives, and who this cluster is. The cluster id is minted once, written beside the state
 * only if none is there (If-None-Match), and read back: two machines that start at once agree on one.
 */
export const stateBackend = step({
  id: 'state-backend',
  title: 'State backend and cluster id',
  needs: { doctor },
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(2),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config) => ({
    environment: config.environment,
    name: config.name,
    region: config.region,
    state: { ...config.state },
  }),
  check: async (ctx) => {
    const { account } = await ctx.aws.caller();
    if (ctx.config.state.kind === 'local')
      return judgeIdentity(account, null, await ctx.files.read(localIdentity(ctx)));
    const bucket = stateBucket(ctx.config, account);
    const state = await ctx.aws.bucket(bucket);
    refuseForeign(bucket, state);
    const lacking = isTheirs(ctx, state) ? [] : missingParts(state);
    if (lacking.length > 0)
      return {
        state: 'needed',
        because: `bucket ${bucket} ${lacking.join(', ')}`,
        preview: [`S3 bucket ${bucket}: versioned, encrypted, public access blocked`],
      };
    return judgeIdentity(account, bucket, await ctx.aws.object(bucket, stateKey(ctx.config, identityFile)));
  },
  apply: async (ctx) => {
    const { account } = await ctx.aws.caller();
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const minted = `${ctx.config.name}-${ctx.config.environment}-${Array.from({ length: 5 }, () => letters[Math.floor(ctx.random.next() * letters.length)]).join('')}`;
    if (ctx.config.state.kind === 'local') {
      const clusterId = parseIdentity(await ctx.files.read(localIdentity(ctx))) ?? minted;
      await ctx.files.write(localIdentity(ctx), JSON.stringify({ clusterId }));
      return { account, bucket: null, clusterId };
    }
    const bucket = stateBucket(ctx.config, account);
    const state = await ctx.aws.bucket(bucket);
    refuseForeign(bucket, state);
    const own = !isTheirs(ctx, state);
    if (own && missingParts(state).length > 0) {
      ctx.note(`making bucket ${bucket}`);
      await ctx.aws.makeBucket(bucket, { 'platform/environment': ctx.config.environment, [purpose]: 'state' });
    } else if (!own) {
      const lacking = missingParts(state).map((part) => ` It ${part}.`);
      ctx.note(`bucket ${bucket} was there before platform and is left as it is.${lacking.join('')}`);
    }
    const key = stateKey(ctx.config, identityFile);
    await ctx.aws.putObject(bucket, key, JSON.stringify({ clusterId: minted }), 'absent');
    const clusterId = parseIdentity(await ctx.aws.object(bucket, key));
    if (clusterId === undefined)
      throw new PlatformError('AWS', {
        message: `${key} in ${bucket} cannot be read back`,
        class: 'transient',
        next: [
          'run the same command again: it goes on',
          `if it lasts, look at s3://${bucket}/${key}: it must be JSON with a clusterId`,
        ],
      });
    if (own) await ctx.ledger.record([ledgerEntry(bucket, account)]);
    return { account, bucket, clusterId };
  },
});

const ledgerEntry = (bucket: string, account: string): LedgerEntry => ({
  kind: 's3-bucket',
  id: bucket,
  unique: { account },
  step: 'state-backend',
});

const purpose = 'platform/purpose';

/**
 * A bucket that a person named and made: its tags, encryption and versioning are theirs. One by our own name, or with our tag,
 * may be a half-made one of an earlier attempt.
 */
const isTheirs = ({ config }: ReadContext, state: BucketState): boolean =>
  config.state.kind === 's3' && config.state.bucket !== undefined && state.exists && state.tags[purpose] === undefined;

const localIdentity = (ctx: ReadContext): string => `${ctx.config.stateFolder}/${identityFile}`;

function judgeIdentity(account: string, bucket: string | null, text: string | undefined) {
  const clusterId = parseIdentity(text);
  if (clusterId === undefined)
    return { state: 'needed', because: 'no cluster id was minted yet', preview: ['a new cluster id'] } as const;
  return {
    state: 'satisfied',
    output: { account, bucket, clusterId },
    because: `cluster ${clusterId}${bucket === null ? ', local state' : ` in ${bucket}`}`,
  } as const;
}

function missingParts(state: BucketState): string[] {
  if (!state.exists) return ['does not exist'];
  return [
    state.versioned ? [] : ['is not versioned'],
    state.encrypted ? [] : ['is not encrypted'],
    state.blocked ? [] : ['does not block public access'],
  ].flat();
}

function refuseForeign(bucket: string, state: BucketState): void {
  if (state.foreign === undefined) return;
  throw new PlatformError('FOREIGN', {
    message: `bucket ${bucket} cannot be used: ${state.foreign}`,
    next: ['name another one: state: { bucket: NAME }'],
    facts: { bucket },
  });
}
