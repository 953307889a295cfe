/**
 * What the API server writes down: one line for each finished write, with user and user agent, without bodies.
 * Left out are reads, the kubelets' heartbeats, and Events, which nobody would call a change of the platform.
 */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [
    { level: 'None', verbs: ['get', 'list', 'watch'] },
    { level: 'None', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    {
      level: 'None',
      resources: [
        { group: '', resources: ['events'] },
        { group: 'events.k8s.io', resources: ['events'] },
      ],
    },
    { level: 'None', resources: [{ group: 'authentication.k8s.io' }, { group: 'authorization.k8s.io' }] },
    { level: 'Metadata' },
  ],
} as const;

/** One finished write as the audit log has it. */
export interface AuditedWrite {
  readonly verb: string;
  readonly uri: string;
  readonly user: string;
  readonly userAgent: string;
  readonly status: number;
  /** The request asked for `dryRun=All`: nothing was stored. */
  readonly dryRun: boolean;
}

interface AuditLine {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly responseStatus?: { readonly code?: number };
}

/** Reads an audit log. A last line without its end is still being written and is left out. */
export function readAudit(log: string): readonly AuditedWrite[] {
  const complete = log.slice(0, log.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const entry = JSON.parse(line) as AuditLine;
      return {
        verb: entry.verb,
        uri: entry.requestURI,
        user: entry.user.username,
        userAgent: entry.userAgent ?? '',
        status: entry.responseStatus?.code ?? 0,
        dryRun: new URL(entry.requestURI, 'https://localhost').searchParams.getAll('dryRun').includes('All'),
      };
    });
}

/** The writes of one client that changed, or tried to change, the cluster: dry-runs are none. */
export function writesBy(userAgentPrefix: string, log: string): readonly AuditedWrite[] {
  return readAudit(log).filter((write) => write.userAgent.startsWith(userAgentPrefix) && !write.dryRun);
}
