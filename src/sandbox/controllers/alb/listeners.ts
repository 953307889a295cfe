import { tagList } from '../shared/aws.ts';
import type { Parameters } from '../shared/aws.ts';
import type { Tools } from '../shared/controller.ts';
import { listOf, textOf } from '../shared/fields.ts';
import { tagsOf } from './balancers.ts';
import type { Action, Listener, Settings, Stack, TargetGroup } from './stack.ts';

/** The target groups of a stack, made where they are missing: name -> ARN. */
export async function ensureTargetGroups(
  tools: Tools,
  settings: Settings,
  stack: Stack,
  present: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, string>> {
  const arns = new Map<string, string>();
  for (const group of stack.targetGroups)
    arns.set(group.name, present.get(group.name) ?? (await makeTargetGroup(tools, settings, stack, group)));
  return arns;
}

async function makeTargetGroup(
  { aws, note }: Tools,
  settings: Settings,
  stack: Stack,
  group: TargetGroup,
): Promise<string> {
  const made = await aws.elbv2('CreateTargetGroup', {
    Name: group.name,
    Protocol: group.protocol,
    ...(stack.balancer.type === 'application' ? { ProtocolVersion: 'HTTP1' } : {}),
    Port: group.nodePort,
    VpcId: settings.vpc,
    TargetType: 'instance',
    HealthCheckProtocol: group.health.protocol,
    HealthCheckPort: 'traffic-port',
    HealthCheckPath: group.health.path,
    ...(group.health.codes === undefined ? {} : { Matcher: { HttpCode: group.health.codes } }),
    Tags: tagList(tagsOf(settings, stack, group.resource)),
  });
  const arn = textOf(listOf(made, 'TargetGroups')[0], 'TargetGroupArn') ?? '';
  if (Object.keys(group.attributes).length > 0)
    await aws.elbv2('ModifyTargetGroupAttributes', { TargetGroupArn: arn, Attributes: tagList(group.attributes) });
  note(`made target group ${group.name}`);
  return arn;
}

/** The listeners of a load balancer with their rules, exactly as the stack wants them. */
export async function ensureListeners(
  tools: Tools,
  settings: Settings,
  stack: Stack,
  balancer: string,
  groups: ReadonlyMap<string, string>,
): Promise<void> {
  const { aws } = tools;
  const live = listOf(await aws.elbv2('DescribeListeners', { LoadBalancerArn: balancer }), 'Listeners');
  const portOf = (one: unknown): number => Number(textOf(one, 'Port'));
  for (const one of live)
    if (!stack.listeners.some(({ port }) => port === portOf(one)))
      await aws.elbv2('DeleteListener', { ListenerArn: textOf(one, 'ListenerArn') });
  for (const listener of stack.listeners) {
    const found = live.find((one) => portOf(one) === listener.port);
    const settingsOfListener = {
      Protocol: listener.protocol,
      Port: listener.port,
      DefaultActions: [actionOf(listener.fallback, groups)],
      Certificates: listener.certificates.slice(0, 1).map((CertificateArn) => ({ CertificateArn })),
      SslPolicy: listener.policy,
    };
    let arn = textOf(found, 'ListenerArn');
    if (arn === undefined) {
      const made = await aws.elbv2('CreateListener', {
        LoadBalancerArn: balancer,
        ...settingsOfListener,
        Tags: tagList(tagsOf(settings, stack, String(listener.port))),
      });
      arn = textOf(listOf(made, 'Listeners')[0], 'ListenerArn') ?? '';
    } else if (differs(found, listener, groups))
      await aws.elbv2('ModifyListener', { ListenerArn: arn, ...settingsOfListener });
    await ensureRules(tools, settings, stack, listener, arn, groups);
  }
}

function differs(found: unknown, listener: Listener, groups: ReadonlyMap<string, string>): boolean {
  const live = listOf(found, 'DefaultActions')[0];
  return (
    textOf(found, 'Protocol') !== listener.protocol ||
    textOf(listOf(found, 'Certificates')[0], 'CertificateArn') !== listener.certificates[0] ||
    summary(live) !== summary(actionOf(listener.fallback, groups))
  );
}

const summary = (action: unknown): string =>
  [textOf(action, 'Type'), textOf(action, 'TargetGroupArn') ?? '', textOf(action, 'RedirectConfig', 'Port') ?? ''].join(
    ' ',
  );

async function ensureRules(
  { aws }: Tools,
  settings: Settings,
  stack: Stack,
  listener: Listener,
  arn: string,
  groups: ReadonlyMap<string, string>,
): Promise<void> {
  const live = listOf(await aws.elbv2('DescribeRules', { ListenerArn: arn }), 'Rules').filter(
    (rule) => textOf(rule, 'IsDefault') !== 'true',
  );
  const wanted = listener.rules.map((rule) => ({
    Conditions: [
      ...(rule.host === undefined ? [] : [{ Field: 'host-header', HostHeaderConfig: { Values: [rule.host] } }]),
      { Field: 'path-pattern', PathPatternConfig: { Values: rule.paths } },
    ],
    Actions: [actionOf(rule.action, groups)],
  }));
  const ofWanted = wanted.map(({ Conditions, Actions }) =>
    [
      ...Conditions.flatMap((one) =>
        'HostHeaderConfig' in one ? one.HostHeaderConfig.Values : one.PathPatternConfig.Values,
      ),
      textOf(Actions[0], 'TargetGroupArn'),
    ].join(' '),
  );
  const ofLive = live.map((rule) =>
    [
      ...['host-header', 'path-pattern'].flatMap((field) =>
        listOf(rule, 'Conditions')
          .filter((one) => textOf(one, 'Field') === field)
          .flatMap(valuesOf),
      ),
      textOf(listOf(rule, 'Actions')[0], 'TargetGroupArn'),
    ].join(' '),
  );
  if (ofWanted.join('\n') === ofLive.join('\n')) return;
  for (const rule of live) await aws.elbv2('DeleteRule', { RuleArn: textOf(rule, 'RuleArn') });
  for (const [index, rule] of wanted.entries())
    await aws.elbv2('CreateRule', {
      ListenerArn: arn,
      Priority: index + 1,
      ...rule,
      Tags: tagList(tagsOf(settings, stack, `${listener.port}:${index + 1}`)),
    });
}

const valuesOf = (condition: unknown): readonly string[] =>
  [...listOf(condition, 'HostHeaderConfig', 'Values'), ...listOf(condition, 'PathPatternConfig', 'Values')].map(String);

function actionOf(action: Action, groups: ReadonlyMap<string, string>): Parameters {
  if (action.to === 'not-found')
    return { Type: 'fixed-response', FixedResponseConfig: { ContentType: 'text/plain', StatusCode: '404' } };
  if (action.to === 'port')
    return { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: action.port, StatusCode: 'HTTP_301' } };
  return { Type: 'forward', TargetGroupArn: groups.get(action.group) ?? '' };
}
