/**
 * A child's end of the connection to its parent, and both ends of it on Deno. It takes as little of the runtime as
 * possible: that costs time at every start.
 *
 * @module
 */

import { type BareConnection, bareDeno } from "./bare.ts";
import type { LocalSocket, SocketEvents } from "./local_socket.ts";
import { neighbour } from "./neighbour.ts";

const CHUNK = 1 << 16;

/** Connects to an address. */
export async function connectToParent(address: string, events: SocketEvents): Promise<LocalSocket> {
  const deno = bareDeno();
  if (deno !== null) {
    return followOnDeno(await deno.connect(denoTarget(address)), () => events);
  }
  const url = neighbour(import.meta, "./node_socket");
  const { connectOnNode } = await import(url) as typeof import("./node_socket.ts");
  return await connectOnNode(address, events);
}

/** Removes the socket of an address that nobody listens at any more. */
export async function removeFromChild(address: string): Promise<void> {
  const url = neighbour(import.meta, "./local_socket");
  const { removeAddress } = await import(url) as typeof import("./local_socket.ts");
  removeAddress(address);
}

/** Whether an address is that of a socket in a file, which nobody but its user can reach; others take a key. */
export function isFile(address: string): boolean {
  return address.startsWith("unix:");
}

/** Gives an address in Deno's terms. */
export function denoTarget(address: string): object {
  const path = socketPath(address);
  return path === null
    ? { hostname: "127.0.0.1", port: portOf(address) }
    : { transport: "unix", path };
}

/** Gives an address in the terms of `node:net`. */
export function nodeTarget(address: string): { path: string } | { host: string; port: number } {
  const path = socketPath(address);
  return path === null ? { host: "127.0.0.1", port: portOf(address) } : { path };
}

/** Gives the path of a Unix socket, which begins with a zero where it is a name and no file; `null` for TCP. */
export function socketPath(address: string): string | null {
  if (isFile(address)) return address.slice("unix:".length);
  return address.startsWith("abstract:") ? `\0${address.slice("abstract:".length)}` : null;
}

/** Gives the path of the file at an address; `null` if there is none. */
export function filePath(address: string): string | null {
  return isFile(address) ? socketPath(address) : null;
}

function portOf(address: string): number {
  return Number(address.slice("tcp:".length));
}

/** Gives an end of a connection; `accept` gives its events. */
export function followOnDeno(
  connection: BareConnection,
  accept: (socket: LocalSocket) => SocketEvents,
): LocalSocket {
  const socket = new DenoSocket(connection);
  void follow(connection, socket, accept(socket));
  return socket;
}

async function follow(
  connection: BareConnection,
  socket: LocalSocket,
  events: SocketEvents,
): Promise<void> {
  const bytes = new Uint8Array(CHUNK);
  for (let count; (count = await read(connection, bytes)) !== null;) {
    events.onData(bytes.slice(0, count));
  }
  socket.close();
  events.onClose();
}

async function read(connection: BareConnection, bytes: Uint8Array): Promise<number | null> {
  try {
    return await connection.read(bytes);
  } catch {
    // A connection that breaks is closed; there is nothing else to know about it.
    return null;
  }
}

/** Writes all of some bytes. */
export async function writeAll(connection: BareConnection, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

class DenoSocket implements LocalSocket {
  readonly #connection: BareConnection;
  #sent: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(connection: BareConnection) {
    this.#connection = connection;
  }

  send(bytes: Uint8Array): void {
    this.#sent = this.#sent.then(() => this.#write(bytes));
  }

  async flush(): Promise<void> {
    await this.#sent;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#connection, bytes);
    } catch {
      // The parent is gone; whoever reads learns of it.
    }
  }
}
