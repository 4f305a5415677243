/**
 * One end of a pipe or of a socket.
 *
 * @module
 */

import { EndOfFileError } from "../errors.ts";
import { HANDLE, type HandleRecord, registerHandle } from "../_core/handle.ts";
import { PipeEnd, type SentEnd } from "../_core/pipe_end.ts";
import type { SyncWaitOptions, WaitOptions } from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";
import { type BytesLike, checkIndex, copyBytes, partOf, viewOf } from "./message_bytes.ts";
import { MessageLine } from "./message_line.ts";
import { type SocketLuggage, socketWire } from "./socket_wire.ts";
import { PIPE_WIRE, type Wire } from "./wire.ts";

/** Which part of the bytes is sent. */
export interface SendBytesOptions {
  /** Where the message begins, in bytes. Default: 0. */
  offset?: number;
  /** How many bytes it has. Default: all that are left. */
  size?: number;
}

/** How long a message may be. */
export interface RecvBytesOptions {
  /** How many bytes the message may have at most. Default: any number. */
  maxLength?: number;
}

/** Where a message goes. */
export interface RecvIntoOptions {
  /** Where in the buffer, in bytes. Default: 0. */
  offset?: number;
}

/** Connections that are collected while they are open are closed. */
const dropped = new FinalizationRegistry<PipeEnd>((end) => end.close());

let making: MessageLine | null = null;

/** Makes the connection over an end. */
export function connectionOver<R, S>(end: PipeEnd, wire: Wire): Connection<R, S> {
  making = new MessageLine(end, wire);
  try {
    return new Connection<R, S>();
  } finally {
    making = null;
  }
}

/**
 * One end of a {@linkcode Pipe}, or of a connection between a {@linkcode Listener} and a {@linkcode Client}.
 *
 * Messages arrive whole and in order. They are copied by the time that `send` returns; when much is on its way (about
 * 1 MiB), `send` waits until the other side has received some of it.
 *
 * The end of a pipe can be passed to a thread or a process, as an argument, in a queue, through another connection: it
 * arrives as a connection of its own to the same end. The end stays open until every connection to it is closed, or was
 * collected, or its thread or process is gone, however it went. Then the other side still receives what is left, and
 * learns of the end: {@linkcode Connection.recv} throws an {@linkcode EndOfFileError}, {@linkcode Connection.send} a
 * {@linkcode BrokenPipeError}. So close your own connection to an end that you have given away, as in Python. What a
 * thread has received is closed when the thread ends; what it has given away and nobody has received yet, too.
 *
 * {@linkcode wait} waits for connections, too: until there is something to receive, or the other side is closed.
 *
 * @example Usage
 * ```ts
 * import { type Connection, Pipe } from "@nogil/std/process";
 * import { Thread } from "@nogil/std/thread";
 * import { assertEquals } from "@std/assert";
 *
 * async function double(connection: Connection<number>): Promise<void> {
 *   for await (const n of connection) await connection.send(n * 2);
 * }
 *
 * const [here, there] = Pipe<number>(true, { scope: "thread" });
 * const thread = new Thread({ target: double, args: [there] }).start();
 * there.close();
 * await here.send(21);
 * assertEquals(await here.recv(), 42);
 * here.close();
 * await thread.join();
 * ```
 *
 * @typeParam R The type of what is received.
 * @typeParam S The type of what is sent.
 */
export class Connection<R = unknown, S = R> implements AsyncIterable<R>, AsyncDisposable {
  readonly #line: MessageLine;

  /** @ignore */
  constructor() {
    if (making === null) {
      throw new TypeError(
        "Cannot create Connection: call Pipe() or Client(), or accept() of a Listener",
      );
    }
    this.#line = making;
    // A promise that waits keeps the line, which closes only when nothing needs it any more.
    if (making.end.isOpen) dropped.register(making, making.end);
  }

  /** Whether anything can be received here: not at the end of a one-way pipe that sends. */
  get readable(): boolean {
    return this.#line.end.readable;
  }

  /** Whether anything can be sent here: not at the end of a one-way pipe that receives. */
  get writable(): boolean {
    return this.#line.end.writable;
  }

  /** Whether this connection was closed here. */
  get closed(): boolean {
    return !this.#line.end.isOpen;
  }

  // -- send --

  /**
   * Sends a value, waiting for room as long as it takes.
   *
   * @param value Whatever can be the item of a queue; over a socket, plain data.
   * @param options `timeout` in milliseconds, `signal` to give up; nothing is sent then.
   * @throws {BrokenPipeError} If the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {UnshareableError} If the value cannot travel.
   * @throws {RangeError} If it is too large.
   * @throws {InvalidStateError} If the connection is closed, or only receives.
   */
  send(value: S, options?: WaitOptions): Promise<void> {
    return this.#line.send(value, options);
  }

