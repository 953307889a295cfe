import type { Json } from '../../engine/types.ts';

/**
 * One line of `terraform … -json`, in the parts that we read. Source: Terraform's "machine-readable UI" (types version,
 * planned_change, resource_drift, change_summary, apply_*, outputs, diagnostic, log), checked with 1.11.4.
 */
export interface Message {
  readonly type: string;
  readonly '@message'?: string;
  readonly change?: {
    readonly resource: { readonly addr: string; readonly resource_type: string };
    readonly action: string;
    readonly reason?: string;
  };
  readonly changes?: {
    readonly add: number;
    readonly change: number;
    readonly import?: number;
    readonly remove: number;
    readonly operation: string;
  };
  readonly hook?: {
    readonly resource: { readonly addr: string };
    readonly action?: string;
    readonly elapsed_seconds?: number;
  };
  readonly outputs?: Readonly<Record<string, { readonly action?: string; readonly value?: Json }>>;
  readonly diagnostic?: Diagnostic;
}

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly range?: { readonly filename: string; readonly start: { readonly line: number; readonly column: number } };
}

/** Reads one line; undefined when it is not a message (a provider that writes to stdout). */
export function readMessage(line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value ? (value as Message) : undefined;
  } catch {
    return undefined;
  }
}

export function readMessages(lines: readonly string[]): readonly Message[] {
  return lines.flatMap((line) => readMessage(line) ?? []);
}

export function errorsOf(messages: readonly Message[]): readonly Diagnostic[] {
  return messages.flatMap(({ diagnostic }) => (diagnostic?.severity === 'error' ? [diagnostic] : []));
}
