/**
 * Connections on Node. They have a module of their own for the sake of child processes, which load nothing else to connect
 * to their parent.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { nodeTarget } from "./child_socket.ts";
import type { LocalSocket, SocketEvents } from "./local_socket.ts";

/** Connects to an address. */
export function connectOnNode(address: string, events: SocketEvents): Promise<LocalSocket> {
  const socket = connect(nodeTarget(address));
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(followOnNode(socket, () => events));
    });
  });
}

/** Gives an end of a connection; `accept` gives its events. */
export function followOnNode(
  socket: Socket,
  accept: (socket: LocalSocket) => SocketEvents,
): LocalSocket {
  let sent: Promise<unknown> = Promise.resolve();
  const local: LocalSocket = {
    send(bytes) {
      sent = new Promise((resolve) => socket.write(bytes, resolve));
    },
    flush: async () => void await sent,
    close: () => void socket.destroy(),
  };
  const events = accept(local);
  socket.on("data", (bytes) => events.onData(bytes as Uint8Array));
  // A connection that breaks is closed; there is nothing else to know about it.
  socket.on("error", () => {});
  socket.on("end", () => void socket.destroy());
  socket.on("close", () => events.onClose());
  return local;
}
