import type { AwsCall } from '../helpers/aws-server.ts';
import { startLocalAws } from '../helpers/local-aws.ts';

export interface WireServer {
  readonly endpoint: string;
  control(method: 'GET' | 'POST' | 'DELETE', path: string, value?: unknown): Promise<string>;
  /** Moves the held clock on by one change that takes time. */
  pass(): Promise<void>;
  /** Calls since that number. */
  calls(since: number): Promise<readonly AwsCall[]>;
  stop(): Promise<void>;
}

export const wireRegion = 'ap-northeast-2';
const delay = 3;

/** A local AWS server whose clock is held, with quotas that leave room for many accounts' worth of things. */
export async function startWireServer(): Promise<WireServer> {
  const quotas = { 'L-1216C47A': 4000, 'L-0263D0A3': 400, 'L-F678F1CE': 400 };
  const aws = await startLocalAws({ delay, seed: { region: wireRegion, quotas } });
  const control: WireServer['control'] = async (method, path, value) => {
    const body = value === undefined ? {} : { body: JSON.stringify(value) };
    const answer = await fetch(`${aws.endpoint}/_sandbox/${path}`, { method, ...body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return text;
  };
  await control('POST', 'clock', { hold: true });
  return {
    endpoint: aws.endpoint,
    control,
    pass: async () => {
      await control('POST', 'clock', { advance: delay + 0.1 });
    },
    calls: (since) => aws.calls(since),
    stop: () => aws.close(),
  };
}
