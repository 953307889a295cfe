import { describe, expect, it } from 'vitest';
import { isPlatformError, type PlatformError } from '../../../../src/errors.ts';
import { type SweepRequest, sweepWith } from '../../../../src/steps/teardown/sweep.ts';
import { removableKinds } from '../../../../src/tools/ports-estate.ts';
import { awsError, createAccount, group, type Thing } from './sweep-world.ts';

const held = (kind: Thing['kind'], ...ids: string[]) => ids.map((id) => ({ kind, id }));

function sweep(account: ReturnType<typeof createAccount>, more: Partial<SweepRequest> = {}) {
  const request = { kinds: removableKinds, choose: () => true, deleteData: false, source: account.source, ...more };
  return account.clock.drive(sweepWith(account.world, request));
}

async function refusal(promise: Promise<unknown>): Promise<PlatformError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (!isPlatformError(error)) throw error;
  return error;
}

const removals = ({ calls }: { calls: readonly string[] }) => calls.filter((call) => !call.startsWith('list'));

/** A load balancer as the controller makes it: its groups reference each other and the node group, its interface outlives it. */
const balancer = (): Thing[] => [
  {
    kind: 'load-balancer',
    id: 'arn:x:loadbalancer/app/k8s-web/1',
    name: 'k8s-web',
    vpc: 'vpc-1',
    holds: [...held('target-group', 'tg'), ...held('security-group', 'sg-lb')],
    takes: 3000,
    leaves: { id: 'eni', after: 20_000 },
  },
  {
    kind: 'network-interface',
    id: 'eni',
    vpc: 'vpc-1',
    managedBy: 'amazon-elb',
    description: 'ELB app/k8s-web/1',
    holds: held('security-group', 'sg-lb'),
  },
  { kind: 'target-group', id: 'tg', vpc: 'vpc-1' },
  group('sg-lb', ['sg-backend']),
  group('sg-backend', ['sg-lb']),
  group('sg-node', ['sg-node', 'sg-backend'], { terraform: { root: 'cluster', address: 'aws_security_group.node' } }),
];

const notTerraforms: SweepRequest['choose'] = ({ terraform }) => terraform === undefined;

