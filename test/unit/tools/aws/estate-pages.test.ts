import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openEstate } from '../../../../src/tools/aws/estate/estate.ts';
import type { CloudResource, EstateScope } from '../../../../src/tools/ports-estate.ts';

interface Call {
  readonly action: string;
  readonly values: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Answer {
  readonly status?: number;
  readonly body: string;
}

/** An AWS of one test: what it is asked is kept, what it answers is written by hand. */
async function estateWith(answer: (call: Call) => Answer) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const body = Buffer.concat(chunks).toString();
      const form = body.startsWith('<') ? url.searchParams : new URLSearchParams(body || url.search);
      const values = Object.fromEntries(form);
      const action = values['Action'] ?? `${request.method ?? ''} ${url.pathname}`;
      const call = { action, values, body };
      calls.push(call);
      const { status = 200, body: text } = answer(call);
      response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const estate = openEstate({ region: 'ap-northeast-2', endpoint: `http://127.0.0.1:${port}` });
  return { estate, calls, named: (action: string) => calls.filter((call) => call.action === action) };
}

const scope: EstateScope = { cluster: 'demo-abc', vpcs: [], recorded: {} };
const ofUs = '<tagSet><item><key>platform/cluster</key><value>demo-abc</value></item></tagSet>';
const volumesPage = (ids: readonly string[], next = '') =>
  `<DescribeVolumesResponse><volumeSet>${ids
    .map((id) => `<item><volumeId>${id}</volumeId><status>available</status>${ofUs}</item>`)
    .join('')}</volumeSet>${next === '' ? '' : `<nextToken>${next}</nextToken>`}</DescribeVolumesResponse>`;

describe('pages of EC2', () => {
  test('are followed to the last one', async () => {
    const { estate, calls } = await estateWith(({ values }) => ({
      body: values['NextToken'] === undefined ? volumesPage(['vol-1', 'vol-2'], 'more') : volumesPage(['vol-3']),
    }));
    expect((await estate.list('volume', scope)).map(({ id }) => id)).toEqual(['vol-1', 'vol-2', 'vol-3']);
    expect(calls.length).toBe(2);
  });

  test('a page that fails makes the whole listing fail', async () => {
    const denied =
      '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>';
    const { estate } = await estateWith(({ values }) =>
      values['NextToken'] === undefined ? { body: volumesPage(['vol-1'], 'more') } : { status: 403, body: denied },
    );
    await expect(estate.list('volume', scope)).rejects.toMatchObject({ facts: { name: 'UnauthorizedOperation' } });
  });

  test('recorded ids are asked by filter, 200 at a time, and only those that nothing else showed', async () => {
    const { estate, calls } = await estateWith(() => ({ body: volumesPage(['vol-0']) }));
    const recorded = { volume: Array.from({ length: 301 }, (_, index) => `vol-${index}`) };
    await estate.list('volume', { ...scope, recorded });
    const asked = calls.map(
      ({ values }) => Object.keys(values).filter((key) => key.startsWith('Filter.1.Value.')).length,
    );
    expect(asked).toEqual([3, 200, 100]);
    expect(calls.flatMap(({ values }) => Object.keys(values)).filter((key) => key.startsWith('VolumeId'))).toEqual([]);
  });

  test('a mark of another cluster under the same key is left out', async () => {
    const { estate } = await estateWith(() => ({ body: volumesPage(['vol-1']) }));
    expect(await estate.list('volume', { ...scope, cluster: 'demo-abcd' })).toEqual([]);
  });
});

