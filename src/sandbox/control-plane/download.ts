import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { AcquireRequest, AcquireWorld, Attempt } from './acquire-types.ts';
import type { BuildDescription } from './description.ts';
import { programsIn } from './description.ts';
import { programs } from './programs.ts';
import type { Program } from './programs.ts';
import { fileInTar } from './tar.ts';
import { makeUnfinished } from './unfinished.ts';

/** A closed network must cost seconds: this long may the answer to a checksum, a few bytes, take, in milliseconds. */
const checksumWithin = 5_000;
const programWithin = 300_000;

/** The part of GitHub's answer about a release that is read here. */
interface GithubRelease {
  readonly assets?: readonly { readonly name?: string; readonly digest?: string | null }[];
}

/** One file of a release: where it is, where its SHA-256 is published, and how the program comes out of it. */
interface ReleaseFile {
  readonly url: string;
  readonly checksumUrl: string;
  /** The SHA-256 in what the checksum address answers, as hex; undefined when it is not there. */
  checksum(published: string): string | undefined;
  program(content: Buffer): Buffer | undefined;
}

/** Downloads the five programs into the cache; nothing is kept that does not match its published SHA-256. */
export async function downloadPrograms(
  world: AcquireWorld,
  request: AcquireRequest,
  description: BuildDescription,
): Promise<Attempt> {
  if (request.noDownload !== undefined) return { closed: `not asked, because ${request.noDownload}` };
  const architecture = { x64: 'amd64', arm64: 'arm64' }[request.architecture];
  if (request.platform !== 'linux' || architecture === undefined) {
    return { closed: `there are none for ${request.platform} on ${request.architecture}` };
  }
  const target = join(request.cache, description.key);
  const folder = await makeUnfinished(world, request);
  try {
    const files = releaseFiles(request, description, architecture);
    // Every checksum first: a network that is closed is noticed before a program has been read.
    const checksums = await Promise.all(programs.map((name) => publishedChecksum(world, request, files[name])));
    await Promise.all(
      programs.map(async (name, index) => {
        const content = await get(world, request, files[name].url, programWithin);
        const actual = createHash('sha256').update(content).digest('hex');
        if (actual !== checksums[index])
          throw new Error(`${files[name].url} has SHA-256 ${actual}, published is ${checksums[index]}`);
        const program = files[name].program(content);
        if (program === undefined) throw new Error(`${files[name].url} does not hold ${name}`);
        await world.files.writeProgram(join(folder, name), program);
        request.note(`control plane: ${name} downloaded and checked`);
      }),
    );
    await world.files.publish(folder, target);
  } catch (error) {
    request.signal.throwIfAborted();
    return { closed: reason(error) };
  } finally {
    await world.files.remove(folder);
  }
  const found = await programsIn(world.files, target);
  if ('missing' in found) return { closed: `the download left out ${found.missing.join(', ')}` };
  return {
    programs: found.programs,
    because: `downloaded Kubernetes ${description.kubernetes}, etcd ${description.etcd}, kwok ${description.kwok}`,
  };
}

function releaseFiles(
  request: AcquireRequest,
  versions: BuildDescription,
  architecture: string,
): Readonly<Record<Program, ReleaseFile>> {
  const { sites } = request;
  const kubernetes = (name: string): ReleaseFile => {
    const url = `${sites.kubernetes}/v${versions.kubernetes}/bin/linux/${architecture}/${name}`;
    return {
      url,
      checksumUrl: `${url}.sha256`,
      checksum: (published) => published.trim(),
      program: (content) => content,
    };
  };
  const etcd = `etcd-v${versions.etcd}-linux-${architecture}`;
  const kwok = `kwok-linux-${architecture}`;
  return {
    'kube-apiserver': kubernetes('kube-apiserver'),
    'kube-controller-manager': kubernetes('kube-controller-manager'),
    'kube-scheduler': kubernetes('kube-scheduler'),
    etcd: {
      url: `${sites.etcd}/v${versions.etcd}/${etcd}.tar.gz`,
      checksumUrl: `${sites.etcd}/v${versions.etcd}/SHA256SUMS`,
      checksum: (published) =>
        published
          .split('\n')
          .find((line) => line.endsWith(` ${etcd}.tar.gz`))
          ?.split(' ')[0],
      program: (content) => fileInTar(gunzipSync(content), `${etcd}/etcd`),
    },
    kwok: {
      url: `${sites.kwok}/v${versions.kwok}/${kwok}`,
      checksumUrl: `${sites.kwokDigests}/v${versions.kwok}`,
      checksum: (published) =>
        (JSON.parse(published) as GithubRelease).assets
          ?.find((asset) => asset.name === kwok)
          ?.digest?.replace(/^sha256:/, ''),
      program: (content) => content,
    },
  };
}

async function publishedChecksum(world: AcquireWorld, request: AcquireRequest, file: ReleaseFile): Promise<string> {
  const published = await get(world, request, file.checksumUrl, checksumWithin);
  const checksum = file.checksum(published.toString('utf8'));
  if (checksum === undefined || !/^[0-9a-f]{64}$/.test(checksum))
    throw new Error(`${file.checksumUrl} publishes no SHA-256 of ${file.url}`);
  return checksum;
}

async function get(world: AcquireWorld, request: AcquireRequest, url: string, within: number): Promise<Buffer> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(within)]);
  const answer = await world.fetch(url, { signal, headers: { 'user-agent': 'platform-sandbox' } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** fetch hides the cause ("fetch failed") one level down. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
