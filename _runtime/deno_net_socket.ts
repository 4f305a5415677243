/**
 * A connection of Deno, as the owner of the sockets sees it.
 *
 * @module
 */

import type { BareConnection } from "./bare.ts";
import { writeAll } from "./child_socket.ts";
import type { NetSocket, SocketEvents } from "./sockets.ts";

const CHUNK = 1 << 16;
/** Writes pile up once so many bytes wait. */
const HIGH_WATER = 1 << 16;

/** A socket that Deno has accepted; its events begin in the turn after {@linkcode DenoNetSocket.follow}. */
export class DenoNetSocket implements NetSocket {
  readonly remote: null = null;
  readonly #connection: BareConnection;
  readonly #goodbye: number;
  #written: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isPaused = false;
  #hasEnded = false;
  #isClosed = false;
  #wakes: (() => void)[] = [];

  /** Wraps a connection; `goodbye` is how long {@linkcode DenoNetSocket.end} waits for the other side, in milliseconds. */
  constructor(connection: BareConnection, goodbye: number) {
    this.#connection = connection;
    this.#goodbye = goodbye;
  }

  /** Tells of what happens, until the socket is closed. */
  async follow(events: SocketEvents): Promise<void> {
    const bytes = new Uint8Array(CHUNK);
    for (;;) {
      while (this.#isPaused && !this.#isClosed) await this.#change();
      const count = this.#isClosed ? null : await this.#read(bytes);
      if (this.#isClosed) break;
      if (count === null) {
        this.#hasEnded = true;
        events.onEnd();
        this.#wake();
        while (!this.#isClosed) await this.#change();
        break;
      }
      events.onData(bytes.slice(0, count));
    }
    events.onClose();
  }

  get isPending(): boolean {
    return !this.#isClosed && this.#waiting > 0;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return false;
    this.#waiting += bytes.length;
    this.#written = this.#written.then(() => this.#send(bytes));
    return this.#waiting < HIGH_WATER;
  }

  async drained(): Promise<void> {
    while (!this.#isClosed && this.#waiting >= HIGH_WATER) await this.#change();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wake();
  }

  end(): void {
    this.resume();
    // However slow the other side is: what was written is not lost.
    void this.#written.then(() => this.#leave());
  }

  destroy(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
    this.#wake();
  }

  async #leave(): Promise<void> {
    if (this.#isClosed) return;
    await this.#connection.closeWrite().catch(() => this.destroy());
    const timer = setTimeout(() => this.destroy(), this.#goodbye);
    while (!this.#isClosed && !this.#hasEnded) await this.#change();
    clearTimeout(timer);
    this.destroy();
  }

  async #read(bytes: Uint8Array): Promise<number | null> {
    try {
      return await this.#connection.read(bytes);
    } catch {
      // A socket that breaks is closed; there is nothing else to know about it.
      this.destroy();
      return null;
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#connection, bytes);
    } catch {
      this.destroy();
    }
    this.#waiting -= bytes.length;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}
