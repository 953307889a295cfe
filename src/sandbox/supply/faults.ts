import { systemClock } from '../../tools/clock.ts';

/** What a test may do to the supply. One at a time; asked at each request. */
export interface SupplyFault {
  readonly service: 'apt' | 'registry';
  /**
   * `down` closes the connection without an answer, `error` is a 500, `missing` a 404, `slow` sends at `bytesPerSecond`,
   * `corrupt` changes one byte of packages and layers, so that their checksum is wrong.
   */
  readonly is: 'down' | 'error' | 'missing' | 'slow' | 'corrupt';
  /** Only requests whose path contains it. */
  readonly path?: string;
  /** For `slow`: 65536 unless told. */
  readonly bytesPerSecond?: number;
}

/** The fault, when it is one of this request. */
export function faultOf(fault: SupplyFault | undefined, service: string, path: string): SupplyFault | undefined {
  if (fault === undefined || fault.service !== service) return undefined;
  return fault.path === undefined || path.includes(fault.path) ? fault : undefined;
}

/** Whether a checksum somewhere else vouches for the content, so that a changed byte is a wrong checksum and nothing worse. */
export const isChecked = (path: string): boolean => path.endsWith('.deb') || path.includes('/blobs/');

/** A body as the fault lets it through. */
export async function* bent(
  body: AsyncIterable<Uint8Array>,
  fault: SupplyFault | undefined,
  path: string,
): AsyncIterable<Uint8Array> {
  let first = true;
  for await (const chunk of body) {
    const sent = first && fault?.is === 'corrupt' && isChecked(path) ? changed(chunk) : chunk;
    first = false;
    if (fault?.is === 'slow') yield* slowly(sent, fault.bytesPerSecond ?? 65_536);
    else yield sent;
  }
}

function changed(chunk: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(chunk);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

/** Ten pieces a second. */
async function* slowly(chunk: Uint8Array, bytesPerSecond: number): AsyncIterable<Uint8Array> {
  const piece = Math.max(1, Math.floor(bytesPerSecond / 10));
  for (let at = 0; at < chunk.length; at += piece) {
    if (at > 0) await systemClock.sleep(100);
    yield chunk.subarray(at, at + piece);
  }
}
