/**
 * Where connections come in.
 *
 * @module
 */

import { InvalidStateError, ShutDownError, TimeoutError } from "../errors.ts";
import { isOutOfTime } from "../_core/deadline.ts";
import { PipeEnd } from "../_core/pipe_end.ts";
import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { WAITABLE, type WaitState } from "../_core/wait_state.ts";
import { runtime } from "../_runtime/runtime.ts";
import { makeSocketPath, removeLeftovers, removeSocket } from "../_runtime/socket_path.ts";
import { type Connection, connectionOver } from "./connection.ts";
import { ConnectionState } from "./connection_state.ts";
import type { Address, Arrival } from "./socket_protocol.ts";
import { socketWire } from "./socket_wire.ts";
import { answerSoon, ask, checkAddress, checkTerms, type SocketOptions } from "./sockets.ts";

/** Options of a {@linkcode Listener}. */
export interface ListenerOptions extends SocketOptions {
  /** The path of a Unix socket, or `["host", port]`, where port 0 is any that is free. Default: see `family`. */
  address?: Address;
  /**
   * What to listen at when there is no `address`: `"AF_UNIX"` (default) a Unix socket in a folder of its own, `"AF_INET"` a
   * free port that this machine alone can reach. `"AF_PIPE"` is what `"AF_UNIX"` is on Windows.
   */
  family?: "AF_UNIX" | "AF_INET" | "AF_PIPE";
  /** How many connections may wait to be accepted; more are turned away. Default: 128. */
  backlog?: number;
}

const FAMILIES: readonly unknown[] = [undefined, "AF_UNIX", "AF_INET", "AF_PIPE"];
const ACCEPT = "accept connection";

/** The Unix sockets of listeners that are open. */
const paths: Set<string> = new Set();
let watchesExit = false;

/** A listener that was collected is closed. */
const dropped = new FinalizationRegistry<() => void>((close) => close());

/**
 * A place where connections from other processes and machines come in; {@linkcode Client} connects to it.
 *
 * Whoever connects has to know the `authkey`, if there is one, and the listener proves that it knows it, too: by HMAC,
 * neither side tells the other the key. The messages themselves are not encrypted. They are data and nothing else: no
 * code is run that came with a message, whoever sent it.
 *
 * @example Usage
 * ```ts
 * import { Client, Listener } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = new Listener({ authkey: "secret" });
 * const [server, client] = await Promise.all([
 *   listener.accept(),
 *   Client(listener.address, { authkey: "secret" }),
 * ]);
 * await client.send({ hello: "world" });
 * assertEquals(await server.recv(), { hello: "world" });
 * client.close();
 * server.close();
 * listener.close();
 * ```
 */
export class Listener implements AsyncDisposable {
  readonly #line: PipeEnd;
  readonly #address: Address;
  readonly #maxBytes: number;
  readonly #close: () => void;
  #lastAccepted: Address | null = null;

