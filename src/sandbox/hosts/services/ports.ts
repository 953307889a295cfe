/** What the servers in the router's namespace are told. */
export interface ServicesSettings {
  /** Address that stands for the internet. */
  readonly service: string;
  /** Flat apt repository of Debian's packages. */
  readonly packages: string;
  /** Socket behind which the local AWS is. */
  readonly awsSocket: string;
}

/** Ports of the sandbox's own servers at the service address. */
export const ports = { supply: 8080, debian: 8081, aws: 4566 } as const;
