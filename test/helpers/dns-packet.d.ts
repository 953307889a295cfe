/** The part of the package that tests use; it comes without types. */
declare module 'dns-packet' {
  interface Question {
    readonly type: string;
    readonly name: string;
  }
  interface Packet {
    readonly type?: 'query' | 'response';
    readonly id?: number;
    readonly flags?: number;
    readonly questions?: readonly Question[];
    readonly answers?: readonly {
      readonly type: 'A';
      readonly name: string;
      readonly ttl: number;
      readonly data: string;
    }[];
  }
  export function decode(message: Buffer): Packet;
  export function encode(packet: Packet): Buffer;
}
