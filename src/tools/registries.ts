import type { ImageAnswer, Registries } from './ports-registries.ts';
import { type ImageReference, imageReference, manifestUrl } from './image-reference.ts';
import { ask, type Answer, Unreachable } from './registry-request.ts';

export interface RegistriesOptions {
  /** Registry as in an image reference -> URL that is asked instead. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** Milliseconds; 3 s until a connection is there, 30 s for everything. */
  readonly connectWithin?: number;
  readonly within?: number;
}

/** Questions at a time. */
const sideBySide = 8;

/** A manifest in any of its formats; without them a registry may answer 404 for what is there. */
const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Asks registries by HEAD, with the anonymous token that they give to everybody. One that cannot be reached is asked once. */
export function createRegistries({ mirrors, connectWithin = 3_000, within = 30_000 }: RegistriesOptions): Registries {
  return {
    async lookUp(images, signal) {
      const deadline = AbortSignal.timeout(within);
      const scope = { connectWithin, signal: AbortSignal.any([signal, deadline]) };
      const tokens = new Map<string, Promise<string | undefined>>();
      const dead = new Map<string, string>();
      const answers: ImageAnswer[] = [];
      const rest = [...images.entries()];
      const work = async (): Promise<void> => {
        for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
          const [index, image] = next;
          answers[index] = await lookUpOne(image);
          signal.throwIfAborted();
        }
      };
      const lookUpOne = async (image: string): Promise<ImageAnswer> => {
        const reference = imageReference(image);
        if (reference === undefined)
          return { image, registry: '', is: 'missing', because: 'that is no reference of an image' };
        const url = manifestUrl(reference, mirrors);
        const registry = url.host;
        const known = dead.get(registry);
        if (known !== undefined) return { image, registry, is: 'unknown', because: known, unreachable: true };
        try {
          return { image, registry, ...judge(await manifest(url, reference), reference) };
        } catch (error) {
          const because = deadline.aborted ? `no answer within ${within / 1000} s` : reasonOf(error);
          const unreachable = error instanceof Unreachable && !deadline.aborted;
          if (unreachable) dead.set(registry, because);
          return { image, registry, is: 'unknown', because, unreachable };
        }
      };
      const manifest = async (url: URL, reference: ImageReference): Promise<Answer> => {
        const head = (token?: string): Promise<Answer> =>
          ask(url, 'HEAD', { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }, scope);
        const first = await head();
        const challenge = first.status === 401 ? challengeIn(first.headers['www-authenticate'], reference) : undefined;
        const answer = challenge === undefined ? first : await head(await tokenFor(challenge));
        // Not every proxy of a registry knows HEAD.
        return answer.status === 405 && challenge === undefined ? ask(url, 'GET', { accept }, scope) : answer;
      };
      const tokenFor = (challenge: URL): Promise<string | undefined> => {
        const token = tokens.get(challenge.href) ?? fetchToken(challenge, scope);
        tokens.set(challenge.href, token);
        return token;
      };
      await Promise.all(Array.from({ length: Math.min(sideBySide, images.length) }, work));
      return answers;
    },
  };
}

type Verdict =
  | { readonly is: 'found' }
  | { readonly is: 'missing' | 'refused'; readonly because: string }
  | { readonly is: 'unknown'; readonly because: string; readonly unreachable: false };

function judge({ status }: Answer, { repository, reference }: ImageReference): Verdict {
  if (status >= 200 && status < 300) return { is: 'found' };
  if (status === 404) return { is: 'missing', because: `it has no ${repository} with ${reference}` };
  if (status === 401 || status === 403) return { is: 'refused', because: `it refuses an anonymous pull (${status})` };
  const because = status === 429 ? 'it was asked too often (429)' : `it answers ${status}`;
  return { is: 'unknown', because, unreachable: false };
}

/** Where the token is to be had (distribution spec, "Bearer" challenge); undefined when the registry wants something else. */
function challengeIn(header: string | undefined, { repository }: ImageReference): URL | undefined {
  if (header === undefined || !/^bearer\s/i.test(header)) return undefined;
  const parts = Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const { realm = '', service, scope = `repository:${repository}:pull` } = parts as Record<string, string | undefined>;
  if (!URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return url;
}

async function fetchToken(url: URL, scope: Parameters<typeof ask>[3]): Promise<string | undefined> {
  const { status, body } = await ask(url, 'GET', { accept: 'application/json' }, scope);
  if (status !== 200) return undefined;
  const { token, access_token: other } = JSON.parse(body) as { token?: string; access_token?: string };
  return token ?? other;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
