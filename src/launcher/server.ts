import { createServer, type Server, type Socket } from 'node:net';
import { Refusal } from './hold.ts';
import { createDecoder, encode, protocolVersion, type Reply, type Request, type StartRequest } from './protocol.ts';
import { holdTool, type Surroundings, type Tool } from './tool.ts';

/** A client that does not read (stopped, hung) loses lines beyond this many bytes; they are in the log. The tool never waits. */
const patience = 8 * 1024 * 1024;

/**
 * Serves clients on a socket that is not yet listening. `idle` is told whenever no client and no tool is left, and whether
 * the last one had asked for anything: another launcher that starts only wants to know whether somebody answers.
 */
export function createLauncherServer(
  surroundings: Surroundings,
  idle: (asked: boolean) => void,
): { readonly server: Server; busy(): boolean } {
  const tools = new Map<string, Tool>();
  const clients = new Set<Socket>();
  let starting = 0;
  const busy = (): boolean => tools.size > 0 || starting > 0 || clients.size > 0;
  const gone = (tool: Tool): void => {
    tools.delete(tool.key);
    if (!busy()) idle(true);
  };

  const server = createServer((socket) => {
    clients.add(socket);
    let asked = false;
    const held = new Set<Tool>();
    const send = (reply: Reply): void => {
      if (!socket.destroyed && (reply.is !== 'line' || socket.writableLength < patience)) socket.write(encode(reply));
    };
    const listenTo = (tool: Tool): void => {
      const listener = {
        line: (line: string, stream: 'stdout' | 'stderr') => send({ is: 'line', tool: tool.key, stream, line }),
        ended: (ending: Extract<Reply, { is: 'ended' }>['ending']) => send({ is: 'ended', tool: tool.key, ending }),
      };
      tool.listeners.add(listener);
      socket.once('close', () => tool.listeners.delete(listener));
    };
    const start = async (request: StartRequest): Promise<void> => {
      starting++;
      try {
        const tool = await holdTool(request, surroundings, gone);
        tools.set(tool.key, tool);
        if (socket.destroyed) return tool.abandon('nobody was there to let it go');
        held.add(tool);
        listenTo(tool);
        send({ is: 'held', request: request.request, tool: tool.key, process: tool.process });
      } catch (error) {
        const reason = error instanceof Refusal ? error.reason : 'not-started';
        send({ is: 'refused', request: request.request, reason, message: (error as Error).message });
      } finally {
        starting--;
      }
    };
    const receive = (message: Request): void => {
      asked = true;
      if (message.do === 'start') return void start(message);
      if (message.do === 'living') return send({ is: 'living', request: message.request, tools: [...tools.keys()] });
      const tool = tools.get(message.tool);
      if (message.do === 'follow') {
        if (tool) listenTo(tool);
        return send({ is: 'following', request: message.request, known: tool !== undefined });
      }
      if (tool === undefined) return;
      if (message.do === 'go') {
        held.delete(tool);
        void tool.letGo();
      } else if (message.do === 'abandon') tool.abandon('it was cancelled before it worked');
      else tool.signal(message.signal);
    };
    const decode = createDecoder((message) => receive(message as Request));
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      try {
        decode(piece);
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      clients.delete(socket);
      for (const tool of held) tool.abandon('the client went away before letting it go');
      if (!busy()) idle(asked);
    });
    send({ is: 'hello', protocol: protocolVersion, pid: process.pid });
  });
  return { server, busy };
}
