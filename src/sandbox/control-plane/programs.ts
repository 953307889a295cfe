/** The five programs of a control plane, by their official names. */
export const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'] as const;
export type Program = (typeof programs)[number];

/** How each program is started: the first words of its argv. */
export type ProgramPaths = Readonly<Record<Program, readonly string[]>>;

/** A program to start; it runs until it is stopped. Nothing goes through a shell. */
export interface ProgramStart {
  readonly name: Program;
  readonly argv: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** File that stdout and stderr are appended to. */
  readonly log: string;
}

/** A program that was started. `ended` resolves, never rejects, with how it ended ("exit code 1", "SIGKILL"). */
export interface RunningProgram {
  readonly pid: number;
  readonly ended: Promise<string>;
}

/** Starts and stops the children. The supervisor owns them: it implements this, and nothing here starts a process by itself. */
export interface ProgramRunner {
  startProgram(start: ProgramStart): Promise<RunningProgram>;
  /** Sends the signal and resolves when the process has ended; one that does not end within 5 s is killed. Fine when it has ended before. */
  stopProgram(pid: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}
