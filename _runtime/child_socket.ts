/**
 * A child's end of the connection to its parent. It takes as little of the runtime as possible: that costs time at every
 * start.
 *
 * @module
 */

import { type BareConnection, bareDeno } from "./bare.ts";
import type { LocalSocket, SocketEvents } from "./local_socket.ts";

const CHUNK = 1 << 16;

/** Connects to an address. */
export async function connectToParent(address: string, events: SocketEvents): Promise<LocalSocket> {
  const deno = bareDeno();
  if (deno !== null) {
    const connection = await deno.connect(denoTarget(address));
    void follow(connection, events);
    return new DenoSocket(connection);
  }
  return (await import("./local_socket.ts")).connectLocal(address, events);
}

/** Removes the socket of an address that nobody listens at any more. */
export async function removeFromChild(address: string): Promise<void> {
  (await import("./local_socket.ts")).removeAddress(address);
}

/** Gives an address in Deno's terms. */
export function denoTarget(address: string): object {
  return address.startsWith("unix:")
    ? { transport: "unix", path: address.slice(5) }
    : { hostname: "127.0.0.1", port: Number(address.slice(4)) };
}

async function follow(connection: BareConnection, events: SocketEvents): Promise<void> {
  const bytes = new Uint8Array(CHUNK);
  try {
    for (;;) {
      const count = await connection.read(bytes);
      if (count === null) break;
      events.onData(bytes.slice(0, count));
    }
  } catch {
    // A connection that breaks is closed; there is nothing else to know about it.
  }
  events.onClose();
}

class DenoSocket implements LocalSocket {
  readonly #connection: BareConnection;
  #sent: Promise<void> = Promise.resolve();

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
    this.#connection.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length;) {
        at += await this.#connection.write(bytes.subarray(at));
      }
    } catch {
      // The parent is gone; whoever reads learns of it.
    }
  }
}
