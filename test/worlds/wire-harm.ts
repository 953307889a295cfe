import { readFileSync } from 'node:fs';
import { decodeJournal } from '../../src/engine/record.ts';
import type { SecurityGroupRule } from '@aws-sdk/client-ec2';
import type { AwsCall } from '../helpers/aws-server.ts';
import type { Resource } from './wire-aws.ts';
import { isProtected, keyOf, stateBucket, titleOf } from './wire-truth.ts';
import { journalsOf, type WireWorld } from './wire-world.ts';

/** Whatever was done that must never be done, one line each; told by the truth at birth, not by what the product believes. */
export async function harm(world: WireWorld): Promise<readonly string[]> {
  const { account, before, truths, since } = world;
  const calls = (await account.calls(since)).filter(({ write }) => write);
  const problems = [...forbiddenCalls(world, calls), ...unaudited(world, calls)];
  const now = new Map((await account.resources()).map((one) => [keyOf(one), one]));
  for (const one of before.resources) {
    const truth = truths.get(keyOf(one));
    const may = truth === 'ours' || truth === 'doubtful' || (truth === 'data' && world.deleteData);
    const is = now.get(keyOf(one));
    if (may) continue;
    if (is === undefined) problems.push(`${truth} ${titleOf(one)} is gone`);
    else if (lasting(is) !== lasting(one))
      problems.push(`${truth} ${titleOf(one)} was ${lasting(one)} and is ${lasting(is)}`);
  }
  const rules = new Set((await account.rules()).map(({ SecurityGroupRuleId }) => SecurityGroupRuleId));
  for (const rule of before.rules)
    if (isForeignGroup(world, rule.GroupId) && !rules.has(rule.SecurityGroupRuleId) && !namesOurs(world, rule))
      problems.push(`a rule of somebody else is gone: ${JSON.stringify(rule)}`);
  return problems;
}

const isForeignGroup = ({ truths }: WireWorld, id = ''): boolean =>
  isProtected(truths.get(keyOf({ kind: 'security-group', id })));

const namesOurs = (world: WireWorld, { ReferencedGroupInfo: peer }: SecurityGroupRule): boolean =>
  peer?.GroupId !== undefined && !isForeignGroup(world, peer.GroupId);

/** What a machine that ends, or a balancer that comes up, changes on things around it is left out. */
function lasting(resource: Resource): string {
  const {
    state: _,
    instance: _1,
    association: _2,
    public_ip: _3,
    targets: _4,
    attachments: _5,
    keys,
    ...rest
  } = resource;
  const own = Array.isArray(keys)
    ? { keys: keys.filter((key) => resource.id !== stateBucket || !String(key).startsWith('sandbox/')) }
    : {};
  return JSON.stringify({ ...rest, ...own });
}

/** Changing calls on what is not ours, and calls that make something new. */
function forbiddenCalls(world: WireWorld, calls: readonly AwsCall[]): readonly string[] {
  const { before, truths } = world;
  const theirs = new Map<string, Resource>();
  for (const one of before.resources)
    if (isProtected(truths.get(keyOf(one)))) for (const word of namesOf(one)) theirs.set(word, one);
  const ours = before.resources.filter((one) => !isProtected(truths.get(keyOf(one)))).flatMap(namesOf);
  for (const word of ours) theirs.delete(word);
  const ruleOf = new Map(before.rules.map((rule) => [rule.SecurityGroupRuleId, rule]));
  return calls.flatMap((call) => {
    const what = `${call.action} ${JSON.stringify(call.parameters)} (${call.status}, by ${call.agent.split(' ')[0]})`;
    const { Bucket, Key } = call.parameters;
    if (Bucket === stateBucket && String(Key).startsWith('sandbox/')) return [];
    if (/^(Create|Run|Allocate|Import|PutObject|Authorize|Attach|Associate|Register)/.test(call.action))
      return [`something new: ${what}`];
    const words = wordsIn(call.parameters);
    const hit = words.map((word) => theirs.get(word)).filter((one) => one !== undefined);
    if (call.service === 'route53') {
      const records = (call.parameters['Changes'] as readonly string[] | undefined) ?? [];
      const touched = records
        .map((text) => text.split(' '))
        .flatMap(([, name = '', type]) =>
          before.resources.filter(
            (one) => one.kind === 'record' && one['type'] === type && bare(one.name) === bare(name),
          ),
        );
      return touched.filter((one) => isProtected(truths.get(keyOf(one)))).map((one) => `${titleOf(one)}: ${what}`);
    }
    if (hit.length === 0) return [];
    const isRevocation = call.action.startsWith('RevokeSecurityGroup');
    const rules = words.filter((word) => word.startsWith('sgr-')).map((word) => ruleOf.get(word));
    if (isRevocation && rules.length > 0 && rules.every((rule) => rule !== undefined && namesOurs(world, rule)))
      return [];
    return hit.map((one) => `${titleOf(one)}: ${what}`);
  });
}

export const bare = (name: string): string => name.replace(/\.$/, '');

/** Everything by which a call may name it. */
const namesOf = ({ kind, id, name }: Resource): readonly string[] =>
  ['key-pair', 'role', 'instance-profile', 'bucket', 'policy'].includes(kind) ? [id, name] : [id];

export const wordsIn = (value: unknown): readonly string[] =>
  typeof value === 'string'
    ? [value]
    : typeof value === 'object' && value !== null
      ? Object.values(value).flatMap(wordsIn)
      : [];

/** Each deletion was written down before, with what it takes away: by the program, and by the Terraform that it starts. */
function unaudited({ project, before }: WireWorld, calls: readonly AwsCall[]): readonly string[] {
  const audits = journalsOf(project)
    .flatMap((path) => decodeJournal({ run: path, text: readFileSync(path, 'utf8') }).records)
    .flatMap(({ event }) => (event.type === 'step.audit' ? [`${event.action} ${event.target}`] : []))
    .join('\n');
  const known = new Map(before.resources.flatMap((one) => namesOf(one).map((word) => [word, one] as const)));
  const rules = new Set(before.rules.map(({ SecurityGroupRuleId }) => SecurityGroupRuleId));
  const isAudited = (said: string): boolean => audits.includes(said.split('/').at(-1) ?? said);
  return calls
    .filter(({ action }) => /^(Delete|Terminate|Release|Revoke|ChangeResourceRecordSets)/.test(action))
    .filter(({ parameters }) => parameters['Bucket'] !== stateBucket)
    .flatMap(({ action, parameters }) => {
      const words = wordsIn(parameters);
      const revoked = words.filter((word) => rules.has(word));
      const records = ((parameters['Changes'] as readonly string[] | undefined) ?? []).map((text) =>
        bare(text.split(' ')[1] ?? ''),
      );
      const things = words.flatMap((word) => {
        const one = known.get(word);
        return one === undefined ? [] : [namesOf(one).at(-1) ?? word];
      });
      const targets = [revoked, records, things].find((list) => list.length > 0) ?? [];
      // Terraform also asks for what somebody else has deleted before: by the words of its state.
      if (targets.length > 0 ? targets.every(isAudited) : words.some(isAudited)) return [];
      return [`${action} ${JSON.stringify(parameters)} was never audited`];
    });
}
