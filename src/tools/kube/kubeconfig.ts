import { createHash, X509Certificate } from 'node:crypto';
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import { PlatformError } from '../../errors.ts';

/** Everything that a request needs to reach and convince one API server. */
export interface Connection {
  readonly server: URL;
  /** SHA-256 of the certificate authority (DER), hex; '' where the kubeconfig has none. */
  readonly authority: string;
  /** TLS options of the connection; certificates and keys are PEM. */
  readonly tls: {
    readonly ca?: string | Buffer;
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized: boolean;
  };
  /** Authorization and impersonation headers. May run a credential plugin: ask seldom. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

/**
 * Reads one kubeconfig file, never the user's default one. CONFIG_INVALID when it is missing, has no current context or
 * names a cluster that it does not have.
 *
 * The package is only used to read the file and to make credentials: its object models silently drop fields that they
 * do not know, so no object may pass through it. It takes about half a second to import, hence lazily.
 */
export async function readKubeconfig(path: string): Promise<Connection> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (cause) {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw invalid(path, 'its current context names no cluster');
  if (!URL.canParse(cluster.server) || new URL(cluster.server).protocol !== 'https:')
    throw invalid(path, `its server is no https URL: ${cluster.server}`);
  if (cluster.proxyUrl !== undefined) throw invalid(path, 'it asks for a proxy (proxy-url), which is not supported');
  return connection(path, config, cluster);
}

async function connection(path: string, config: KubeConfig, cluster: Cluster): Promise<Connection> {
  const options = await httpsOptions(path, config);
  return {
    server: new URL(cluster.server),
    authority: options.ca === undefined ? '' : fingerprint(path, options.ca),
    tls: {
      ...(options.ca !== undefined && { ca: options.ca }),
      ...(options.cert !== undefined && { cert: options.cert }),
      ...(options.key !== undefined && { key: options.key }),
      ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
      rejectUnauthorized: !cluster.skipTLSVerify,
    },
    headers: async () => headersOf(await httpsOptions(path, config)),
  };
}

interface Options {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  auth?: string;
  headers?: Record<string, string>;
}

async function httpsOptions(path: string, config: KubeConfig): Promise<Options> {
  const options: Options = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (cause) {
    throw invalid(
      path,
      `its credentials cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  return options;
}

function headersOf(options: Options): Readonly<Record<string, string>> {
  const basic =
    options.auth === undefined ? {} : { Authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` };
  return { ...basic, ...options.headers };
}

function fingerprint(path: string, authority: Buffer): string {
  try {
    return createHash('sha256').update(new X509Certificate(authority).raw).digest('hex');
  } catch (cause) {
    throw invalid(path, 'its certificate authority is not a certificate', cause);
  }
}

function invalid(path: string, because: string, cause?: unknown): PlatformError {
  return new PlatformError('CONFIG_INVALID', {
    message: `the kubeconfig ${path} cannot be used: ${because}`,
    next: ['delete the file and run platform up again: the step control-plane fetches it anew'],
    facts: { file: path },
    cause,
  });
}
