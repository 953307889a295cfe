/** An image as its registry is asked for it. */
export interface ImageReference {
  /** As in the reference: the key of a mirror. */
  readonly registry: string;
  readonly repository: string;
  /** Tag, or digest where there is one. */
  readonly reference: string;
}

const hub = 'docker.io';

/**
 * Takes a reference apart as containerd does (github.com/distribution/reference): what stands before the first slash is a host
 * only when it has a dot or a port or is `localhost`; without one it is Docker's hub, whose own images are in `library`.
 * undefined when it is none.
 */
export function imageReference(image: string): ImageReference | undefined {
  const [, path = '', tag, digest] =
    /^([a-zA-Z0-9][\w./:-]*?)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9]+:[a-f0-9]{32,}))?$/.exec(image) ?? [];
  const [first = '', ...rest] = path.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasHost ? first : hub;
  const name = hasHost ? rest.join('/') : path;
  if (!/^[a-z0-9]+(?:(?:[._-]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._-]|__|-+)[a-z0-9]+)*)*$/.test(name))
    return undefined;
  const repository = registry === hub && !name.includes('/') ? `library/${name}` : name;
  return { registry, repository, reference: digest ?? tag ?? 'latest' };
}

/** Where the manifest of an image is asked for: at its mirror when there is one, else where containerd goes by itself. */
export function manifestUrl(
  { registry, repository, reference }: ImageReference,
  mirrors: Readonly<Record<string, string>>,
): URL {
  const mirror = mirrors[registry];
  const path = `/v2/${repository}/manifests/${reference}`;
  if (mirror === undefined) return new URL(`${isLocal(registry) ? 'http' : 'https'}://${hostOf(registry)}${path}`);
  const url = new URL(mirror);
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  // containerd tells a mirror whose image it wants.
  url.searchParams.set('ns', registry);
  return url;
}

/** Docker's hub answers the API under a name of its own (containerd core/remotes/docker, DefaultHost). */
const hostOf = (registry: string): string => (registry === hub ? `registry-1.${hub}` : registry);

const isLocal = (registry: string): boolean => /^(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?$/.test(registry);