describe('load balancers', () => {
  const arnOf = (number: number) =>
    `arn:aws:elasticloadbalancing:ap-northeast-2:123456789012:loadbalancer/app/k8s-${number}/abc`;
  const result = (action: string, text: string) => ({
    body: `<${action}Response><${action}Result>${text}</${action}Result></${action}Response>`,
  });
  const gone = {
    status: 400,
    body: '<ErrorResponse><Error><Code>LoadBalancerNotFound</Code><Message>gone</Message></Error></ErrorResponse>',
  };
  const arnsIn = ({ values }: Call): string[] =>
    Object.entries(values)
      .filter(([key]) => key.startsWith('ResourceArns.'))
      .map(([, arn]) => arn);

  test('tags are asked twenty at a time; one that went away meanwhile costs only itself', async () => {
    const members = Array.from({ length: 45 }, (_, number) => arnOf(number));
    const { estate, named } = await estateWith((call) => {
      if (call.action === 'DescribeLoadBalancers') {
        const [from, to] = call.values['Marker'] === undefined ? [0, 30] : [30, 45];
        const some = members
          .slice(from, to)
          .map(
            (arn) =>
              `<member><LoadBalancerArn>${arn}</LoadBalancerArn><LoadBalancerName>k8s-x</LoadBalancerName><VpcId>vpc-1</VpcId></member>`,
          );
        const next = to === 45 ? '' : '<NextMarker>30</NextMarker>';
        return result(call.action, `<LoadBalancers>${some.join('')}</LoadBalancers>${next}`);
      }
      if (call.action === 'DescribeTags') return arnsIn(call).includes(arnOf(42)) ? gone : result(call.action, '');
      return result(call.action, '');
    });
    const found = await estate.list('load-balancer', { ...scope, vpcs: ['vpc-1'] });
    expect(found.map(({ id }) => id)).toEqual(members.filter((arn) => arn !== arnOf(42)));
    expect(named('DescribeLoadBalancers').length).toBe(2);
    const sizes = named('DescribeTags').map((call) => arnsIn(call).length);
    expect(sizes.toSorted((one, other) => other - one)).toEqual([20, 20, 5, 1, 1, 1, 1, 1]);
  });

  test('those of other VPCs are not asked about, however they are named', async () => {
    const { estate, calls } = await estateWith((call) =>
      result(
        call.action,
        `<LoadBalancers><member><LoadBalancerArn>${arnOf(1)}</LoadBalancerArn><LoadBalancerName>k8s-x</LoadBalancerName><VpcId>vpc-2</VpcId></member></LoadBalancers>`,
      ),
    );
    expect(await estate.list('load-balancer', { ...scope, vpcs: ['vpc-1'] })).toEqual([]);
    expect(calls.length).toBe(1);
  });
});

describe('a bucket', () => {
  const bucket: CloudResource = {
    kind: 'bucket',
    id: 'demo-abc-data',
    name: 'demo-abc-data',
    tags: {},
    state: '',
    phase: 'live',
    unique: {},
    holds: [],
  };
  const versions = (count: number) =>
    Array.from({ length: count }, (_, index) => `<Version><Key>k${index}</Key><VersionId>v</VersionId></Version>`);
  const isVersions = (call: Call) => call.action.startsWith('GET') && 'versions' in call.values;

  test('is emptied page by page, each from the start, with a word about each', async () => {
    let left = 2300;
    const { estate, calls } = await estateWith((call) => {
      if (isVersions(call))
        return { body: `<ListVersionsResult>${versions(Math.min(left, 1000)).join('')}</ListVersionsResult>` };
      if (call.action.startsWith('POST')) {
        left -= call.body.split('<Object>').length - 1;
        return { body: '<DeleteResult/>' };
      }
      return call.action.startsWith('DELETE')
        ? { status: 204, body: '' }
        : { body: '<ListMultipartUploadsResult></ListMultipartUploadsResult>' };
    });
    const notes: string[] = [];
    await estate.remove(bucket, { withData: true, note: (text) => notes.push(text) });
    expect(left).toBe(0);
    expect(notes).toEqual([1000, 2000, 2300].map((count) => `demo-abc-data: ${count} versions and markers deleted`));
    expect(calls.at(-1)?.action).toBe('DELETE /demo-abc-data/');
  });

  test('an object that may not go ends it, although the call as such succeeded', async () => {
    const { estate, calls } = await estateWith((call) =>
      isVersions(call)
        ? { body: `<ListVersionsResult>${versions(1).join('')}</ListVersionsResult>` }
        : {
            body: '<DeleteResult><Error><Key>k0</Key><Code>AccessDenied</Code><Message>locked</Message></Error></DeleteResult>',
          },
    );
    await expect(estate.remove(bucket, { withData: true })).rejects.toMatchObject({
      code: 'AWS',
      class: 'permanent',
      facts: { name: 'AccessDenied', action: 'DeleteObjects' },
    });
    expect(calls.filter(({ action }) => action.startsWith('DELETE'))).toEqual([]);
  });
});

