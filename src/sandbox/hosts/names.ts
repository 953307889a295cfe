import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

/** Names of everything that the hosts of one sandbox consist of in the kernel; made from its folder, so that they are known without any record. */
export interface HostNames {
  readonly key: string;
  /** Network namespace that stands for the VPC's router, its gateway and its services. */
  readonly router: string;
  /** Link of this machine to the router. */
  readonly link: string;
  namespaceOf(instance: string): string;
  /** Link of a host in the router's namespace. */
  linkOf(instance: string): string;
  /** cgroup below each hierarchy. */
  groupOf(instance: string): string;
}

/** Names that `sandbox/hosts/erase.sh` finds again. */
export function namesOf(folder: string): HostNames {
  const key = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 8);
  return {
    key,
    router: `platform-${key}-router`,
    link: `pf-${key}`,
    namespaceOf: (instance) => `platform-${key}-${checked(instance)}`,
    linkOf: (instance) => `h${digitsOf(instance)}`,
    groupOf: (instance) => `platform-${key}/${checked(instance)}`,
  };
}

/** A locally administered address that belongs to the instance for life: a new one would leave stale neighbours behind. */
export const macOf = (instance: string): string =>
  ['02', ...(digitsOf(instance).match(/../g) ?? [])].join(':').toLowerCase();

/** EC2's system id begins with `ec2` (Amazon EC2 user guide, "Identify EC2 instances"). */
export function systemIdOf(instance: string): string {
  const text = createHash('sha256').update(instance).digest('hex');
  return `ec2${text.slice(0, 5)}-${text.slice(5, 9)}-${text.slice(9, 13)}-${text.slice(13, 17)}-${text.slice(17, 29)}`;
}

export const machineIdOf = (instance: string): string =>
  createHash('sha256').update(`machine ${instance}`).digest('hex').slice(0, 32);

/** The last ten digits: a link's name has 15 characters at most. */
const digitsOf = (instance: string): string => checked(instance).slice(-10);

/** Only what AWS gives: the id becomes part of paths and of names. */
function checked(instance: string): string {
  if (!/^i-[0-9a-f]{17}$/.test(instance)) throw new Error(`${instance} is no instance id`);
  return instance;
}
