import type * as Sdk from '@aws-sdk/client-ec2';
import type { CloudKind, EstateScope } from '../../ports-estate.ts';
import { collect, tagRecord } from '../session.ts';
import type { Send, Session } from '../session.ts';
import { inBatches, isMarked, markKeys, recordedIds } from './family.ts';

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

interface Question<Item> {
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
}

/**
 * What stands in the recorded VPCs, what bears a mark of the cluster, and what is recorded, each once. Filters of one call must all hold, so a union is
 * a call each; by id only what the others did not show.
 */
export async function unionOf<Item extends Tagged>(
  scope: EstateScope,
  question: Question<Item>,
): Promise<readonly Item[]> {
  const { byVpc, byName } = question;
  const byIds = async (ids: readonly string[]): Promise<readonly Item[]> => {
    const found: Item[] = [];
    for (const Values of inBatches(ids, filterValues))
      found.push(...(await question.ask([{ Name: question.byId, Values: [...Values] }])));
    return found;
  };
  if (scope.only !== undefined) return byIds(scope.only);
  if (scope.near === true && byVpc !== undefined && scope.vpcs.length > 0)
    return question.ask([{ Name: byVpc, Values: [...scope.vpcs] }]);
  const [inVpcs, tagged, named] = await Promise.all([
    byVpc === undefined || scope.vpcs.length === 0 ? [] : question.ask([{ Name: byVpc, Values: [...scope.vpcs] }]),
    question.ask([{ Name: 'tag-key', Values: [...markKeys(scope.cluster)] }]),
    byName === undefined ? [] : question.ask([byName]),
  ]);
  const marked = tagged.filter((item) => isMarked(tagRecord(item.Tags), scope.cluster));
  const found = new Map([...inVpcs, ...marked, ...named].map((item) => [question.idOf(item) ?? '', item]));
  const missing = recordedIds(scope, question.kind).filter((id) => !found.has(id));
  for (const item of await byIds(missing)) found.set(question.idOf(item) ?? '', item);
  return [...found.values()];
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
