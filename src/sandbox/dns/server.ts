import { createSocket } from 'node:dgram';
import { readQuestion, writeAnswer } from './message.ts';
import type { Found } from './message.ts';

export interface NameServer {
  readonly port: number;
  close(): Promise<void>;
}

const serverFailure = 2;

/** Answers questions for names over UDP (0: a free port); each is asked anew, so that nothing is ever stale. */
export async function serveNames(
  host: string,
  port: number,
  answer: (name: string, type: number) => Promise<Found>,
): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const question = readQuestion(message);
    if (question === undefined) return;
    const send = (reply: Buffer): void => socket.send(reply, from.port, from.address);
    answer(question.name, question.type).then(
      ({ code, answers }) => send(writeAnswer(question, code, answers)),
      () => send(writeAnswer(question, serverFailure, [])),
    );
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, host, resolve);
  });
  return { port: socket.address().port, close: () => new Promise((resolve) => socket.close(() => resolve())) };
}
