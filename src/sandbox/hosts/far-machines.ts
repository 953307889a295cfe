/** What the local AWS says of machines and of who may reach them; the shape of `GET /_sandbox/machines`. */
export interface FarMachines {
  readonly instances: readonly FarInstance[];
  readonly groups: readonly FarGroup[];
}

export interface FarInstance {
  readonly id: string;
  readonly state: 'pending' | 'running' | 'shutting-down' | 'stopping' | 'stopped' | 'terminated';
  readonly image: string;
  readonly type: string;
  readonly zone: string;
  readonly region: string;
  readonly account: string;
  readonly privateAddress: string;
  /** '' while there is none. */
  readonly publicAddress: string;
  readonly subnet: { readonly id: string; readonly cidr: string };
  readonly vpc: { readonly id: string; readonly cidr: string };
  readonly groups: readonly string[];
  /** Public half of the key pair, as OpenSSH writes it; '' without one. */
  readonly key: string;
  readonly keyName: string;
  readonly userData: string;
  readonly sourceDestinationCheck: boolean;
  readonly metadata: { readonly tokens: 'required' | 'optional'; readonly hops: number };
  /** How many reboots were asked for since it exists. */
  readonly reboots: number;
  readonly profile: string;
}

export interface FarGroup {
  readonly id: string;
  readonly vpc: string;
  readonly ingress: readonly FarRule[];
  readonly egress: readonly FarRule[];
}

export interface FarRule {
  /** `tcp`, `udp`, `icmp`, a number, or `-1` for all. */
  readonly protocol: string;
  /** Ports, or type and code of ICMP; null for all. */
  readonly from: number | null;
  readonly to: number | null;
  readonly ranges: readonly string[];
  readonly groups: readonly string[];
}

/** Everything about machines in one request, without an entry in the journal of calls. */
export async function readFarMachines(endpoint: string): Promise<FarMachines> {
  const response = await fetch(`${endpoint}/_sandbox/machines`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`the local AWS answers ${response.status} when asked for its machines`);
  return (await response.json()) as FarMachines;
}

/** The guest has switched itself off: EC2 sees that, and acts as the instance was told to. */
export const tellPowerOff = (endpoint: string, instance: string): Promise<void> =>
  tell(endpoint, 'power-off', { instance });

/** What the machine has printed so far; GetConsoleOutput gives it. */
export const tellConsole = (endpoint: string, instance: string, text: string): Promise<void> =>
  tell(endpoint, 'console', { instance, text });

async function tell(endpoint: string, path: string, body: object): Promise<void> {
  const response = await fetch(`${endpoint}/_sandbox/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the local AWS answers ${response.status} to ${path}`);
}
