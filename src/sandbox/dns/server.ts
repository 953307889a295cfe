import { createSocket } from 'node:dgram';
import type { FarSide } from '../supervisor/far-side.ts';
import { readQuestion, writeAnswer } from './message.ts';
import { lookUp } from './zone.ts';

export interface DnsServer {
  /** 127.0.0.1:PORT */
  readonly address: string;
  close(): Promise<void>;
}

const serverFailure = 2;

/** Answers over UDP on a free port of loopback; each question looks at AWS anew, so that nothing is ever stale. */
export async function startDnsServer(
  look: () => Promise<Pick<FarSide, 'records' | 'loadBalancers'>>,
): Promise<DnsServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    const send = (answer: Buffer): void => socket.send(answer, from.port, from.address);
    look().then(
      (farSide) => {
        const { code, answers } = lookUp(farSide, question.name, question.type);
        send(writeAnswer(question, code, answers));
      },
      () => send(writeAnswer(question, serverFailure, [])),
    );
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
