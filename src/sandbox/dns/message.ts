/** A question of a DNS message (RFC 1035 4.1). */
export interface Question {
  readonly id: number;
  readonly recursionDesired: boolean;
  /** Lower case, without the dot at the end. */
  readonly name: string;
  readonly type: number;
  /** The question section as it came, to be sent back. */
  readonly section: Buffer;
}

export type Answer =
  | { readonly type: 'A'; readonly ttl: number; readonly address: string }
  | { readonly type: 'TXT'; readonly ttl: number; readonly text: string }
  | { readonly type: 'CNAME'; readonly ttl: number; readonly name: string };

/** What is known of a name. */
export interface Found {
  readonly code: number;
  readonly answers: readonly Answer[];
}

export const recordTypes = { A: 1, CNAME: 5, TXT: 16, AAAA: 28 } as const;
export const noError = 0;
export const noSuchName = 3;

/** Reads the first question; undefined for what is none. Questions carry no compressed names. */
export function readQuestion(message: Buffer): Question | undefined {
  if (message.length < 17 || message.readUInt16BE(4) < 1 || (message.readUInt16BE(2) & 0x8000) !== 0) return undefined;
  const labels: string[] = [];
  let at = 12;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > 63) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
  }
  if (at + 4 > message.length) return undefined;
  return {
    id: message.readUInt16BE(0),
    recursionDesired: (message.readUInt16BE(2) & 0x0100) !== 0,
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at),
    section: message.subarray(12, at + 4),
  };
}

/** The whole answer to a question, authoritative; all answers are for the question's own name. */
export function writeAnswer(question: Question, code: number, answers: readonly Answer[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(question.id, 0);
  header.writeUInt16BE(0x8400 | (question.recursionDesired ? 0x0100 : 0) | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question.section, ...answers.map(writeRecord)]);
}

function writeRecord(answer: Answer): Buffer {
  const data = dataOf(answer);
  const head = Buffer.alloc(12);
  // A pointer to the name of the question, at byte 12.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(recordTypes[answer.type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(answer.ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function dataOf(answer: Answer): Buffer {
  if (answer.type === 'A') return Buffer.from(answer.address.split('.').map(Number));
  if (answer.type === 'TXT') return characterString(answer.text);
  return Buffer.concat([...answer.name.split('.').map(characterString), Buffer.from([0])]);
}

function characterString(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}
