import type * as Sdk from '@aws-sdk/client-ec2';
import type { CloudKind, EstateScope } from '../../ports-estate.ts';
import { collect, tagRecord } from '../session.ts';
import type { Send, Session } from '../session.ts';
import { inBatches, isMarked, markKeys, recordedIds } from './family.ts';
import { onceInLook } from './one-look.ts';

/** The EC2 client that all its families share. */
export interface Ec2 {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.EC2Client;
  readonly send: Send;
  readonly region: string;
}

export async function openEc2(session: Session): Promise<Ec2> {
  const sdk = await import('@aws-sdk/client-ec2');
  return { sdk, client: new sdk.EC2Client(session.settings), send: session.service('ec2'), region: session.region };
}

/** EC2 takes 200 values in a filter. */
export const filterValues = 200;

interface Tagged {
  readonly Tags?: readonly Sdk.Tag[] | undefined;
}

export interface Question<Item> {
  readonly kind: CloudKind;
  /** Every page of what fits the filters. */
  ask(filters: Sdk.Filter[]): Promise<readonly Item[]>;
  idOf(item: Item): string | undefined;
  /** Filter by VPC. Absent: the kind does not stand in one. */
  readonly byVpc?: string;
  /** Filter by id: an id that is not there is no error, as it would be in a list of ids. */
  readonly byId: string;
  /** A further filter that finds some by name. */
  readonly byName?: Sdk.Filter;
  /** Under which id its tags are kept, and the filter by it. Absent: the id itself. */
  readonly taggedAs?: { idOf(item: Item): string | undefined; readonly byId: string };
}

/** The part of the client that a listing needs. */
export type Asking = Pick<Ec2, 'sdk' | 'client' | 'send'>;

/** What stands in the recorded VPCs, once in a look; without a VPC nothing. */
export async function inRecordedVpcs<Item>(
  scope: EstateScope,
  { kind, byVpc, ask }: Pick<Question<Item>, 'kind' | 'byVpc' | 'ask'>,
): Promise<readonly Item[]> {
  const { vpcs } = scope;
  if (byVpc === undefined || vpcs.length === 0) return [];
  return onceInLook(scope, `${kind} in ${[...vpcs].sort().join()}`, () => ask([{ Name: byVpc, Values: [...vpcs] }]));
}

/**
 * What stands in the recorded VPCs, what bears a mark of the cluster, and what is recorded, each once. Filters of one call must all hold, so a union is
 * a call each; by id only what the others did not show. In a look one search by tags serves all kinds.
 */
export async function unionOf<Item extends Tagged>(
  ec2: Asking,
  scope: EstateScope,
  question: Question<Item>,
): Promise<readonly Item[]> {
  const { byVpc, byName } = question;
  const byIds = async (ids: readonly string[], filter = question.byId): Promise<readonly Item[]> => {
    const found: Item[] = [];
    for (const Values of inBatches(ids, filterValues))
      found.push(...(await question.ask([{ Name: filter, Values: [...Values] }])));
    return found;
  };
  if (scope.only !== undefined) return byIds(scope.only);
  if (scope.near === true && byVpc !== undefined && scope.vpcs.length > 0) return inRecordedVpcs(scope, question);
  const [inVpcs, tagged, marks, named] = await Promise.all([
    inRecordedVpcs(scope, question),
    scope.look === undefined ? question.ask([{ Name: 'tag-key', Values: [...markKeys(scope.cluster)] }]) : [],
    scope.look === undefined ? [] : markedIds(ec2, scope, question.kind),
    byName === undefined ? [] : question.ask([byName]),
  ]);
  const isOurs = (item: Item): boolean => isMarked(tagRecord(item.Tags), scope.cluster);
  const found = new Map<string, Item>();
  const add = (items: readonly Item[]): void => {
    for (const item of items) found.set(question.idOf(item) ?? '', item);
  };
  add([...inVpcs, ...tagged.filter(isOurs), ...named]);
  const taggedAs = question.taggedAs ?? question;
  const seen = new Set([...found.values()].map((item) => taggedAs.idOf(item)));
  const unseen = marks.filter((id) => !seen.has(id));
  const recorded = recordedIds(scope, question.kind);
  // Where both are asked by the same filter one call does for both.
  const isSame = taggedAs.byId === question.byId;
  if (!isSame) add((await byIds(unseen, taggedAs.byId)).filter(isOurs));
  const missing = [...new Set([...recorded, ...(isSame ? unseen : [])])].filter(
    // A VPC that is asked for by its id was asked already.
    (id) => !found.has(id) && !(byVpc === question.byId && scope.vpcs.includes(id)),
  );
  const wanted = new Set(recorded);
  add((await byIds(missing)).filter((item) => wanted.has(question.idOf(item) ?? '') || isOurs(item)));
  return [...found.values()];
}

/** How ids of a kind begin. */
const prefixes: Readonly<Partial<Record<CloudKind, string>>> = {
  instance: 'i-',
  volume: 'vol-',
  snapshot: 'snap-',
  'network-interface': 'eni-',
  address: 'eipalloc-',
  'security-group': 'sg-',
  subnet: 'subnet-',
  'route-table': 'rtb-',
  'internet-gateway': 'igw-',
  vpc: 'vpc-',
  'key-pair': 'key-',
};

/** Ids of this kind that bear a mark of the cluster: one search for all kinds, once in a look. What it shows is asked for, so that what is gone does no harm. */
async function markedIds(
  { sdk, client, send }: Asking,
  scope: EstateScope,
  kind: CloudKind,
): Promise<readonly string[]> {
  const prefix = prefixes[kind];
  if (prefix === undefined) return [];
  const Filters = [{ Name: 'key', Values: [...markKeys(scope.cluster)] }];
  const marks = await onceInLook(scope, `marks of ${scope.cluster}`, () =>
    pages(
      (NextToken) =>
        send('DescribeTags', (options) =>
          client.send(new sdk.DescribeTagsCommand({ Filters, MaxResults: 1000, NextToken }), options),
        ),
      (page) => page.Tags,
    ),
  );
  const ours = marks.filter((one) => isMarked({ [one.Key ?? '']: one.Value ?? '' }, scope.cluster));
  return [...new Set(ours.map((one) => one.ResourceId ?? ''))].filter((id) => id.startsWith(prefix));
}

/** Follows an EC2 listing to its last page. */
export function pages<Item, Page extends { readonly NextToken?: string | undefined }>(
  ask: (token: string | undefined) => Promise<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<readonly Item[]> {
  return collect(async (token) => {
    const page = await ask(token);
    return { items: items(page), next: page.NextToken };
  });
}