  /**
   * Sends a value, blocking this thread until there is room.
   *
   * @param value Whatever can be the item of a queue; over a socket, plain data.
   * @param options `timeout` in milliseconds; nothing is sent then.
   * @throws {BrokenPipeError} If the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {UnshareableError} If the value cannot travel.
   * @throws {RangeError} If it is too large.
   * @throws {DeadlockError} If it would never end, since only this thread holds the other end.
   * @throws {InvalidStateError} If the connection is closed, or only receives.
   */
  sendSync(value: S, options?: SyncWaitOptions): void {
    this.#line.sendSync(value, options);
  }

  /**
   * Sends bytes as a message of their own, waiting for room as long as it takes.
   *
   * @param bytes A buffer, or a view of one, of which the bytes are copied.
   * @param options `offset` and `size` of a part; `timeout` in milliseconds, `signal` to give up.
   * @throws {TypeError} If they are no bytes.
   * @throws {RangeError} If the part does not lie within them, or is too large.
   * @throws {BrokenPipeError} If the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the connection is closed, or only receives.
   */
  sendBytes(bytes: BytesLike, options?: SendBytesOptions & WaitOptions): Promise<void> {
    return this.#line.sendBytes(() => partToSend(bytes, options), options);
  }

  /**
   * Sends bytes as a message of their own, blocking this thread until there is room.
   *
   * @param bytes A buffer, or a view of one, of which the bytes are copied.
   * @param options `offset` and `size` of a part; `timeout` in milliseconds.
   * @throws {TypeError} If they are no bytes.
   * @throws {RangeError} If the part does not lie within them, or is too large.
   * @throws {BrokenPipeError} If the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If it would never end, since only this thread holds the other end.
   * @throws {InvalidStateError} If the connection is closed, or only receives.
   */
  sendBytesSync(bytes: BytesLike, options?: SendBytesOptions & SyncWaitOptions): void {
    this.#line.sendBytesSync(() => partToSend(bytes, options), options);
  }

  // -- receive --

  /**
   * Receives the next message, waiting for one as long as it takes.
   *
   * @param options `timeout` in milliseconds, `signal` to give up; nothing is received then.
   * @returns The value that was sent; of a message of bytes, a `Uint8Array`.
   * @throws {EndOfFileError} If nothing is left and the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  recv(options?: WaitOptions): Promise<R> {
    return this.#line.get(options) as Promise<R>;
  }

  /**
   * Receives the next message, blocking this thread until there is one.
   *
   * @param options `timeout` in milliseconds.
   * @returns The value that was sent; of a message of bytes, a `Uint8Array`.
   * @throws {EndOfFileError} If nothing is left and the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If it would never end, since only this thread holds the other end.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  recvSync(options?: SyncWaitOptions): R {
    return this.#line.getSync(options) as R;
  }

  /**
   * Receives the next message as `{ value }`, or gives `null` if none is there.
   *
   * @throws {EndOfFileError} If nothing is left and the other end is closed.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  tryRecv(): { value: R } | null {
    return this.#line.tryGet() as { value: R } | null;
  }

  /**
   * Receives the next message of bytes, waiting for one as long as it takes.
   *
   * @param options `maxLength` of the message in bytes; `timeout` in milliseconds, `signal` to give up.
   * @throws {BufferTooShortError} If the message is longer than `maxLength`. It is in the error.
   * @throws {TypeError} If the next message is no bytes; it can still be received by {@linkcode Connection.recv}.
   * @throws {EndOfFileError} If nothing is left and the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  async recvBytes(options?: RecvBytesOptions & WaitOptions): Promise<Uint8Array> {
    const most = checkLength(options);
    return this.#line.bytesOf(await this.#line.get(options), most);
  }

  /**
   * Receives the next message of bytes, blocking this thread until there is one.
   *
   * @param options `maxLength` of the message in bytes; `timeout` in milliseconds.
   * @throws {BufferTooShortError} If the message is longer than `maxLength`. It is in the error.
   * @throws {TypeError} If the next message is no bytes; it can still be received by {@linkcode Connection.recv}.
   * @throws {EndOfFileError} If nothing is left and the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {DeadlockError} If it would never end, since only this thread holds the other end.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  recvBytesSync(options?: RecvBytesOptions & SyncWaitOptions): Uint8Array {
    const most = checkLength(options);
    return this.#line.bytesOf(this.#line.getSync(options), most);
  }

  /**
   * Receives the next message of bytes into a buffer, waiting for one as long as it takes.
   *
   * @param buffer A buffer, or a view of one.
   * @param options `offset` in the buffer; `timeout` in milliseconds, `signal` to give up.
   * @returns How many bytes the message has.
   * @throws {BufferTooShortError} If the message is longer than the room behind the offset. It is in the error.
   * @throws {RangeError} If the offset does not lie in the buffer.
   * @throws {TypeError} If `buffer` is none, or the next message is no bytes.
   * @throws {EndOfFileError} If nothing is left and the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  async recvBytesInto(buffer: BytesLike, options?: RecvIntoOptions & WaitOptions): Promise<number> {
    const room = roomIn(buffer, options);
    return fill(room, this.#line.bytesOf(await this.#line.get(options), room.length));
  }

  /**
   * Receives the next message of bytes into a buffer, blocking this thread until there is one.
   *
   * @param buffer A buffer, or a view of one.
   * @param options `offset` in the buffer; `timeout` in milliseconds.
   * @returns How many bytes the message has.
   * @throws {BufferTooShortError} If the message is longer than the room behind the offset. It is in the error.
   * @throws {RangeError} If the offset does not lie in the buffer.
   * @throws {TypeError} If `buffer` is none, or the next message is no bytes.
   * @throws {EndOfFileError} If nothing is left and the other end is closed, or is meanwhile.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  recvBytesIntoSync(buffer: BytesLike, options?: RecvIntoOptions & SyncWaitOptions): number {
    const room = roomIn(buffer, options);
    return fill(room, this.#line.bytesOf(this.#line.getSync(options), room.length));
  }

  /**
   * Receives messages until the other end is closed and nothing is left.
   */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<R> {
    for (;;) {
      let value: R;
      try {
        value = await this.recv();
      } catch (error) {
        if (error instanceof EndOfFileError) return;
        throw error;
      }
      yield value;
    }
  }

