/**
 * Our own known_hosts file: one line `ADDRESS TYPE BASE64` for each pinned key, never hashed, so that an address can
 * be looked up and its keys replaced as a whole.
 */

/** The keys that are pinned for an address, each as `TYPE BASE64`. */
export function pinnedKeys(text: string, address: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const [host, type, key] = line.trim().split(/\s+/);
    return host === address && type !== undefined && key !== undefined ? [`${type} ${key}`] : [];
  });
}

/** The file with exactly these keys for the address. Comments behind a key are dropped; what is no key is a RangeError. */
export function withPinnedKeys(text: string, address: string, keys: readonly string[]): string {
  const others = text.split('\n').filter((line) => line.trim() !== '' && line.trim().split(/\s+/)[0] !== address);
  const pinned = keys.map((key) => {
    const [type, body] = key.trim().split(/\s+/);
    if (
      type === undefined ||
      body === undefined ||
      !/^(ssh|ecdsa|sk)-[\w@.-]+$/.test(type) ||
      !/^[A-Za-z0-9+/]+=*$/.test(body)
    ) {
      throw new RangeError(`no host key: ${key}`);
    }
    return `${address} ${type} ${body}`;
  });
  return [...others, ...pinned, ''].join('\n');
}
