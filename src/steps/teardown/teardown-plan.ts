import type { PlatformConfig, TeardownChoices } from '../../config/config.ts';
import type { ReadContext } from '../kit.ts';
import { backupsOf, type Saving } from './backups.ts';
import { chainOf, nameOf } from './blockers.ts';
import { type CostClass, costOf } from './costs.ts';
import { teardown } from './index.ts';
import type { Finding, Inventory, Ownership } from './inventory-types.ts';
import { keyOf } from './ownership-marks.ts';
import { type Expectation, expectDuration, judgeCredentials, type PastRun } from './teardown-expectation.ts';
import { objectsByStep, phases, stepOf } from './teardown-phases.ts';

export type { PastRun } from './teardown-expectation.ts';

interface Thing {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  /** The proof, or the reason why it stays. */
  readonly because: string;
}

/** What must be cleared before anything is destroyed. */
export interface TeardownProblem {
  readonly code: 'CREDENTIALS' | 'LEFTOVERS';
  readonly message: string;
  readonly next: readonly string[];
}

/** What a teardown would do, as a value: shown, printed with --json, written with --out. New fields may come; these stay. */
export interface TeardownPlan {
  readonly schema: 'platform/teardown-plan/v1';
  readonly version: 1;
  readonly environment: string;
  /** '' where nothing was ever built. */
  readonly cluster: string;
  readonly account: string;
  readonly kubernetes: { readonly is: 'answers' | 'unreachable' | 'left-out'; readonly because: string };
  readonly counts: readonly { readonly kind: string; readonly class: Ownership; readonly count: number }[];
  /** In order; a step without anything to remove or to save is left out. */
  readonly steps: readonly {
    readonly step: string;
    readonly title: string;
    readonly removes: readonly { readonly kind: string; readonly count: number }[];
    readonly things: readonly Thing[];
    /** What a backup makes: such a step removes nothing. */
    readonly makes?: readonly { readonly kind: string; readonly count: number }[];
  }[];
  /** Ours, and stays. */
  readonly kept: readonly (Thing & { readonly cost: CostClass })[];
  /** Not ours, shared, or of a kind that is never removed; those that hold something of ours first. */
  readonly refused: readonly (Thing & {
    readonly class: Ownership;
    /** From the thing of ours that it holds to itself; empty where it holds nothing of ours. */
    readonly chain: readonly string[];
  })[];
  /** What waits for what among the things that go, the longest chain first. */
  readonly blocks: readonly (readonly string[])[];
  readonly expected: Expectation;
  readonly problems: readonly TeardownProblem[];
}

/** The plan for what an inventory shows; asks AWS only how long the credentials last. */
export async function makeTeardownPlan(
  inventory: Inventory,
  { aws, clock, config }: Pick<ReadContext, 'aws' | 'clock' | 'config'>,
  runs: readonly PastRun[],
): Promise<TeardownPlan> {
  const { expires, skew = 0 } = await aws.caller();
  const saving = backupsOf(inventory, config, clock.now());
  const credentials = { now: clock.now() + skew, ...(expires === undefined ? {} : { expires }) };
  return planTeardown(inventory, config, runs, credentials, saving);
}

const usual: TeardownChoices = {
  cleanup: true,
  keepFoundation: false,
  deleteData: false,
  awsOnly: false,
  forceFinalizers: false,
  backup: 'none',
  rebuild: false,
};

/** The same, pure. */
export function planTeardown(
  { clusterId, account, findings, kubernetes, evidence }: Inventory,
  { environment, teardown: choices = usual }: Pick<PlatformConfig, 'environment' | 'teardown'>,
  runs: readonly PastRun[],
  credentials: { readonly now: number; readonly expires?: number },
  saving: readonly Saving[] = [],
): TeardownPlan {
  const around = {
    findings: new Map(findings.map((finding) => [keyOf(finding.resource), finding])),
    choices,
    answers: kubernetes.is === 'answers' && choices.cleanup,
    bringYourOwn: evidence?.bringYourOwn === true,
  };
  const going = findings.filter((finding) => isOurs(finding) && finding.kept === undefined);
  const objects = kubernetes.is === 'answers' && choices.cleanup ? objectsByStep(kubernetes.findings) : [];
  const removing = phases.flat().flatMap((step) => {
    const things = going.filter((finding) => stepOf(finding, around) === step);
    const removes = [
      ...objects.filter((one) => one.step === step).map(({ kind, count }) => ({ kind, count })),
      ...countKinds(things),
    ];
    return removes.length === 0
      ? []
      : [{ step, title: titles.get(step) ?? step, removes, things: things.map(thingOf) }];
  });
  const steps = [
    ...(removing.length === 0 ? [] : saving).map(({ step, makes }) => ({
      step,
      title: titles.get(step) ?? step,
      removes: [],
      things: [],
      makes,
    })),
    ...removing,
  ];
  const working = new Set([...steps.map(({ step }) => step), 'destroy-inventory', 'destroy-verify']);
  const expected = expectDuration(working, runs);
  return {
    schema: 'platform/teardown-plan/v1',
    version: 1,
    environment,
    cluster: clusterId,
    account,
    kubernetes: { is: kubernetes.is, because: kubernetes.is === 'answers' ? '' : kubernetes.because },
    counts: [
      ...objects.map(({ kind, count }) => ({ kind, class: 'owned' as const, count })),
      ...countClasses(findings),
    ],
    steps,
    kept: findings
      .filter((finding) => isOurs(finding) && finding.kept !== undefined)
      .map((finding) => ({ ...thingOf(finding), because: finding.kept ?? '', cost: costOf(finding.resource) })),
    refused: refusalsOf(findings),
    blocks: chainsOf(going),
    expected,
    problems: [
      ...judgeCredentials(credentials.expires, credentials.now, expected),
      ...(choices.cleanup ? [] : judgeLeftovers(findings, around.findings)),
    ],
  };
}