describe('records', () => {
  const set = (name: string, type: string, value: string) =>
    `<ResourceRecordSet><Name>${name}.</Name><Type>${type}</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>${value}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>`;
  const owner = '"heritage=platform,platform/cluster=demo-abc"';

  test('the pages of the domain are read and the rest of the zone is not', async () => {
    const { estate, calls } = await estateWith(({ action, values }) => {
      if (action.includes('hostedzonesbyname'))
        return {
          body: `<ListHostedZonesByNameResponse><HostedZones>${
            values['dnsname'] === 'example.com'
              ? '<HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name></HostedZone>'
              : ''
          }</HostedZones></ListHostedZonesByNameResponse>`,
        };
      const isFirst = values['name'] === 'dev.example.com';
      const sets = isFirst
        ? [set('dev.example.com', 'A', '203.0.113.1'), set('a.dev.example.com', 'A', '203.0.113.2')]
        : [set('_platform-owner.a.dev.example.com', 'TXT', owner), set('elsewhere.example.com', 'TXT', owner)];
      const next = isFirst ? '_platform-owner.a.dev.example.com.' : 'more.example.com.';
      return {
        body: `<ListResourceRecordSetsResponse><ResourceRecordSets>${sets.join('')}</ResourceRecordSets><IsTruncated>true</IsTruncated><NextRecordName>${next}</NextRecordName><NextRecordType>TXT</NextRecordType></ListResourceRecordSetsResponse>`,
      };
    });
    const found = await estate.list('dns-record', { ...scope, domain: 'dev.example.com' });
    expect(found.map(({ id }) => id)).toEqual(['Z1/A/a.dev.example.com', 'Z1/TXT/_platform-owner.a.dev.example.com']);
    expect(calls.filter(({ action }) => action.includes('rrset')).length).toBe(2);
  });

  test('an alias that checks the health of its target is deleted as it is', async () => {
    const alias = (health: boolean) =>
      `<AliasTarget><HostedZoneId>Z2</HostedZoneId><DNSName>lb.amazonaws.com.</DNSName><EvaluateTargetHealth>${health}</EvaluateTargetHealth></AliasTarget>`;
    const { estate, calls } = await estateWith(({ action, body }) => {
      if (action.startsWith('GET'))
        return {
          body: `<ListResourceRecordSetsResponse><ResourceRecordSets><ResourceRecordSet><Name>a.example.com.</Name><Type>A</Type>${alias(true)}</ResourceRecordSet></ResourceRecordSets><IsTruncated>false</IsTruncated></ListResourceRecordSetsResponse>`,
        };
      return body.includes('<EvaluateTargetHealth>true')
        ? { body: '<ChangeResourceRecordSetsResponse/>' }
        : {
            status: 400,
            body: '<ErrorResponse><Error><Code>InvalidChangeBatch</Code><Message>do not match the current values</Message></Error></ErrorResponse>',
          };
    });
    await estate.remove({
      kind: 'dns-record',
      id: 'Z1/A/a.example.com',
      name: 'a.example.com',
      tags: {},
      state: '',
      phase: 'live',
      unique: {},
      holds: [],
      record: { name: 'a.example.com', type: 'A', alias: { name: 'lb.amazonaws.com', zone: 'Z2' } },
    });
    expect(calls.map(({ action }) => action.split(' ')[0])).toEqual(['POST', 'GET', 'POST']);
  });
});
