import { minutes } from '../durations.ts';

/**
 * How a step behaves whose work is one playbook: whole plays converge, so it may run again; a play that is cut off leaves
 * half a package or half a kubeadm behind, so it may finish; silence ends it early; and one further try answers what only
 * happened to fail on one machine.
 */
export const playbookRules = (
  limits: { readonly timeout: number; readonly silence: number } = { timeout: 10, silence: 6 },
) =>
  ({
    repeat: 'safe',
    onCancel: 'drain',
    timeout: minutes(limits.timeout),
    noProgressFor: minutes(limits.silence),
    retry: { attempts: 2, firstDelay: 5000, maxDelay: 5000 },
  }) as const;