  // -- the rest --

  /**
   * Tells whether a receive would not wait: a message is there, or the other end is closed. Nothing is received.
   *
   * @param options `timeout`: milliseconds to wait for that at most, default 0; `signal` to give up.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  poll(options?: WaitOptions): Promise<boolean> {
    return this.#line.poll(options);
  }

  /**
   * Tells whether a receive would not wait, blocking this thread for a while if it would. Nothing is received.
   *
   * @param options `timeout`: milliseconds to wait for that at most, default 0.
   * @throws {DeadlockError} If the timeout is `Infinity` and only this thread holds the other end.
   * @throws {InvalidStateError} If the connection is closed, or only sends.
   */
  pollSync(options?: SyncWaitOptions): boolean {
    return this.#line.pollSync(options);
  }

  /**
   * Closes the connection. Whoever waits at it in this thread is told; what was sent still arrives, over a socket as long as
   * this program runs, and for two more seconds at its end. Closing again does nothing.
   */
  close(): void {
    this.#line.close();
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Closes the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Describes the connection, as `<Connection open>`. */
  toString(): string {
    return `<Connection ${this.closed ? "closed" : "open"}>`;
  }

  /**
   * Gives what travels of the connection.
   *
   * @ignore
   */
  [HANDLE](target: "thread" | "process"): HandleRecord {
    return { type: "process/Connection", data: this.#line.handle(target) };
  }

  /**
   * Gives the state of the connection, as a wait for many objects sees it.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    return this.#line.state();
  }
}

function partToSend(bytes: BytesLike, options: SendBytesOptions | undefined): Uint8Array {
  const what = "send bytes";
  return copyBytes(partOf(viewOf(bytes, what), options?.offset ?? 0, options?.size, what));
}

function roomIn(buffer: BytesLike, options: RecvIntoOptions | undefined): Uint8Array {
  const what = "receive bytes";
  return partOf(viewOf(buffer, what), options?.offset ?? 0, undefined, what);
}

function fill(room: Uint8Array, bytes: Uint8Array): number {
  room.set(bytes);
  return bytes.length;
}

function checkLength(options: RecvBytesOptions | undefined): number {
  const most = options?.maxLength ?? Infinity;
  if (most !== Infinity) checkIndex("maxLength", most, Infinity, "receive bytes");
  return most;
}

registerHandle("process/Connection", (data) => {
  const [end, luggage] = data as [SentEnd, SocketLuggage | null];
  const wire = luggage === null ? PIPE_WIRE : socketWire(luggage);
  return connectionOver(PipeEnd.receive(end), wire);
}, import.meta.url);