describe('sweep', () => {
  it('removes a load balancer with all that hangs on it, in order, and touches nothing of Terraform but one rule', async () => {
    const account = createAccount(balancer());
    await sweep(account, { choose: notTerraforms });
    expect([...account.there.keys()]).toEqual(['security-group sg-node']);
    expect(removals(account)).toEqual([
      'remove load-balancer arn:x:loadbalancer/app/k8s-web/1',
      'revoke sg-lb sg-lb-r0',
      'revoke sg-node sg-node-r1',
      'remove security-group sg-backend',
      'remove target-group tg',
      'remove security-group sg-lb',
    ]);
  });

  it('audits each deletion and revocation once, with the proof, before the deed', async () => {
    const account = createAccount(balancer());
    account.hooks.before = (call, target) => {
      if (call === 'remove') expect(account.audits.at(-1)?.target).toContain(target.id.split('/').at(-1));
    };
    await sweep(account, { choose: notTerraforms });
    expect(account.audits.map(({ action, target }) => `${action} ${target}`)).toEqual([
      'delete load balancer k8s-web (1)',
      'revoke sg-lb-r0 of security group sg-lb',
      'revoke sg-node-r1 of security group sg-node',
      'delete security group sg-backend',
      'delete target group tg',
      'delete security group sg-lb',
    ]);
    expect(account.audits[0]?.because).toBe('test says owned');
  });

  it('waits little longer than AWS takes, and lists little while it waits', async () => {
    const account = createAccount(balancer());
    const kinds = ['load-balancer', 'target-group', 'network-interface', 'security-group'] as const;
    await sweep(account, { kinds, choose: notTerraforms });
    expect(account.clock.monotonic()).toBeLessThan(23_000 * 1.1 + 1000);
    expect(account.calls.length).toBeLessThan(80);
    expect(account.notes).toContainEqual(
      expect.stringMatching(/waiting for network interface eni of ELB app\/k8s-web\/1 \(1\ds\)/),
    );
  });

  it('never asks for what is foreign, shared, unknown, kept, or data that was not given up', async () => {
    const things: Thing[] = [
      ...(['foreign', 'shared', 'unknown', 'data'] as const).map((one) => ({
        kind: 'volume' as const,
        id: `vol-${one}`,
        class: one,
      })),
      { kind: 'volume', id: 'vol-kept', kept: '--keep foundation' },
      { kind: 'volume', id: 'vol-mine' },
    ];
    const account = createAccount(things);
    await sweep(account);
    expect(removals(account)).toEqual(['remove volume vol-mine']);
    const again = createAccount(things);
    await sweep(again, { deleteData: true });
    expect(removals(again)).toEqual(['remove volume vol-data', 'remove volume vol-mine']);
  });

  it('catches what a controller makes while machines of ours run: one clean listing is not believed', async () => {
    const account = createAccount([
      { kind: 'instance', id: 'i' },
      { kind: 'volume', id: 'vol-1' },
    ]);
    account.clock.at(800, () => account.put({ kind: 'volume', id: 'vol-2' }));
    await sweep(account, { kinds: ['volume'] });
    expect(removals(account)).toEqual(['remove volume vol-1', 'remove volume vol-2']);
  });

  it('names a controller that makes the same thing again and again', async () => {
    const account = createAccount([
      { kind: 'instance', id: 'i', class: 'foreign' },
      { kind: 'load-balancer', id: 'lb-0', name: 'k8s-web' },
    ]);
    let made = 0;
    account.hooks.before = (call) => {
      if (call !== 'remove') return;
      made += 1;
      const id = `lb-${made}`;
      account.clock.at(account.clock.monotonic() + 100, () =>
        account.put({ kind: 'load-balancer', id, name: 'k8s-web' }),
      );
    };
    const error = await refusal(sweep(account, { kinds: ['load-balancer'] }));
    expect(error.code).toBe('LEFTOVERS');
    expect(error.message).toContain('load-balancer k8s-web was made again 5 times');
  });

  it('an order that only AWS knows is found by asking again', async () => {
    const account = createAccount([
      { kind: 'policy', id: 'p' },
      { kind: 'bucket', id: 'b' },
    ]);
    account.hooks.before = (call, { id }) => {
      if (call === 'remove' && id === 'p' && account.there.has('bucket b'))
        throw awsError('DeleteConflict', 'iam:DeletePolicy');
    };
    await sweep(account);
    expect(account.there.size).toBe(0);
  });

  it('slows down while AWS throttles, and does not give up for it', async () => {
    const account = createAccount(
      Array.from({ length: 12 }, (_, index): Thing => ({ kind: 'volume', id: `vol-${index}` })),
    );
    account.hooks.before = (call) => {
      if (call === 'remove' && account.clock.monotonic() < 20 * 60_000)
        throw awsError('RequestLimitExceeded', 'ec2:DeleteVolume', 'throttled');
    };
    await sweep(account, { kinds: ['volume'] });
    expect(account.there.size).toBe(0);
    expect(account.notes).toContainEqual(expect.stringMatching(/AWS asks for fewer calls: 1 at a time, next in \d+s/));
    expect(removals(account).length).toBeLessThan(80);
  });

  it('a listing that is throttled or fails for a moment is asked again', async () => {
    const account = createAccount([{ kind: 'volume', id: 'vol' }]);
    let times = 0;
    account.hooks.before = (call, { kind }) => {
      if (call !== 'list' || kind !== 'volume') return;
      times += 1;
      if (times === 1) throw awsError('ThrottlingException', 'ec2:DescribeVolumes', 'throttled');
      if (times <= 3) throw awsError('InternalError', 'ec2:DescribeVolumes', 'transient');
    };
    await sweep(account, { kinds: ['volume'] });
    expect(account.there.size).toBe(0);
  });

  it('what may not be listed is an error that names every action, never "none"', async () => {
    const account = createAccount([{ kind: 'volume', id: 'vol' }]);
    account.hooks.before = (call, { kind }) => {
      if (call === 'list' && kind !== 'vpc') throw awsError('UnauthorizedOperation', `ec2:Describe-${kind}`);
    };
    const error = await refusal(sweep(account, { kinds: ['volume', 'snapshot'] }));
    expect(error.facts['actions']).toBe('ec2:Describe-instance, ec2:Describe-snapshot, ec2:Describe-volume');
    expect(removals(account)).toEqual([]);
  });

  it('missing rights: goes on with the other kinds, then stops at once with all missing actions', async () => {
    const account = createAccount([
      { kind: 'volume', id: 'vol-1' },
      { kind: 'volume', id: 'vol-2' },
      { kind: 'key-pair', id: 'key' },
      { kind: 'policy', id: 'policy' },
      { kind: 'certificate', id: 'certificate' },
    ]);
    account.hooks.before = (call, { kind }) => {
      if (call === 'remove' && kind === 'volume') throw awsError('UnauthorizedOperation', 'ec2:DeleteVolume');
      if (call === 'remove' && kind === 'policy') throw awsError('AccessDenied', 'iam:DeletePolicy');
    };
    const error = await refusal(sweep(account));
    expect(error.facts['actions']).toBe('ec2:DeleteVolume, iam:DeletePolicy');
    expect(error.next.join()).toContain('run the same command again');
    expect([...account.there.keys()]).toEqual(['volume vol-1', 'volume vol-2', 'policy policy']);
    expect(account.clock.monotonic()).toBeLessThan(1500);
  });

  it('expired credentials stop it at once, resumable', async () => {
    const account = createAccount(balancer());
    account.hooks.before = (call) => {
      if (call === 'remove') throw awsError('ExpiredToken', 'elasticloadbalancing:DeleteLoadBalancer');
    };
    const error = await refusal(sweep(account));
    expect(error.next.join()).toContain('log in again');
    expect(removals(account)).toHaveLength(1);
  });

  it('takes deletion protection off what is ours, audited; known beforehand or found by the refusal', async () => {
    for (const known of [true, undefined]) {
      const account = createAccount([
        { kind: 'load-balancer', id: 'lb', ...(known === undefined ? {} : { protected: known }) },
      ]);
      account.hooks.before = () => undefined;
      if (known === undefined) {
        let first = true;
        account.hooks.before = (call) => {
          if (call === 'remove' && first) {
            first = false;
            throw new (awsError('x').constructor as typeof PlatformError)('AWS', {
              message: 'cannot be deleted because deletion protection is enabled',
              facts: { name: 'OperationNotPermitted' },
            });
          }
        };
      }
      await sweep(account);
      expect(account.there.size).toBe(0);
      expect(removals(account).at(-1)).toBe('remove load-balancer lb unprotected');
      expect(account.audits.map(({ action }) => action).sort()).toEqual(['delete', 'unprotect']);
    }
  });

  it('a deletion that fails three times is named, with what AWS said; everything else is gone', async () => {
    const account = createAccount([
      { kind: 'volume', id: 'vol-bad' },
      { kind: 'volume', id: 'vol-good' },
    ]);
    account.hooks.before = (call, { id }) => {
      if (call === 'remove' && id === 'vol-bad') throw awsError('InvalidParameterCombination', 'ec2:DeleteVolume');
    };
    const error = await refusal(sweep(account));
    expect(error.message).toContain('volume vol-bad (ec2:DeleteVolume: InvalidParameterCombination)');
    expect(removals(account).filter((call) => call.includes('vol-bad'))).toHaveLength(3);
    expect([...account.there.keys()]).toEqual(['volume vol-bad']);
  });

  it('stops on no progress at once where a stranger holds ours, and names the chain and what to do', async () => {
    const account = createAccount([
      group('sg-1'),
      { kind: 'network-interface', id: 'eni-9', class: 'foreign', holds: held('security-group', 'sg-1') },
      { kind: 'instance', id: 'i-9', class: 'foreign', holds: held('network-interface', 'eni-9') },
      { kind: 'volume', id: 'vol' },
    ]);
    const error = await refusal(sweep(account));
    expect(error.code).toBe('LEFTOVERS');
    expect(error.message).toContain('security group sg-1: sg-1 <- eni-9 <- i-9');
    expect(error.next[0]).toContain('i-9');
    expect(error.facts).toMatchObject({ left: 1, foreign: 'i-9' });
    expect(account.notes[1]).toBe(
      'deleting 1, waiting for network interface eni-9, not proven ours, for 30s at most (0s)',
    );
    expect([...account.there.keys()]).not.toContain('volume vol');
    expect(removals(account)).toEqual(['remove volume vol']);
    expect(account.clock.monotonic()).toBeLessThan(45_000);
  });

  it('waits for AWS as long as it may take, then says that AWS is late', async () => {
    const account = createAccount([
      group('sg-1'),
      { kind: 'network-interface', id: 'eni', managedBy: 'amazon-elb', holds: held('security-group', 'sg-1') },
    ]);
    const error = await refusal(sweep(account, { kinds: ['network-interface', 'security-group'] }));
    expect(error.code).toBe('NOT_READY_IN_TIME');
    expect(account.clock.monotonic()).toBeGreaterThan(600_000);
    expect(account.clock.monotonic()).toBeLessThan(640_000);
    expect(account.calls.length).toBeLessThan(160);
  });

  it('slow progress is progress: it never stops on total time', async () => {
    const chain = Array.from(
      { length: 8 },
      (_, index): Thing => ({
        kind: 'load-balancer',
        id: `lb-${index}`,
        takes: 9 * 60_000,
        holds: held('load-balancer', `lb-${index + 1}`),
      }),
    );
    const account = createAccount(chain);
    await sweep(account);
    expect(account.there.size).toBe(0);
    expect(account.clock.monotonic()).toBeGreaterThan(70 * 60_000);
  });

  it('ends between two deletions when the run is cancelled', async () => {
    const account = createAccount(
      Array.from({ length: 30 }, (_, index): Thing => ({ kind: 'volume', id: `vol-${index}` })),
    );
    account.hooks.before = (call) => {
      if (call === 'remove' && removals(account).length === 10) account.controller.abort();
    };
    const error = await refusal(sweep(account));
    expect(error.code).toBe('INTERRUPTED');
    expect(removals(account).length).toBeLessThan(12);
  });
});