  /**
   * Begins to listen. Blocks for a moment.
   *
   * @param options `address` and `family`: where; `authkey`: what clients have to know; `backlog`: how many may wait;
   * `maxBytes` of a message.
   * @throws {TypeError} If an option has a wrong type.
   * @throws {RangeError} If a number is out of range, or the path is too long for a Unix socket.
   * @throws {AlreadyExistsError} If the address is in use.
   * @throws {NotFoundError} If the folder of the path does not exist.
   */
  constructor(options?: ListenerOptions) {
    const what = "create Listener";
    if (typeof (options ?? {}) !== "object") {
      throw new TypeError(
        `Cannot ${what}: options must be an object, as { address: ["127.0.0.1", 8080] }: received ${typeof options}`,
      );
    }
    const terms = checkTerms(options, what);
    const backlog = checkBacklog(options?.backlog, what);
    const wanted = addressOf(options, what);
    const made = typeof wanted === "string" ? wanted : null;
    const line = ask({ type: "listen", address: wanted, backlog, ...terms });
    try {
      this.#address = answerSoon(line, what);
    } catch (error) {
      if (made !== null && options?.address === undefined) removeSocket(made);
      throw error;
    }
    this.#line = line;
    this.#maxBytes = terms.maxBytes;
    if (made !== null) watch(made);
    this.#close = () => closeLine(line, made);
    dropped.register(this, this.#close);
  }

  /** Where it listens: the path of a Unix socket, or the host and the port. */
  get address(): Address {
    return this.#address;
  }

  /** Where the connection that was accepted last came from; `null` for Unix sockets, and before the first. */
  get lastAccepted(): Address | null {
    return this.#lastAccepted;
  }

  /** Whether it was closed. */
  get closed(): boolean {
    return !this.#line.isOpen;
  }

  /**
   * Waits for the next connection. What was sent on it before it was accepted is not lost.
   *
   * @param options `timeout` in milliseconds, `signal` to give up.
   * @throws {AuthenticationError} If somebody has tried to connect who does not know the key. The listener goes on.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the listener is closed, or is meanwhile.
   */
  async accept<R = unknown, S = R>(options?: WaitOptions): Promise<Connection<R, S>> {
    const timeout = checkWait(options, ACCEPT);
    this.#checkOpen();
    let arrival: Arrival;
    try {
      arrival = await this.#line.get(timeout, options?.signal) as Arrival;
    } catch (error) {
      this.#fail(error, timeout);
    }
    return this.#welcome(arrival);
  }

  /**
   * Blocks this thread until the next connection comes. What was sent on it before it was accepted is not lost.
   *
   * @param options `timeout` in milliseconds.
   * @throws {AuthenticationError} If somebody has tried to connect who does not know the key. The listener goes on.
   * @throws {TimeoutError} If time runs out.
   * @throws {InvalidStateError} If the listener is closed.
   */
  acceptSync<R = unknown, S = R>(options?: SyncWaitOptions): Connection<R, S> {
    const timeout = checkSyncWait(options, ACCEPT);
    this.#checkOpen();
    let arrival: Arrival;
    try {
      arrival = this.#line.getSync(timeout) as Arrival;
    } catch (error) {
      this.#fail(error, timeout);
    }
    return this.#welcome(arrival);
  }

  #welcome<R, S>(arrival: Arrival): Connection<R, S> {
    if ("error" in arrival) throw arrival.error;
    this.#lastAccepted = arrival.from;
    return connectionOver(
      PipeEnd.receive(arrival.line),
      socketWire({ maxBytes: this.#maxBytes }),
    );
  }

  /** Stops listening, and removes its Unix socket. Connections that were accepted stay open. Closing again does nothing. */
  close(): void {
    this.#close();
  }

  /** Stops listening. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Stops listening. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Describes the listener, as `<Listener /tmp/…/s>`. */
  toString(): string {
    const address = typeof this.#address === "string" ? this.#address : this.#address.join(":");
    return `<Listener ${address}${this.closed ? " closed" : ""}>`;
  }

  /**
   * Gives the state of the listener, as a wait for many objects sees it: done while an accept would not wait.
   *
   * @ignore
   */
  [WAITABLE](): WaitState {
    this.#checkOpen();
    return new ConnectionState(this.#line, () => false);
  }

  #checkOpen(): void {
    if (this.closed) throw new InvalidStateError(`Cannot ${ACCEPT}: the listener is closed`);
  }

  #fail(error: unknown, timeout: number): never {
    if (isOutOfTime(error, timeout)) {
      throw new TimeoutError(`Cannot ${ACCEPT}: none came for ${timeout} ms`);
    }
    if (error instanceof ShutDownError) {
      throw new InvalidStateError(`Cannot ${ACCEPT}: the worker that listens is gone`);
    }
    throw error;
  }
}

function addressOf(options: ListenerOptions | undefined, what: string): Address {
  const family: unknown = options?.family;
  if (!FAMILIES.includes(family)) {
    throw new TypeError(
      `Cannot ${what}: 'family' must be "AF_UNIX", "AF_INET" or "AF_PIPE": received ${
        String(family)
      }`,
    );
  }
  if (options?.address === undefined) {
    if (family === "AF_INET") return ["127.0.0.1", 0];
    removeLeftovers();
    return makeSocketPath();
  }
  const address = checkAddress(options.address, what);
  if (family !== undefined && (family === "AF_INET") !== Array.isArray(address)) {
    throw new TypeError(`Cannot ${what}: 'family' does not fit 'address'`);
  }
  return address;
}

function checkBacklog(backlog: number | undefined, what: string): number {
  if (backlog === undefined) return 128;
  if (typeof backlog !== "number") {
    throw new TypeError(`Cannot ${what}: 'backlog' must be a number: received ${typeof backlog}`);
  }
  if (Number.isInteger(backlog) && backlog >= 1 && backlog <= 0xffff) return backlog;
  throw new RangeError(
    `Cannot ${what}: 'backlog' must be an integer from 1 to 65535: received ${backlog}`,
  );
}

/** Removes the socket at the end of the program, if it is open by then. */
function watch(path: string): void {
  paths.add(path);
  if (watchesExit) return;
  watchesExit = true;
  runtime().onProcessExit(() => {
    for (const path of paths) removeSocket(path);
  });
}

/** Closes the line of a listener, and the connections that nobody has accepted. */
function closeLine(line: PipeEnd, path: string | null): void {
  if (!line.isOpen) return;
  try {
    for (let found; (found = line.tryGet()) !== null;) {
      const arrival = found.value as Arrival;
      if ("line" in arrival) PipeEnd.receive(arrival.line).close();
    }
  } catch {
    // The worker is gone, and all of its sockets.
  }
  line.close();
  if (path === null) return;
  removeSocket(path);
  paths.delete(path);
}
