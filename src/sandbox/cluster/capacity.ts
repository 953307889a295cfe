const gibibyte = 1024 ** 3;

/** Memory in GiB of the sizes of EC2's t3 family, which others follow closely enough for a simulated scheduler. */
const memoryOfSize: Readonly<Record<string, number>> = { nano: 0.5, micro: 1, small: 2, medium: 4, large: 8 };

/** Processors, memory and disk that a simulated machine of an EC2 type reports. */
export function capacityOf(type: string): {
  readonly processors: number;
  readonly memory: number;
  readonly disk: number;
} {
  const size = type.split('.')[1] ?? '';
  const times = size === 'xlarge' ? 1 : Number(/^(\d+)xlarge$/.exec(size)?.[1] ?? 0);
  const processors = times > 0 ? 4 * times : 2;
  const memory = times > 0 ? 16 * times : (memoryOfSize[size] ?? 8);
  return { processors, memory: memory * gibibyte, disk: 80 * gibibyte };
}
