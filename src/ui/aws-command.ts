import { thingText } from './kind-text.ts';

interface Thing {
  readonly kind: string;
  readonly id: string;
  readonly name: string;
}

/** Kinds that one command with a short id removes; an ARN would have to be broken on a screen of 80 columns, and then cannot be pasted. */
const commands: Readonly<Record<string, (id: string) => string>> = {
  instance: (id) => `aws ec2 terminate-instances --instance-ids ${id}`,
  'network-interface': (id) => `aws ec2 delete-network-interface --network-interface-id ${id}`,
  volume: (id) => `aws ec2 delete-volume --volume-id ${id}`,
  snapshot: (id) => `aws ec2 delete-snapshot --snapshot-id ${id}`,
  address: (id) => `aws ec2 release-address --allocation-id ${id}`,
  'security-group': (id) => `aws ec2 delete-security-group --group-id ${id}`,
};

/** What a person does to remove one thing by hand, after looking at it: a command to paste, or words. */
export function byHand(thing: Thing, region: string): string {
  const { kind, id } = thing;
  const command = commands[kind]?.(id);
  // An id becomes words of a shell: only one that AWS itself made is offered.
  if (command !== undefined && /^[a-z]+-[0-9a-z]+$/.test(id)) return `${command} --region\u00A0${region}`;
  return kind === 'bucket'
    ? `empty ${thingText(thing)}, with all versions, and delete it`
    : `delete ${thingText(thing)} in the console of AWS`;
}
