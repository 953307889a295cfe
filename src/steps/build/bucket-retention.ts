import type { Json } from '../../engine/types.ts';
import { minutes } from '../durations.ts';
import { stepWhen } from '../kit.ts';
import { foundation } from './foundation.ts';
import { stateBackend } from './state-backend.ts';

/** Lifecycle rules of the data bucket: written here because the Terraform resource waits 25-55 s for its own echo. */
export const bucketRetention = stepWhen({
  id: 'bucket-retention',
  title: 'Retention of backups',
  needs: { backend: stateBackend, foundation },
  when: (config) => config.addons.includes('etcd-backup') && config.terraform.dir === undefined,
  repeat: 'safe',
  onCancel: 'abort',
  timeout: minutes(1),
  retry: { attempts: 4, firstDelay: 1000, maxDelay: 15_000 },
  inputs: (config, up) => ({
    bucket: up.foundation?.bucket ?? null,
    rules: rules(up.backend.clusterId, config.backups.retentionDays),
  }),
  check: async (ctx, up) => {
    const bucket = up.foundation?.bucket;
    if (bucket === null || bucket === undefined)
      return { state: 'satisfied', output: null, because: 'there is no data bucket' };
    const found = await ctx.aws.lifecycle(bucket);
    const same = canonical(found ?? null) === canonical(rules(up.backend.clusterId, ctx.config.backups.retentionDays));
    if (same)
      return {
        state: 'satisfied',
        output: null,
        because: `backups are kept for ${ctx.config.backups.retentionDays} days`,
      };
    return {
      state: 'needed',
      because:
        found === undefined ? `bucket ${bucket} has no lifecycle rules` : `the lifecycle rules of ${bucket} differ`,
    };
  },
  apply: async (ctx, up) => {
    const bucket = up.foundation?.bucket;
    if (bucket !== null && bucket !== undefined)
      await ctx.aws.putLifecycle(bucket, rules(up.backend.clusterId, ctx.config.backups.retentionDays));
    return null;
  },
});

const rules = (clusterId: string, days: number): Json => [
  {
    ID: 'platform-backups',
    Status: 'Enabled',
    Filter: { Prefix: `${clusterId}/etcd/` },
    Expiration: { Days: days },
    NoncurrentVersionExpiration: { NoncurrentDays: days },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  },
];

/** Same keys in any order are the same rules. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map((item: Json) => canonical(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}
