import type { HostImage } from './hosts/image.ts';
import type { RecordedProcess } from './state.ts';
import type { ProgramPaths } from './control-plane/programs.ts';

/** What the supervisor is told by the command that starts it: everything it must know of the configuration and the machine. */
export interface SandboxSettings {
  readonly folder: string;
  /** Folder of the installed program; `sandbox/` and `ansible/` are below it. */
  readonly program: string;
  readonly node: string;
  readonly platform: string;
  readonly region: string;
  /** Hosted zones that exist from the start. */
  readonly zones: readonly string[];
  /** Seconds that a simulated state change takes. */
  readonly delay: number;
  readonly controlPlane: ProgramPaths;
  readonly network: { readonly pods: string; readonly services: string };
  readonly kubernetes: string;
  readonly tools: {
    readonly python: string;
    /** The real one; the shim lets it run what it generates. */
    readonly ansiblePlaybook: string;
    readonly helm: string;
    readonly kubectl: string;
  };
  readonly terraformConfiguration?: string;
  /** With `machines: hosts`: the image that they boot from, who logs in, who is let in. */
  readonly hosts?: {
    readonly image: HostImage;
    readonly user: string;
    readonly allow: readonly string[];
    /** The folder of caches where packages and images for hosts were made; absent: none are served. */
    readonly caches?: string;
    /** The folder of real manifests that go with those images. */
    readonly manifests?: string;
  };
  /** From PLATFORM_SANDBOX_OWNER: the sandbox ends with this process, so that a killed test leaves nothing running. */
  readonly owner?: RecordedProcess;
  /** PATH, HOME and what else programs may inherit. */
  readonly environment: Readonly<Record<string, string>>;
}
