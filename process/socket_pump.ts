/**
 * The worker that owns the sockets of a thread. It never blocks, so that connections also serve a thread that does.
 *
 * @module
 */

import { AuthenticationError, EndOfFileError } from "../errors.ts";
import { installAgent } from "../_core/agent.ts";
import { PipeEnd, type SentEnd } from "../_core/pipe_end.ts";
import { setWorkerContext } from "../_runtime/main_module.ts";
import { runtime } from "../_runtime/runtime.ts";
import type { NetServer, NetSocket, SocketEvents } from "../_runtime/sockets.ts";
import { introduce, welcome } from "./handshake.ts";
import { SocketLine } from "./socket_line.ts";
import type { Answer, Arrival, PumpData, Request } from "./socket_protocol.ts";

type Sockets = typeof import("../_runtime/sockets.ts");
type ListenRequest = Extract<Request, { type: "listen" }>;
type ConnectRequest = Extract<Request, { type: "connect" }>;

/** So long a handshake may take, in milliseconds. */
const HANDSHAKE = 10_000;
/** So many may be shaking hands with one listener at a time. */
const MOST_HANDSHAKES = 256;
/** How often it looks whether all is written, in milliseconds. */
const FLUSH_LOOK = 1;

const lines: Set<SocketLine> = new Set();

/** Serves the thread that has made this worker. */
export async function serveSockets(data: PumpData): Promise<void> {
  setWorkerContext();
  installAgent(data.arena, data.agent);
  const requests = PipeEnd.receive(data.requests);
  // Without it the worker would end while nothing is open.
  runtime().onParentMessage(() => {});
  const sockets = await import("../_runtime/sockets.ts");
  for (;;) {
    const request = await requests.get(Infinity).catch(() => null) as Request | null;
    // Nobody is left who could ask for anything.
    if (request === null) return runtime().exitWorker(0);
    const line = PipeEnd.receive(request.line);
    if (request.type === "listen") void listen(sockets, request, line);
    else if (request.type === "connect") void connect(sockets, request, line);
    else void flush(line);
  }
}

async function listen(sockets: Sockets, request: ListenRequest, line: PipeEnd): Promise<void> {
  const { address, backlog, authkey, maxBytes } = request;
  const greeting = new Set<SocketLine>();
  /** What the program was told of; nobody says whether it has taken that. */
  const told = new Map<SocketLine, SentEnd>();
  const accept = (socket: NetSocket): SocketEvents => {
    const socketLine = follow(socket, maxBytes, () => {
      greeting.delete(socketLine);
      told.delete(socketLine);
    });
    if (line.unread >= backlog || greeting.size >= MOST_HANDSHAKES) socket.destroy();
    else void greet(socketLine, socket);
    return socketLine;
  };
  const greet = async (socketLine: SocketLine, socket: NetSocket): Promise<void> => {
    greeting.add(socketLine);
    const error = await shake(
      socketLine,
      socket,
      (write) => welcome(sockets, authkey, socketLine.handshake, write),
    );
    greeting.delete(socketLine);
    if (error instanceof AuthenticationError) await tell(line, { error });
    else if (error === null) await arrive(socketLine, socket);
  };
  const arrive = async (socketLine: SocketLine, socket: NetSocket): Promise<void> => {
    const [mine, theirs] = PipeEnd.create("thread", true);
    socketLine.join(mine);
    const sent = theirs.send();
    theirs.close();
    told.set(socketLine, sent);
    if (!await tell(line, { line: sent, from: socket.remote })) socketLine.destroy();
  };
  let server: NetServer;
  try {
    server = await sockets.listenAt(address, backlog, accept);
  } catch (error) {
    await tell(line, { error: error as Error });
    return line.close();
  }
  await tell(line, { address: server.address });
  // The program sends nothing: when this ends, so does the listener.
  await line.get(Infinity).catch(() => {});
  server.close();
  for (const socketLine of greeting) socketLine.destroy();
  // What has not arrived never will: the listener may have been closed just before it was told.
  for (const sent of told.values()) PipeEnd.receive(sent).close();
  line.close();
}

async function connect(sockets: Sockets, request: ConnectRequest, line: PipeEnd): Promise<void> {
  const { address, authkey, maxBytes } = request;
  const made: SocketLine[] = [];
  try {
    const socket = await sockets.connectTo(address, (socket) => {
      const socketLine = follow(socket, maxBytes, () => {});
      made.push(socketLine);
      return socketLine;
    });
    const socketLine = made[0] as SocketLine;
    const error = await shake(
      socketLine,
      socket,
      (write) => introduce(sockets, authkey, socketLine.handshake, write),
    );
    if (error !== null) throw error;
    if (!await tell(line, { address })) throw new EndOfFileError();
    socketLine.join(line);
  } catch (error) {
    for (const socketLine of made) socketLine.destroy();
    await tell(line, { error: error as Error });
    line.close();
  }
}

function follow(socket: NetSocket, maxBytes: number, onClose: () => void): SocketLine {
  const line = new SocketLine(socket, maxBytes, () => {
    lines.delete(line);
    onClose();
  });
  lines.add(line);
  return line;
}

/** Does one side of a handshake in time; gives what has gone wrong. */
async function shake(
  line: SocketLine,
  socket: NetSocket,
  hands: (write: (bytes: Uint8Array) => void) => Promise<void>,
): Promise<Error | null> {
  const timer = setTimeout(() => line.destroy(), HANDSHAKE);
  try {
    await hands((bytes) => socket.write(bytes));
    return null;
  } catch (error) {
    line.giveUp();
    return error as Error;
  } finally {
    clearTimeout(timer);
  }
}

/** Tells the program something, unless it does not want to know any more; gives whether it does. */
async function tell(line: PipeEnd, what: Answer | Arrival): Promise<boolean> {
  try {
    await line.put(what, Infinity);
    return true;
  } catch {
    return false;
  }
}

/** Answers when all that was sent is with the operating system. */
async function flush(line: PipeEnd): Promise<void> {
  while ([...lines].some((socketLine) => !socketLine.isFlushed)) {
    await new Promise((resolve) => setTimeout(resolve, FLUSH_LOOK));
  }
  line.close();
}
