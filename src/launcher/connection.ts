import type { Socket } from 'node:net';
import { createDecoder, encode, protocolVersion, type Reply, type Request } from './protocol.ts';

type Asking = Extract<Request, { request: number }>;
type Unasked<R> = R extends unknown ? Omit<R, 'request'> : never;

/** A conversation with a launcher. */
export interface Connection {
  send(request: Request): void;
  /** Sends a request that has an answer of its own; undefined when the launcher went away. */
  ask(request: Unasked<Asking>): Promise<Reply | undefined>;
  /** Calls for every line and end of any tool. */
  readonly listeners: Set<(reply: Reply) => void>;
  readonly closed: Promise<void>;
  isOpen(): boolean;
  end(): void;
}

/** Waits for the launcher's greeting; undefined when it goes away first. `protocol` is the one that it speaks. */
export async function greet(socket: Socket): Promise<{ connection: Connection; protocol: number } | undefined> {
  const listeners = new Set<(reply: Reply) => void>();
  const answers = new Map<number, (reply: Reply | undefined) => void>();
  let requests = 0;
  let open = true;
  let greeted: (protocol: number | undefined) => void = () => {};
  const greeting = new Promise<number | undefined>((answer) => {
    greeted = answer;
  });
  const receive = createDecoder((message) => {
    const reply = message as Reply;
    if (reply.is === 'hello') return greeted(reply.protocol);
    if ('request' in reply) {
      answers.get(reply.request)?.(reply);
      answers.delete(reply.request);
    }
    for (const listener of listeners) listener(reply);
  });
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => {
    try {
      receive(piece);
    } catch {
      socket.destroy();
    }
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((done) => {
    socket.once('close', () => {
      open = false;
      greeted(undefined);
      for (const answer of answers.values()) answer(undefined);
      done();
    });
  });
  const protocol = await greeting;
  if (protocol === undefined) return undefined;
  const send = (request: Request): void => {
    if (open) socket.write(encode(request));
  };
  const connection: Connection = {
    send,
    ask: async (request) =>
      await new Promise((answer) => {
        if (!open) return answer(undefined);
        const number = ++requests;
        answers.set(number, answer);
        send({ ...request, request: number });
      }),
    listeners,
    closed,
    isOpen: () => open,
    end: () => void socket.end(),
  };
  return { connection, protocol };
}

export const speaksOurs = (protocol: number): boolean => protocol === protocolVersion;
