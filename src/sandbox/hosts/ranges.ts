/** Addresses that each VPC has by nature: instance metadata and its name server. */
export const metadataAddress = '169.254.169.254';
export const nameServerAddress = '169.254.169.253';

/** A part of 203.0.113.0/24 (RFC 5737, documentation): what one sandbox has of the internet. */
export interface PublicRange {
  readonly slot: number;
  readonly cidr: string;
  /** This machine's own end of the link. */
  readonly client: string;
  /** The router's end. */
  readonly gateway: string;
  /** Where hosts find what stands for the internet: packages, images, the local AWS. */
  readonly service: string;
  /** Last bytes of the addresses that the local AWS may give. */
  readonly instances: readonly [first: number, last: number];
}

const size = 32;

/** Eight sandboxes fit beside each other on one machine. */
export const publicRanges: readonly PublicRange[] = Array.from({ length: 256 / size }, (_, slot) => {
  const base = slot * size;
  const address = (offset: number): string => `203.0.113.${base + offset}`;
  return {
    slot,
    cidr: `${address(0)}/27`,
    client: address(1),
    gateway: address(2),
    service: address(3),
    instances: [base + 4, base + size - 2],
  };
});

/** An IPv4 address as a number. */
export const numberOf = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

const addressOf = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');

export interface Network {
  readonly base: string;
  readonly prefix: number;
}

/** Reads `10.0.0.0/16`; a single address is a network of one. */
export function networkOf(cidr: string): Network {
  const [address = '', length = '32'] = cidr.split('/');
  const prefix = Number(length);
  const block = 2 ** (32 - prefix);
  return { base: addressOf(Math.floor(numberOf(address) / block) * block), prefix };
}

export function contains(cidr: string, address: string): boolean {
  const { base, prefix } = networkOf(cidr);
  return networkOf(`${address}/${prefix}`).base === base;
}

/** The address so many places behind the first of a network: 1 is a subnet's gateway, 2 a VPC's name server. */
export const placeIn = (cidr: string, place: number): string => addressOf(numberOf(networkOf(cidr).base) + place);
