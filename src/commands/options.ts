/** Options that every command takes. */
export interface CommonOptions {
  readonly env?: string;
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly color: boolean;
}

/** Options of commands that run or plan steps. */
export interface RunFlags extends CommonOptions {
  readonly parallel: number;
  readonly from?: readonly string[];
  readonly until?: readonly string[];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly again?: readonly string[];
  readonly forget?: readonly string[];
  readonly fresh?: boolean;
  readonly plan?: string;
  readonly failFast?: boolean;
  /** Minutes. */
  readonly timeout?: number;
  readonly confirm?: string;
}
