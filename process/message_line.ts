/**
 * What a connection does with messages.
 *
 * @module
 */

import {
  BrokenPipeError,
  BufferTooShortError,
  EndOfFileError,
  InvalidStateError,
  ShutDownError,
  TimeoutError,
  UnshareableError,
} from "../errors.ts";
import { isOutOfTime } from "../_core/deadline.ts";
import type { PipeEnd, SentEnd } from "../_core/pipe_end.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import type { WaitState } from "../_core/wait_state.ts";
import { ConnectionState } from "./connection_state.ts";
import type { Wire } from "./wire.ts";

const SEND = "send";
const RECEIVE = "receive";
const POLL = "poll connection";

/** An end of a pipe, and how messages lie in its queues. */
export class MessageLine {
  readonly end: PipeEnd;
  readonly #wire: Wire;
  /** A message that was no bytes when bytes were wanted. */
  #returned: { value: unknown } | null = null;

  /** Talks over an end. */
  constructor(end: PipeEnd, wire: Wire) {
    this.end = end;
    this.#wire = wire;
  }

  /** Sends a value. */
  send(value: unknown, options: WaitOptions | undefined): Promise<void> {
    return this.#put(() => this.#wire.pack(value), options);
  }

  /** Sends a value; blocks. */
  sendSync(value: unknown, options: SyncWaitOptions | undefined): void {
    this.#putSync(() => this.#wire.pack(value), options);
  }

  /** Sends bytes. */
  sendBytes(part: () => Uint8Array, options: WaitOptions | undefined): Promise<void> {
    return this.#put(() => this.#wire.packBytes(part()), options);
  }

  /** Sends bytes; blocks. */
  sendBytesSync(part: () => Uint8Array, options: SyncWaitOptions | undefined): void {
    this.#putSync(() => this.#wire.packBytes(part()), options);
  }

  #put(pack: () => unknown, options: WaitOptions | undefined): Promise<void> {
    try {
      this.#checkWritable();
      const timeout = checkWait(options, SEND);
      return this.end.put(pack(), timeout, options?.signal).then(
        undefined,
        (error) => this.#fail(error, SEND, timeout),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #putSync(pack: () => unknown, options: SyncWaitOptions | undefined): void {
    this.#checkWritable();
    const timeout = checkSyncWait(options, SEND);
    const item = pack();
    try {
      this.end.putSync(item, timeout);
    } catch (error) {
      this.#fail(error, SEND, timeout);
    }
  }

  /** Receives a message. */
  get(options: WaitOptions | undefined): Promise<unknown> {
    try {
      this.#checkReadable(RECEIVE);
      const timeout = checkWait(options, RECEIVE);
      const returned = this.#takeReturned();
      if (returned !== null) return Promise.resolve(returned.value);
      return this.end.get(timeout, options?.signal).then(
        (item) => this.#wire.unpack(item),
        (error) => this.#fail(error, RECEIVE, timeout),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Receives a message; blocks. */
  getSync(options: SyncWaitOptions | undefined): unknown {
    this.#checkReadable(RECEIVE);
    const timeout = checkSyncWait(options, RECEIVE);
    const returned = this.#takeReturned();
    if (returned !== null) return returned.value;
    let item: unknown;
    try {
      item = this.end.getSync(timeout);
    } catch (error) {
      this.#fail(error, RECEIVE, timeout);
    }
    return this.#wire.unpack(item);
  }

  /** Receives a message if one is there. */
  tryGet(): { value: unknown } | null {
    this.#checkReadable(RECEIVE);
    const returned = this.#takeReturned();
    if (returned !== null) return returned;
    let found: { value: unknown } | null = null;
    try {
      found = this.end.tryGet();
    } catch (error) {
      this.#fail(error, RECEIVE, 0);
    }
    return found === null ? null : { value: this.#wire.unpack(found.value) };
  }

  #takeReturned(): { value: unknown } | null {
    const returned = this.#returned;
    this.#returned = null;
    return returned;
  }

  /** Gives a message that has to be bytes, and not too many; what is none is received next time. */
  bytesOf(value: unknown, most: number): Uint8Array {
    if (!(value instanceof Uint8Array)) {
      this.#returned = { value };
      throw new TypeError("Cannot receive bytes: the message is a value, receive it by recv()");
    }
    if (value.length <= most) return value;
    throw new BufferTooShortError(
      `Cannot receive bytes: the message has ${value.length}, and there is room for ${most}`,
      { bytes: value },
    );
  }

  /** Tells whether a receive would not wait. */
  async poll(options: WaitOptions | undefined): Promise<boolean> {
    this.#checkReadable(POLL);
    const timeout = checkWait(options, POLL);
    return this.#returned !== null ||
      await this.end.ready(options?.timeout === undefined ? 0 : timeout, options?.signal);
  }

  /** Tells whether a receive would not wait; blocks. */
  pollSync(options: SyncWaitOptions | undefined): boolean {
    this.#checkReadable(POLL);
    const timeout = checkSyncWait(options, POLL);
    return this.#returned !== null ||
      this.end.readySync(options?.timeout === undefined ? 0 : timeout);
  }

  /** The state of the line, as a wait for many objects sees it. */
  state(): WaitState {
    this.#checkReadable("wait");
    return new ConnectionState(this.end, () => this.#returned !== null);
  }

  /** Closes the end. */
  close(): void {
    this.#returned = null;
    this.end.close();
  }

  /** Gives what travels of the line. */
  handle(target: "thread" | "process"): [SentEnd, unknown] {
    this.#checkOpen("send Connection");
    const { scope } = this.end;
    const luggage = this.#wire.luggage(target);
    if (scope === "local" || scope === "thread" && target === "process") {
      throw new UnshareableError(
        `Cannot send Connection: its scope is "${scope}", create the pipe with { scope: "${target}" }`,
      );
    }
    return [this.end.send(), luggage];
  }

  #checkReadable(what: string): void {
    this.#checkOpen(what);
    if (this.end.readable) return;
    throw new InvalidStateError(`Cannot ${what}: this end of the pipe only sends`);
  }

  #checkWritable(): void {
    this.#checkOpen(SEND);
    if (this.end.writable) return;
    throw new InvalidStateError(`Cannot ${SEND}: this end of the pipe only receives`);
  }

  #checkOpen(what: string): void {
    if (this.end.isOpen) return;
    if (!this.end.isLost) throw new InvalidStateError(`Cannot ${what}: the connection is closed`);
    throw what === SEND ? brokenPipe() : endOfFile();
  }

  /** Says what the end of a wait means for a connection. */
  #fail(error: unknown, what: string, timeout: number): never {
    if (error instanceof ShutDownError) throw what === SEND ? brokenPipe() : endOfFile();
    if (isOutOfTime(error, timeout)) {
      const reason = what === SEND ? "there was no room" : "no message came";
      throw new TimeoutError(`Cannot ${what}: ${reason} for ${timeout} ms`);
    }
    throw error;
  }
}

function brokenPipe(): BrokenPipeError {
  return new BrokenPipeError("Cannot send: the other end is closed");
}

function endOfFile(): EndOfFileError {
  return new EndOfFileError("Cannot receive: nothing is left, and the other end is closed");
}
