import type { CloudReference, CloudResource } from '../../tools/ports.ts';
import type { Estate } from './ownership-estate.ts';
import { isFromDriver, keyOf, type Marks, type Verdict, verdict } from './ownership-marks.ts';
import type { Recorded } from './ownership-records.ts';

/** undefined: it stands where our things stand, or where a place says nothing. */
export function judgePlace(
  resource: CloudResource,
  recorded: Recorded,
  marks: Marks,
  { homes, evidence }: Estate,
): Verdict | undefined {
  const { vpc } = resource;
  if (vpc === undefined || homes.ids.has(vpc)) return undefined;
  const tag = marks.ours[0] === undefined ? '' : `tag ${marks.ours[0]}, but `;
  if (recorded.proof !== undefined) {
    // A person's tree may span networks that it only looks up; a cut apply may have recorded a machine before its network.
    if (evidence.bringYourOwn || homes.ids.size === 0) return undefined;
    return verdict('unknown', `${recorded.proof}, but in ${vpc}, which is not ours`);
  }
  const standing = homes.verdicts.get(`vpc ${vpc}`)?.class ?? (homes.ids.size > 0 ? 'foreign' : 'unknown');
  return verdict(standing === 'unknown' ? 'unknown' : 'foreign', `${tag}in ${vpc}, which is not proven ours`);
}

export function judgeByParent(parent: CloudReference, { verdicts }: Estate): Verdict {
  const found = verdicts.get(keyOf(parent));
  if (found === undefined) return verdict('unknown', `goes with ${parent.id}, which is not proven ours`);
  return verdict(found.class === 'data' ? 'owned' : found.class, `goes with ${parent.id}: ${found.because}`);
}

export function judgeTagged(resource: CloudResource, { ours }: Marks, { namesake, homes }: Estate): Verdict {
  const tag = `tag ${ours[0]}`;
  if (resource.vpc !== undefined && homes.ids.has(resource.vpc))
    return verdict('owned', `${tag} in our ${resource.vpc}`);
  return namesake === undefined
    ? verdict('owned', tag)
    : verdict('unknown', `${tag}, but ${namesake} carries the same id`);
}

/** A name alone proves nothing: the tags must agree, and the facts must not tell of another thing. */
export function judgeNamed(recorded: Recorded, { ours }: Marks, { evidence, namesake }: Estate): Verdict {
  const { proof, byName, namesake: later } = recorded;
  if (proof !== undefined) return verdict('owned', proof);
  const tag = ours[0] === undefined ? undefined : `tag ${ours[0]}`;
  // A second life of our own (a rebuild that was cut before it recorded) is told from a stranger by state and tags together.
  if (byName !== undefined && tag !== undefined) return verdict('owned', `${byName}, ${tag}`);
  if (later !== undefined) return verdict('foreign', later);
  if (byName !== undefined)
    return evidence.bringYourOwn
      ? verdict('owned', byName)
      : verdict('unknown', `${byName}, but by name only: it lacks our tags`);
  if (tag === undefined) return verdict('unknown', 'no mark of ours, and nothing recorded it: a name proves nothing');
  return namesake === undefined
    ? verdict('owned', tag)
    : verdict('unknown', `${tag}, but ${namesake} carries the same id`);
}

/** A PersistentVolume of our cluster is a better proof than a tag, which a cluster of the same name has too. */
export function judgeVolume(volume: CloudResource, marks: Marks, estate: Estate): Verdict {
  const { evidence, holders, verdicts } = estate;
  const known = evidence.volumes.get(volume.id);
  const driver = isFromDriver(volume);
  if (known !== undefined && driver) return verdict('owned', `volume of ${known.origin}`);
  const holder = (holders.get(keyOf(volume)) ?? []).find((one) => verdicts.get(keyOf(one))?.class === 'owned');
  if (driver && holder !== undefined)
    return verdict('owned', `made by the volume driver, attached to our ${holder.id}`);
  if (marks.ours.length > 0) return judgeTagged(volume, marks, estate);
  if (known !== undefined) return verdict('unknown', `${known.origin} uses it, but the volume driver did not make it`);
  if (driver) return verdict('unknown', 'made by a volume driver, and nothing tells of which cluster');
  return verdict(
    'unknown',
    holder === undefined
      ? 'no mark of ours, and nothing recorded it'
      : `attached to our ${holder.id}, but without any mark`,
  );
}

/** Somebody else's thing that works with it right now. */
export function strangerWith(resource: CloudResource, { holders, verdicts }: Estate): string | undefined {
  const stranger = (holders.get(keyOf(resource)) ?? []).find((holder) => {
    const found = verdicts.get(keyOf(holder))?.class;
    return holder.phase === 'live' && found !== 'owned' && found !== 'data';
  });
  return stranger === undefined
    ? undefined
    : `${stranger.kind.replaceAll('-', ' ')} ${stranger.id}, which is not proven ours`;
}
