/**
 * A socket and the end of a pipe, joined: what comes in at one goes out at the other.
 *
 * @module
 */

import type { PipeEnd } from "../_core/pipe_end.ts";
import type { NetSocket, SocketEvents } from "../_runtime/sockets.ts";
import { ByteQueue } from "./handshake.ts";
import { joinBytes } from "./join_bytes.ts";
import { FrameReader } from "./socket_wire.ts";

/** So many bytes may come during the handshake. */
const MOST_EARLY = 1 << 16;

/** No more messages are joined to one write once they have so many bytes. */
const BATCH = 1 << 16;

/** A socket and the end of a pipe, from the first byte on. */
export class SocketLine implements SocketEvents {
  readonly #socket: NetSocket;
  readonly #reader: FrameReader;
  readonly #onClose: () => void;
  /** What has come during the handshake; `null` afterwards. */
  #early: ByteQueue | null = new ByteQueue();
  #end: PipeEnd | null = null;
  /** Frames for which there was no room in the pipe. */
  #backlog: unknown[] = [];
  #isFeeding = false;
  #hasEnded = false;
  #isClosed = false;

  /** Begins with a handshake. */
  constructor(socket: NetSocket, maxBytes: number, onClose: () => void) {
    this.#socket = socket;
    this.#reader = new FrameReader(maxBytes);
    this.#onClose = onClose;
  }

  /** The bytes of the handshake. */
  get handshake(): ByteQueue {
    return this.#early as ByteQueue;
  }

  /** Whether all that the program has sent is with the operating system. */
  get isFlushed(): boolean {
    const end = this.#end;
    if (this.#isClosed || end === null) return true;
    return !this.#socket.isPending && (!end.isOpen || end.waiting === 0);
  }

  /** Joins the socket to the end of a pipe. */
  join(end: PipeEnd): void {
    this.#end = end;
    if (this.#isClosed) return end.close();
    const rest = this.handshake.rest();
    this.#early = null;
    this.#socket.resume();
    if (rest.length > 0) this.onData(rest);
    if (this.#hasEnded) this.#finish();
    void this.#pump(end);
  }

  /** Closes the socket after a handshake that has failed: nothing of what comes is wanted. */
  giveUp(): void {
    this.#early = null;
    this.#socket.end();
  }

  /** Closes the socket at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  onData(bytes: Uint8Array): void {
    const early = this.#early;
    if (early !== null) {
      early.push(bytes);
      // Who has not been let in finds no room for more than a handshake and the first messages.
      if (early.length > MOST_EARLY) this.#socket.pause();
      return;
    }
    if (this.#hasEnded || this.#end?.isOpen !== true) return;
    try {
      for (const frame of this.#reader.push(bytes)) this.#receive(frame);
    } catch (error) {
      // What follows makes no sense any more.
      this.#receive(error);
      this.#hasEnded = true;
      this.#socket.pause();
      this.#finish();
    }
  }

  onEnd(): void {
    this.#hasEnded = true;
    this.#early?.end();
    this.#finish();
  }

  onClose(): void {
    this.#isClosed = true;
    this.onEnd();
    this.#onClose();
  }

  #receive(item: unknown): void {
    const end = this.#end as PipeEnd;
    try {
      if (this.#backlog.length === 0 && end.tryPut(item)) return;
    } catch {
      // The program has closed the connection.
      return;
    }
    this.#backlog.push(item);
    void this.#feed(end);
  }

  /** Puts what has found no room as soon as there is some; meanwhile nothing more comes in. */
  async #feed(end: PipeEnd): Promise<void> {
    if (this.#isFeeding) return;
    this.#isFeeding = true;
    this.#socket.pause();
    try {
      while (this.#backlog.length > 0) {
        await end.put(this.#backlog[0], Infinity);
        this.#backlog.shift();
      }
    } catch {
      // The program has closed the connection.
      this.#backlog = [];
    }
    this.#isFeeding = false;
    if (this.#hasEnded) this.#finish();
    else this.#socket.resume();
  }

  /** The other side is gone: when all is received, the program learns of it. */
  #finish(): void {
    if (this.#isFeeding || this.#end === null) return;
    this.#end.close();
    this.#socket.destroy();
  }

  /** Writes what the program sends, until it closes the connection or the other side is gone. */
  async #pump(end: PipeEnd): Promise<void> {
    try {
      for (;;) {
        const first = await end.get(Infinity) as Uint8Array;
        const rest = takeMore(end, first.length);
        const bytes = rest.length === 0 ? first : joinBytes([first, ...rest]);
        if (!this.#socket.write(bytes)) await this.#socket.drained();
      }
    } catch {
      // The program has closed the connection, or the other side has.
    }
    if (!end.isOpen) return;
    end.close();
    this.#socket.end();
  }
}

/** Takes what else is there: a write of many messages costs as much as one of a single message. */
function takeMore(end: PipeEnd, size: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  try {
    while (size < BATCH) {
      const more = end.tryGet();
      if (more === null) break;
      const frame = more.value as Uint8Array;
      frames.push(frame);
      size += frame.length;
    }
  } catch {
    // It is closed: what was there before is sent.
  }
  return frames;
}
