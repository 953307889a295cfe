import { existsSync } from 'node:fs';
import { createServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { issue, makeAuthority } from '../../src/sandbox/control-plane/certificates.ts';
import { removalSchema } from '../../src/steps/teardown/removal-schema.ts';
import { teardownPlanSchema } from '../../src/steps/teardown/teardown-plan-schema.ts';
import { planSchema } from '../../src/ui/plan-schema.ts';
import type { BuiltProgram, Said } from '../helpers/built-program.ts';
import { callsDuring, programIn, standingIn, type Standing, startAccount, typing } from '../helpers/account-program.ts';
import { expectToHold } from '../helpers/holds-schema.ts';
import type { LocalAws } from '../helpers/local-aws.ts';
import { awsPython } from '../helpers/tool-caches.ts';

const reason =
  awsPython === undefined
    ? 'skipped: no Python with the requirements of the local AWS server; run `npm run setup`'
    : '';

/** Everything is removed: nothing keeps the id, so that a clean end forgets it. */
const all = ['--cleanup', '--aws-only', '--delete-data'];

describe.skipIf(reason !== '')(`what removes, as it is typed, on a real account ${reason}`, () => {
  let aws: LocalAws;
  beforeAll(async () => {
    aws = await startAccount();
  });
  afterAll(async () => await aws?.close());

  /** A platform whose cluster is dead and whose states are lost, with one of each kind that matters; the network is on record. */
  const whole = async (name: string): Promise<Standing & { readonly vpc: string }> => {
    const standing = await standingIn(aws, name);
    const { seed, tags, clusterId, put } = standing;
    const marks = { ...tags, 'elbv2.k8s.aws/cluster': clusterId, 'ingress.k8s.aws/stack': 'web/shop' };
    const vpc = await seed.vpc(tags);
    const subnets = [await seed.subnet(vpc, tags), await seed.subnet(vpc, tags)];
    await seed.internetGateway(vpc, tags);
    const nodes = await seed.group(vpc, `${clusterId}-node`, tags);
    const front = await seed.group(vpc, `k8s-${name}`, {
      ...marks,
      'ingress.k8s.aws/resource': 'ManagedLBSecurityGroup',
    });
    await seed.rule(nodes, { peer: front });
    const machine = await seed.instance({ subnet: subnets[0] ?? '', groups: [nodes], tags });
    await seed.address(tags, { instance: machine });
    await seed.volume(tags, machine);
    await seed.keyPair(`${clusterId}-key`, tags);
    const target = await seed.targetGroup(vpc, `k8s-${name}`, { ...marks, 'ingress.k8s.aws/resource': 'web/shop:80' });
    await seed.loadBalancer({
      name: `k8s-${name}`,
      subnets,
      groups: [front],
      tags: { ...marks, 'ingress.k8s.aws/resource': 'LoadBalancer' },
      targetGroups: [target],
    });
    await seed.bucket(`${clusterId}-data-123456789012`, { tags, versioned: true, objects: ['a', 'a'] });
    await put('ledger.ndjson', line({ kind: 'vpc', id: vpc, unique: {}, step: 'infrastructure' }));
    return { ...standing, vpc };
  };
  const line = (entry: object): string => `${JSON.stringify(entry)}\n`;

  /** Runs it and holds it to having changed nothing: not in AWS, and on disk at most what a plan is written to. */
  const harmless = async (work: () => Promise<Said>): Promise<Said> => {
    let said: Said | undefined;
    const { writes } = await callsDuring(aws, async () => (said = await work()));
    expect(writes, said?.stderr).toEqual([]);
    return said as Said;
  };
  const last = ({ stdout }: Said): object => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as object;
  const ofOurs = async ({ clusterId }: Standing): Promise<readonly string[]> => {
    const { resources } = await aws.ask<{
      resources: readonly { kind: string; id: string; name?: string; tags?: object }[];
    }>('snapshot');
    return resources
      .filter((one) => JSON.stringify([one.id, one.name, one.tags]).includes(clusterId))
      .map(({ kind, id }) => `${kind} ${id}`);
  };

  test('a saved plan goes as it was agreed to; what came since stops it before anything is written', async () => {
    const shop = await whole('shop');
    const program = await programIn(aws, 'shop');
    const untouched = program.files();

    // The plan: a file for people and machines, and nothing else.
    const planned = await harmless(() => program.run(['plan', 'destroy', ...all, '--out', 'agreed.json']));
    expect(planned.code, planned.stderr).toBe(0);
    const { 'agreed.json': text = '{}', ...others } = program.files();
    expect(others).toEqual(untouched);
    const agreed = expectToHold(planSchema, JSON.parse(text) as { removal: object });
    expectToHold(teardownPlanSchema, agreed.removal);

    // Something more of ours appears.
    const late = await shop.seed.group(shop.vpc, 'k8s-late', {
      'elbv2.k8s.aws/cluster': shop.clusterId,
      'ingress.k8s.aws/stack': 'web/late',
    });
    const stale = await harmless(() => program.run(['destroy', ...all, '--plan', 'agreed.json']));
    expect(stale.code, stale.stderr).toBe(8);
    expect(stale.stderr).toContain(`does not name 1 of the things that would go: security group ${late}`);
    expect(stale.stderr).toContain('Next: look at a new plan: platform plan destroy --cleanup --out FILE');

    // A plan is for what it was made for.
    const other = await harmless(() => program.run(['destroy', '--cleanup', '--aws-only', '--plan', 'agreed.json']));
    expect(other.code, other.stderr).toBe(8);
    expect(other.stderr).toContain('the configuration changed');
    const garbled = program.write('garbled.json', text.slice(0, 400));
    expect(await harmless(() => program.run(['destroy', ...all, '--plan', garbled]))).toMatchObject({ code: 2 });

    // Somebody took it away again: it is what was agreed to, and nobody is asked once more.
    await removeGroup(program, late);
    const gone = await program.run(['destroy', ...all, '--plan', 'agreed.json', '--json']);
    expect(gone.code, gone.stderr).toBe(0);
    expect(expectToHold(removalSchema, last(gone))).toMatchObject({
      verb: 'destroy',
      cluster: shop.clusterId,
      ending: 'done',
      exitCode: 0,
      verified: true,
      kept: [],
    });
    expect(await ofOurs(shop)).toEqual([]);
    expect(await shop.read('identity.json')).toBeUndefined();
    expect(await program.run(['status', '--orphans'])).toMatchObject({ code: 0 });

    // Once more there is nothing to do, and the document has the same fields.
    const again = await harmless(() => program.run(['destroy', ...all, '--yes', '--json']));
    expect(again.code, again.stderr).toBe(0);
    expect(expectToHold(removalSchema, last(again))).toMatchObject({ run: null, cluster: null, removed: [] });
  });

  const removeGroup = async (_: BuiltProgram, id: string): Promise<void> => {
    const { DeleteSecurityGroupCommand, EC2Client } = await import('@aws-sdk/client-ec2');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const ec2 = new EC2Client({ region: 'ap-northeast-2', endpoint: aws.endpoint, credentials });
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }));
    ec2.destroy();
  };

  test('--dry-run shows what plan shows, writes nothing and leaves nothing behind', async () => {
    await whole('dry');
    const program = await programIn(aws, 'dry');
    const untouched = program.files();
    const dry = await harmless(() => program.run(['destroy', ...all, '--dry-run']));
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stderr).toContain('Nothing was changed: this is only what would be done.');
    const plan = await harmless(() => program.run(['plan', 'destroy', ...all, '--exit-code']));
    expect([plan.code, plan.stderr]).toEqual([7, dry.stderr]);
    expect(program.files()).toEqual(untouched);
  });

  describe('a yes is typed', () => {
    const question = 'Type sandbox to go on:';

    test('nobody there, another name, Ctrl-C: exit 6 and nothing is changed', async () => {
      await whole('asked');
      const program = await programIn(aws, 'asked');
      const words = ['destroy', ...all];
      const nobody = await harmless(() => program.run(words));
      expect(nobody.code, nobody.stderr).toBe(6);
      expect(nobody.stderr).toContain('Next: answer it with --yes');
      for (const [answer, says] of [
        ['Sandbox\r', '"Sandbox" was typed, not sandbox; nothing was changed'],
        ['\u0003', 'nothing was changed'],
      ] as const) {
        const said = await harmless(() => typing(program, words, question, answer));
        expect([said.code, said.stdout], said.stdout).toEqual([6, expect.stringContaining(says)]);
        expect(said.stdout).toMatch(/Next:.* type the same command again if you mean it/);
      }
      expect(existsSync(program.path('.platform/sandbox/lock'))).toBe(false);
    });

    test('the name goes on, and the next run finds nothing', async () => {
      const meant = await whole('meant');
      const program = await programIn(aws, 'meant');
      const said = await typing(program, ['destroy', ...all], question, 'sandbox\r');
      expect(said.code, said.stdout).toBe(0);
      expect(said.stdout).toContain('A second scan, from nothing, found nothing of the old cluster but what stays.');
      expect(await ofOurs(meant)).toEqual([]);
    });
  });

  test('a protected environment wants its name on the command line, whoever sits there, before anything is looked at', async () => {
    await whole('guarded');
    const program = await programIn(aws, 'guarded', ', protected: true');
    for (const words of [
      ['destroy', ...all],
      ['destroy', ...all, '--yes'],
      ['destroy', ...all, '--yes', '--confirm', 'prod'],
      ['rebuild', '--aws-only', '--yes'],
    ]) {
      let said: Said | undefined;
      const { all: calls } = await callsDuring(aws, async () => (said = await program.run(words)));
      expect(calls).toEqual([]);
      expect(said?.code, said?.stderr).toBe(8);
      expect(said?.stderr).toContain('sandbox is protected');
      expect(said?.stderr).toContain('if you mean it: --confirm sandbox');
    }
    // Its name alone is no yes: that is asked as everywhere.
    const named = await harmless(() => program.run(['destroy', ...all, '--confirm', 'sandbox']));
    expect(named.code, named.stderr).toBe(6);
    // A saved plan does not get around it.
    const planned = await harmless(() => program.run(['plan', 'destroy', ...all, '--out', 'agreed.json']));
    expect(planned.code, planned.stderr).toBe(0);
    expect(await harmless(() => program.run(['destroy', ...all, '--plan', 'agreed.json']))).toMatchObject({ code: 8 });
    const meant = await program.run(['destroy', ...all, '--plan', 'agreed.json', '--confirm', 'sandbox']);
    expect(meant.code, meant.stderr).toBe(0);
  });

  test('another cluster at our kubeconfig: exit 8, told how to go on, asked nothing but who it is; --aws-only leaves it alone', async () => {
    const ours = await whole('namesake');
    const stranger = await strangeCluster();
    await ours.put(
      'ledger.ndjson',
      [
        { kind: 'vpc', id: ours.vpc, unique: {}, step: 'infrastructure' },
        { kind: 'kubernetes', id: 'uid-of-ours', unique: { authority: 'ours' }, step: 'control-plane' },
      ]
        .map(line)
        .join(''),
    );
    const program = await programIn(aws, 'namesake');
    program.write('.platform/sandbox/kubeconfig', stranger.kubeconfig, 0o600);

    for (const words of [
      ['destroy', '--cleanup', '--delete-data', '--yes'],
      ['rebuild', '--delete-data', '--yes'],
    ]) {
      const said = await harmless(() => program.run(words));
      expect(said.code, said.stderr).toBe(8);
      expect(said.stderr).toContain('is not the recorded one: kube-system has the UID uid-of-theirs');
      expect(said.stderr).toContain('--aws-only');
    }
    expect(new Set(stranger.asked)).toEqual(new Set(['GET /api/v1/namespaces/kube-system']));

    const asked = stranger.asked.length;
    const gone = await program.run(['destroy', ...all, '--yes']);
    expect(gone.code, gone.stderr).toBe(0);
    expect(await ofOurs(ours)).toEqual([]);
    expect(stranger.asked).toHaveLength(asked);
  });
});

/** An API server of somebody else, and a kubeconfig that leads to it. */
async function strangeCluster() {
  const validity = { from: Date.UTC(2020, 0, 1), until: Date.UTC(2060, 0, 1) };
  const authority = { ...makeAuthority('theirs', validity), commonName: 'theirs' };
  const { certificate, key } = issue(authority, { commonName: 'api', names: ['127.0.0.1'] }, validity);
  const asked: string[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const known = request.url === '/api/v1/namespaces/kube-system';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(
        known
          ? { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'uid-of-theirs' } }
          : { apiVersion: 'v1', kind: 'Status', status: 'Failure', code: 404 },
      ),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    clusters: [
      {
        name: 'x',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
        },
      },
    ],
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    users: [{ name: 'x', user: { token: 'x' } }],
  });
  return { asked, kubeconfig };
}
