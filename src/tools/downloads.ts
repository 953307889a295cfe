import { createHash } from 'node:crypto';
import { parseAllDocuments } from 'yaml';
import { PlatformError } from '../errors.ts';
import type { Downloads, KubernetesObject, WritableTextFiles } from './ports.ts';

export interface DownloadOptions {
  readonly files: WritableTextFiles;
  /** Kept by checksum: the same bytes are never fetched twice. */
  readonly folder: string;
  /** URL prefix that takes the place of `https://`, for sites without internet. */
  readonly mirror?: string;
}

const deadline = 30_000;

/** Pinned files. A checksum that differs is permanent: the file was changed under its address. */
export function createDownloads({ files, folder, mirror }: DownloadOptions): Downloads {
  const text = async (pin: { url: string; sha256: string }, signal: AbortSignal): Promise<string> => {
    const path = `${folder}/${pin.sha256}`;
    const kept = await files.read(path);
    if (kept !== undefined && sha256(kept) === pin.sha256) return kept;
    const url = mirror === undefined ? pin.url : `${mirror.replace(/\/$/, '')}/${pin.url.replace(/^https?:\/\//, '')}`;
    const found = await fetchText(url, signal);
    if (sha256(found) !== pin.sha256) {
      throw new PlatformError('CONTRACT_BROKEN', {
        message: `${url} has the checksum ${sha256(found)}, versions.yaml pins ${pin.sha256}`,
        next: ['find out why the file changed; if the change is wanted, pin the new checksum'],
        facts: { url },
      });
    }
    await files.write(path, found);
    return found;
  };
  return {
    objects: async (pins, signal) => {
      // All of them, also when one fails: which failure is told must not depend on which connection was refused first.
      const texts = await Promise.allSettled(pins.map((pin) => text(pin, signal)));
      return texts.flatMap((one) => {
        if (one.status === 'rejected') throw one.reason;
        return parseAllDocuments(one.value, { merge: true })
          .map((document) => document.toJS() as KubernetesObject | null)
          .filter((object) => object !== null);
      });
    },
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function fetchText(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(deadline)]) });
    if (response.ok) return await response.text();
    throw new PlatformError('UNREACHABLE', {
      message: `${url} answers ${response.status}`,
      class: response.status >= 500 || response.status === 429 ? 'transient' : 'permanent',
      next: response.status === 404 ? ['check the pin in versions.yaml, and mirrors.manifests'] : [],
      facts: { url, status: response.status },
    });
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    signal.throwIfAborted();
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new PlatformError('UNREACHABLE', {
      message: `${url} cannot be fetched: ${reason}`,
      class: 'transient',
      next: ['without internet, set mirrors.manifests'],
      cause: error,
    });
  }
}
