import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { PlatformError } from '../../errors.ts';
import { filesBelow, readBytes } from '../../tools/folders.ts';

/** One program and how Go makes it. */
export interface ProgramDescription {
  readonly name: string;
  /** Import path, or a folder of the module `sandbox/supply` that begins with "./". */
  readonly package: string;
  /** Values of string variables, for the linker: mostly the version that the program tells. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Folder below `sandbox/supply` with a Go module of its own, for what does not go together with the others. */
  readonly module?: string;
  /** Name of the patch that its module needs before it can be built without cgo. */
  readonly patch?: string;
}

/** A module that is built from a copy in which some files are replaced. */
export interface PatchDescription {
  readonly module: string;
  /** Content by path in the module; a file that the module does not have is left out. */
  readonly files: Readonly<Record<string, string>>;
}

/** What a layer holds. Paths are relative to the root of the image. */
export interface LayerDescription {
  readonly folders?: readonly string[];
  readonly texts?: Readonly<Record<string, string>>;
  readonly links?: Readonly<Record<string, string>>;
  /** Name of the program by path. */
  readonly programs?: Readonly<Record<string, string>>;
}

export interface ImageDescription {
  /** With registry and tag. */
  readonly reference: string;
  /** Lowest first; "debian" is the one that is made of packages. */
  readonly layers: readonly string[];
  readonly entrypoint: readonly string[];
  readonly user?: string;
}

/** A manifest that a module holds, as its project publishes it. */
export interface ManifestDescription {
  readonly module: string;
  /** Path in the module. */
  readonly file: string;
  /** Where it is published, without `https://`. */
  readonly path: string;
}

/** What sandbox/supply/supply.json says, what the other files there hold, and the keys that follow from them. */
export interface SupplyDescription {
  readonly kubernetes: string;
  /** Revision of the packages, after the version: "1.1". */
  readonly revision: string;
  /** Versions of the packages that are not Kubernetes' own. */
  readonly packages: Readonly<Record<string, string>>;
  readonly programs: readonly ProgramDescription[];
  readonly patches: Readonly<Record<string, PatchDescription>>;
  readonly manifests: readonly ManifestDescription[];
  /** Debian packages of which the layer "debian" is made. */
  readonly debian: readonly string[];
  readonly layers: Readonly<Record<string, LayerDescription>>;
  readonly images: readonly ImageDescription[];
  /** Units and scripts of the package kubelet, by file name. */
  readonly kubelet: Readonly<Record<string, string>>;
  /** What the Go tool gets beside the arguments of each program. */
  readonly build: { readonly environment: Readonly<Record<string, string>>; readonly arguments: readonly string[] };
  /** As Debian and the image specification name it: amd64, arm64. */
  readonly architecture: string;
  /** Folder of the Go module. */
  readonly source: string;
  /** Name of the finished folder: changes with everything that shapes it. */
  readonly key: string;
  /** Name of the folder of one program. */
  keyOf(program: ProgramDescription): string;
}

/** Raised when what is written changes while sandbox/supply does not: archives, lists, manifests. */
const form = 1;
/** Read when it is served, so that a new entry builds nothing. */
const served = 'stand-ins.json';

/** Reads sandbox/supply of the program; SANDBOX_FAILED for a Kubernetes version that it cannot make. */
export async function describeSupply(
  program: string,
  kubernetes: string,
  architecture: string,
): Promise<SupplyDescription> {
  const source = join(program, 'sandbox', 'supply');
  const files = new Map<string, string>();
  for (const path of await filesBelow(source)) if (path !== served) files.set(path, await textOf(join(source, path)));
  const description = JSON.parse(files.get('supply.json') ?? '{}') as Partial<SupplyDescription>;
  if (description.kubernetes !== kubernetes) {
    throw new PlatformError('SANDBOX_FAILED', {
      message: `sandbox machines can be given Kubernetes ${description.kubernetes}, not ${kubernetes}`,
      next: [
        'leave versions.kubernetes of platform.yaml as it is shipped',
        'use simulated machines: sandbox.machines: simulated',
      ],
    });
  }
  // The same arguments as the control-plane binary, and so the same entries of Go's cache.
  const buildText = await textOf(join(program, 'sandbox', 'control-plane', 'build.json'));
  const build = JSON.parse(buildText) as SupplyDescription['build'];
  const machine = names[architecture] ?? architecture;
  const module = ['go.mod', 'go.sum'].map((name) => files.get(name) ?? '');
  const kubelet = Object.fromEntries(below(files, 'kubelet'));
  return {
    ...(description as SupplyDescription),
    kubelet,
    build,
    architecture: machine,
    source,
    key: `${kubernetes}-${digestOf([String(form), machine, buildText, ...[...files].flat()])}`,
    keyOf: (program) => {
      const folder = program.module ?? (program.package.startsWith('./') ? program.package.slice(2) : undefined);
      const own = folder === undefined ? [] : below(files, folder).flat();
      const patch = program.patch === undefined ? undefined : description.patches?.[program.patch];
      return `${program.name}-${digestOf([machine, buildText, ...module, JSON.stringify([program, patch ?? null]), ...own])}`;
    },
  };
}

const names: Readonly<Record<string, string>> = { x64: 'amd64' };

const textOf = async (path: string): Promise<string> => (await readBytes(path)).toString('utf8');

const below = (files: ReadonlyMap<string, string>, folder: string): readonly (readonly [string, string])[] =>
  [...files].flatMap(([path, text]) =>
    path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), text] as const] : [],
  );

function digestOf(parts: readonly string[]): string {
  const hash = createHash('sha256');
  // With its length, so that no text can pass for the end of one and the beginning of another.
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex').slice(0, 12);
}
