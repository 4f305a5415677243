/**
 * Connections between processes of one machine and one user: Unix sockets, and TCP on the loopback interface on Windows.
 *
 * | address     | where       | who can connect                                           |
 * | ----------- | ----------- | --------------------------------------------------------- |
 * | `abstract:` | Linux       | whoever has the key; a name, of which nothing can be left |
 * | `unix:`     | not Windows | its user alone; a file, for children that may not do more |
 * | `tcp:`      | Windows     | whoever has the key                                       |
 *
 * The key travels to the child in its environment; see `process/frames.ts`.
 *
 * @module
 */

import { createServer } from "node:net";
import process from "node:process";
import { type BareDeno, bareDeno } from "./bare.ts";
import { filePath, followOnDeno, socketPath } from "./child_socket.ts";
import { followOnNode } from "./node_socket.ts";
import { makeSocketPath, removeLeftovers, removeSocket } from "./socket_path.ts";

/** One end of a connection. */
export interface LocalSocket {
  /** Sends bytes, after those that were sent before. */
  send(bytes: Uint8Array): void;
  /** Resolves when all that was sent is with the operating system. */
  flush(): Promise<void>;
  /** Closes the connection at once. */
  close(): void;
}

/** What is told of a connection. */
export interface SocketEvents {
  /** Some bytes have come. */
  onData(bytes: Uint8Array): void;
  /** The other end is gone, or this one was closed; called once. */
  onClose(): void;
}

/** A place where connections arrive. */
export interface LocalListener {
  /** The address to connect to. */
  readonly address: string;
  /** Takes no more connections, and removes the socket. */
  close(): void;
}

/** Whether what others have left behind was removed: once is enough for all children. */
let swept = false;

/**
 * Listens at an address that nobody else has; `accept` gives the events of each connection.
 *
 * @param needsFile Whether it has to be a file, if there are files for that, since the child may not connect to anything else.
 */
export async function listenLocal(
  accept: (socket: LocalSocket) => SocketEvents,
  needsFile: boolean,
): Promise<LocalListener> {
  if (process.platform === "win32") return await listenTcp(accept);
  if (!swept) removeLeftovers();
  swept = true;
  if (process.platform === "linux" && !needsFile) {
    const address = `abstract:nogil-${process.pid}-${crypto.randomUUID()}`;
    try {
      return { address, close: await listenAt(socketPath(address) as string, accept) };
    } catch {
      // There are systems that say they are Linux and have only files.
    }
  }
  const path = makeSocketPath();
  try {
    const stop = await listenAt(path, accept);
    let open = true;
    return {
      address: `unix:${path}`,
      close() {
        if (!open) return;
        open = false;
        stop();
        removeSocket(path);
      },
    };
  } catch (error) {
    removeSocket(path);
    throw error;
  }
}

/** Removes the socket of an address when its listener is gone and nobody else will. */
export function removeAddress(address: string): void {
  const path = filePath(address);
  if (path !== null) removeSocket(path);
}

/** Listens at a path, and gives what ends that. */
async function listenAt(
  path: string,
  accept: (socket: LocalSocket) => SocketEvents,
): Promise<() => void> {
  const deno = bareDeno();
  return deno === null ? await listenOnNode(path, accept) : listenOnDeno(deno, path, accept);
}

function listenOnNode(
  path: string,
  accept: (socket: LocalSocket) => SocketEvents,
): Promise<() => void> {
  const server = createServer((socket) => void followOnNode(socket, accept));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => resolve(() => void server.close()));
  });
}

/**
 * Does the same on Deno, whose `node:net` gives the socket to all children: it would stay open when this process is gone,
 * and they would wait for ever for somebody to take their connections.
 */
function listenOnDeno(
  deno: BareDeno,
  path: string,
  accept: (socket: LocalSocket) => SocketEvents,
): () => void {
  const listener = deno.listen({ transport: "unix", path });
  void (async () => {
    for (;;) followOnDeno(await listener.accept(), accept);
  })().catch(() => {
    // It is closed, or will never take a connection again: those who wait are turned away.
    stop();
  });
  let open = true;
  const stop = (): void => {
    if (!open) return;
    open = false;
    listener.close();
  };
  return stop;
}

function listenTcp(accept: (socket: LocalSocket) => SocketEvents): Promise<LocalListener> {
  const server = createServer((socket) => void followOnNode(socket, accept));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      resolve({ address: `tcp:${port}`, close: () => void server.close() });
    });
  });
}
