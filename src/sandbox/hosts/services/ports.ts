/** What the servers in the router's namespace are told. */
export interface ServicesSettings {
  /** Address that stands for the internet. */
  readonly service: string;
  /** Flat apt repository of Debian's packages. */
  readonly packages: string;
  /** Sockets behind which servers of this machine are: port at the service address, and path. */
  readonly relays: readonly { readonly port: number; readonly socket: string }[];
}

/** Ports of the sandbox's own servers at the service address. */
export const ports = { supply: 8080, debian: 8081, mirror: 8082, aws: 4566 } as const;
