import {
  DeleteSecurityGroupCommand,
  EC2Client,
  ReleaseAddressCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orphansSchema } from '../../src/steps/teardown/orphans-schema.ts';
import type { OrphansDocument } from '../../src/ui/orphans-view.ts';
import type { Said } from '../helpers/built-program.ts';
import {
  callsDuring,
  plainIds,
  programIn,
  region,
  standingIn,
  startAccount,
  stateWith,
} from '../helpers/account-program.ts';
import { expectToHold } from '../helpers/holds-schema.ts';
import type { LocalAws } from '../helpers/local-aws.ts';
import { awsPython } from '../helpers/tool-caches.ts';

const reason =
  awsPython === undefined
    ? 'skipped: no Python with the requirements of the local AWS server; run `npm run setup`'
    : '';

describe.skipIf(reason !== '')(`status --orphans, as it is typed, on a real account ${reason}`, () => {
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await startAccount();
  });
  afterAll(async () => await aws?.close());

  test('names what belongs to nothing and ends with 13; with 0 before it was there, and once it is gone; writes nothing', async () => {
    const shop = await standingIn(aws, 'shop');
    const { seed, tags, clusterId } = shop;
    const vpc = await seed.vpc(tags);
    const subnet = await seed.subnet(vpc, tags);
    const group = await seed.group(vpc, `${clusterId}-node`, tags);
    const machine = await seed.instance({ subnet, groups: [group], tags });
    const state = stateWith([
      ['aws_vpc', 'this', vpc],
      ['aws_subnet', 'public', subnet],
      ['aws_security_group', 'node', group],
      ['aws_instance', 'node', machine],
    ]);
    await shop.put('cluster.tfstate', state);

    // Other people's, as near to ours as they come.
    const twin = await seed.vpc(tags);
    await seed.group(twin, 'k8s-web-twin', { 'elbv2.k8s.aws/cluster': clusterId, 'ingress.k8s.aws/stack': 'web/shop' });
    await seed.instance({ subnet: await seed.subnet(twin, tags), tags });
    await seed.volume({ 'ebs.csi.aws.com/cluster': 'true', 'kubernetes.io/cluster/another': 'owned' });
    await seed.group(vpc, 'by hand');

    const program = await programIn(aws, 'shop');
    const before = program.files();
    const look = async () => {
      const said: Said[] = [];
      const { writes } = await callsDuring(aws, async () => {
        for (const more of [[], ['--json']]) said.push(await program.run(['status', '--orphans', ...more]));
      });
      const [text, json] = said as [Said, Said];
      expect(writes).toEqual([]);
      expect(program.files()).toEqual(before);
      expect(text.stdout).toBe('');
      const document = expectToHold(orphansSchema, JSON.parse(json.stdout) as OrphansDocument);
      expect([json.code, document.exitCode]).toEqual([text.code, text.code]);
      return { code: text.code, text: text.stderr, document };
    };

    const clean = await look();
    expect(clean.code, clean.text).toBe(0);
    expect(clean.text).toMatch(/\d+ things of ours found; nothing is left over\./);
    expect(clean.document.orphans).toEqual([]);

    // An apply that died before it wrote its state (catalogue B13), and what a load balancer's controller forgot.
    const lost = await seed.instance({ subnet, groups: [group], tags: { ...tags, Name: `${clusterId}-worker` } });
    const forgotten = await seed.group(vpc, 'k8s-web-shop', {
      'elbv2.k8s.aws/cluster': clusterId,
      'ingress.k8s.aws/stack': 'web/shop',
    });
    // The record of our network makes every mark elsewhere that of another cluster: only an id on record proves it.
    const address = await seed.address(tags);
    const entry = { kind: 'elastic-ip', id: address, unique: {}, step: 'foundation' };
    await shop.put('ledger.ndjson', `${JSON.stringify(entry)}\n`);

    const found = await look();
    expect(found.code, found.text).toBe(13);
    expect(found.document.orphans.map(({ id }) => id).toSorted()).toEqual([lost, forgotten, address].toSorted());
    const [text, json] = [found.text, `${JSON.stringify(found.document, null, 2)}\n`].map((one) => plainIds(one));
    await expect(text).toMatchFileSnapshot('../golden/ui/teardown/orphans-real-account.txt');
    await expect(json).toMatchFileSnapshot('../golden/ui/teardown/orphans-real-account.json');

    const ec2 = new EC2Client({
      region,
      endpoint: aws.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [lost] }));
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: forgotten }));
    await ec2.send(new ReleaseAddressCommand({ AllocationId: address }));
    await seed.pass();
    const after = await look();
    expect(after.code, after.text).toBe(0);
    expect(after.document).toMatchObject({ found: clean.document.found, orphans: [], undecided: [], leftovers: [] });
    ec2.destroy();
  });

  test('where nothing was ever built it says so and ends with 0', async () => {
    const said = await (await programIn(aws, 'never')).run(['status', '--orphans', '--json']);
    expect(said.code, said.stderr).toBe(0);
    const document = expectToHold(orphansSchema, JSON.parse(said.stdout) as OrphansDocument);
    expect(document).toMatchObject({ cluster: null, found: 0, exitCode: 0 });
  });

  test('a kind that may not be listed is an error that names the right, never "nothing is left over"', async () => {
    const bare = await standingIn(aws, 'bare');
    await bare.seed.vpc(bare.tags);
    await bare.seed.volume(bare.tags);
    const program = await programIn(aws, 'bare');
    const denied = async (action: string) => {
      await aws.ask('faults', { action: `ec2:${action}`, times: -1, code: 'denied', message: 'not authorized' });
      const said = await program.run(['status', '--orphans']);
      await fetch(`${aws.endpoint}/_sandbox/faults`, { method: 'DELETE' });
      expect(said.code).toBe(10);
      expect(said.stderr).toMatch(new RegExp(`Next: .*ec2:${action}`, 's'));
      expect(said.stderr).not.toContain('nothing is left over');
      return said.stderr;
    };
    expect(await denied('DescribeVolumes')).toContain('volumes cannot be listed');
    // The search by tags, without which nobody would know that there is any.
    expect(await denied('DescribeTags')).toContain('cannot be listed');
  });
});
