/** A command as plain data: what shell completion and docs/commands.md are made of. */
export interface CommandDescription {
  readonly name: string;
  readonly summary: string;
  /** As it is typed: `logs [options] [step]`. */
  readonly usage: string;
  /** '' where the command only holds others. */
  readonly example: string;
  readonly options: readonly { readonly flags: string; readonly long: string; readonly summary: string }[];
  readonly commands: readonly CommandDescription[];
}
