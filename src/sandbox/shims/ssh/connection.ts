import { request } from 'node:http';

/** Asks the sandbox's control API; rejects when it does not answer. */
export function askSandbox<T>(url: string, body?: unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : JSON.stringify(body);
    const sent = request(
      url,
      { method: data === undefined ? 'GET' : 'POST', agent: false, timeout: 10_000 },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', reject);
        response.on('end', () => resolve(JSON.parse(text) as T));
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('the sandbox does not answer')));
    sent.on('error', reject);
    sent.end(data);
  });
}