const titles: ReadonlyMap<string, string> = new Map(teardown.map(({ id, title }) => [id, title]));

const isOurs = ({ class: ownership }: Finding): boolean => ownership === 'owned' || ownership === 'data';

const thingOf = ({ resource: { kind, id, name }, because }: Finding): Thing => ({ kind, id, name, because });

function countKinds(findings: readonly Finding[]): readonly { readonly kind: string; readonly count: number }[] {
  return [...Map.groupBy(findings, ({ resource }) => resource.kind)].map(([kind, those]) => ({
    kind,
    count: those.length,
  }));
}

function countClasses(findings: readonly Finding[]): TeardownPlan['counts'] {
  return [
    ...Map.groupBy(findings, ({ resource, class: ownership }) => `${resource.kind} ${ownership}`).values(),
  ].flatMap((those) =>
    those[0] === undefined ? [] : [{ kind: those[0].resource.kind, class: those[0].class, count: those.length }],
  );
}

function refusalsOf(findings: readonly Finding[]): TeardownPlan['refused'] {
  const ours = new Map(findings.filter(isOurs).map((finding) => [keyOf(finding.resource), finding]));
  const refused = findings
    .filter((finding) => !isOurs(finding))
    .map((finding) => {
      const held = finding.resource.holds.map((one) => ours.get(keyOf(one))).find((one) => one !== undefined);
      const chain = held === undefined ? [] : [nameOf(held.resource), nameOf(finding.resource)];
      return { ...thingOf(finding), class: finding.class, chain };
    });
  return refused.toSorted((a, b) => b.chain.length - a.chain.length);
}

/** Each chain once, in its longest form. */
function chainsOf(going: readonly Finding[]): readonly (readonly string[])[] {
  const chains = going
    .filter(({ resource }) => resource.diesWith === undefined)
    .map(({ resource }) => chainOf(resource, going))
    .filter((chain) => chain.length > 1)
    .toSorted((a, b) => b.length - a.length);
  const told = new Set<string>();
  return chains.flatMap((chain) => {
    const keys = chain.map(({ resource }) => keyOf(resource));
    if (told.has(keys.join(' <- '))) return [];
    for (const index of keys.keys()) told.add(keys.slice(index).join(' <- '));
    const origin = chain.at(-1)?.origin;
    return [[...chain.map(({ resource }) => nameOf(resource)), ...(origin === undefined ? [] : [origin])]];
  });
}

/** Terraform alone waits 20 minutes for what controllers left, and fails (terraform-aws-eks-jx#54): refused before it begins. */
function judgeLeftovers(findings: readonly Finding[], byKey: ReadonlyMap<string, Finding>): readonly TeardownProblem[] {
  const isTerraforms = (finding: Finding | undefined): boolean =>
    finding !== undefined &&
    (finding.terraform !== undefined ||
      (finding.resource.diesWith !== undefined && isTerraforms(byKey.get(keyOf(finding.resource.diesWith)))));
  const blocking = findings.filter(
    (finding) =>
      !isTerraforms(finding) && finding.resource.holds.some((held) => byKey.get(keyOf(held))?.terraform !== undefined),
  );
  if (blocking.length === 0) return [];
  const names = blocking.map(({ resource }) => nameOf(resource));
  return [
    {
      code: 'LEFTOVERS',
      message: `Terraform would wait for ${blocking.length} things that it did not make: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' ...' : ''}`,
      next: ['platform destroy --cleanup: removes what the cluster made first'],
    },
  ];
}
