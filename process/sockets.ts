/**
 * How a thread talks to the worker that owns its sockets.
 *
 * @module
 */

import { InvalidStateError, TimeoutError } from "../errors.ts";
import { isOutOfTime } from "../_core/deadline.ts";
import { currentAgent } from "../_core/agent.ts";
import type { Encoded } from "../_core/codec.ts";
import { PipeEnd } from "../_core/pipe_end.ts";
import { runtime } from "../_runtime/runtime.ts";
import { bootUrl } from "./socket_boot.ts";
import type { Address, Answer, PumpData, Request, Terms } from "./socket_protocol.ts";
import { LIMIT, MOST_BYTES } from "./socket_wire.ts";

/** So long the worker may take to answer what needs no other side, in milliseconds. */
const PATIENCE = 30_000;
/** So long the end of the program waits until what was sent is with the operating system, in milliseconds. */
const LAST_FLUSH = 2000;

/** What a request says besides its line. */
type Order = Request extends infer R ? R extends Request ? Omit<R, "line"> : never : never;

let requests: PipeEnd | null = null;

/** Sends a request; gives the end of the pipe on which the answer comes. */
export function ask(order: Order): PipeEnd {
  const control = requests ??= startWorker();
  const [mine, theirs] = PipeEnd.create("thread", true);
  control.putSync({ ...order, line: theirs.send() }, PATIENCE);
  theirs.close();
  return mine;
}

/** Takes the answer to a request. */
export async function answer(
  line: PipeEnd,
  timeout: number,
  signal: AbortSignal | undefined,
  what: string,
): Promise<Address> {
  try {
    return settle(await line.get(timeout, signal) as Answer);
  } catch (error) {
    line.close();
    throw isOutOfTime(error, timeout) ? late(what, timeout) : error;
  }
}

/** Takes the answer to a request; blocks. */
export function answerSync(line: PipeEnd, timeout: number, what: string): Address {
  try {
    return settle(line.getSync(timeout) as Answer);
  } catch (error) {
    line.close();
    throw isOutOfTime(error, timeout) ? late(what, timeout) : error;
  }
}

/** Takes the answer to a request that needs nobody else; blocks. */
export function answerSoon(line: PipeEnd, what: string): Address {
  return answerSync(line, PATIENCE, what);
}

function settle(answer: Answer): Address {
  if ("error" in answer) throw answer.error;
  return answer.address;
}

function late(what: string, timeout: number): TimeoutError {
  return new TimeoutError(`Cannot ${what}: there was no answer for ${timeout} ms`);
}

function startWorker(): PipeEnd {
  const agent = currentAgent();
  const id = agent.reserveId();
  const [mine, theirs] = PipeEnd.create("thread", true);
  const data: PumpData = {
    nogil: "sockets",
    arena: agent.arena.buffer as Encoded["buffers"][number],
    agent: id,
    requests: theirs.send(),
  };
  theirs.close();
  const onExit = (): void => {
    // All that it had is closed, and the next request starts another one.
    requests = null;
    mine.close();
    agent.reap(id);
  };
  try {
    runtime().spawnWorker(bootUrl, data, { name: "nogil sockets", onExit }).unref();
  } catch (error) {
    onExit();
    throw error;
  }
  runtime().onProcessExit(flush);
  return mine.outlast();
}

/** Waits until all that was sent is with the operating system. */
function flush(): void {
  if (requests === null) return;
  const line = ask({ type: "flush" });
  try {
    line.getSync(LAST_FLUSH);
  } catch {
    // It has answered by the end of the pipe, or there is nothing more to be done.
  }
}

/** What both sides have to agree on, as the program says it. */
export interface SocketOptions {
  /** The key that the other side has to know, too, as a string or bytes. Default: none. */
  authkey?: string | Uint8Array;
  /** How many bytes a message may have in either direction. Default: 64 MiB. */
  maxBytes?: number;
}

/**
 * Checks what both sides have to agree on.
 *
 * @throws {TypeError} If something has a wrong type.
 * @throws {RangeError} If `maxBytes` is out of range.
 */
export function checkTerms(options: SocketOptions | undefined, what: string): Terms {
  const authkey: unknown = options?.authkey;
  if (authkey !== undefined && typeof authkey !== "string" && !(authkey instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot ${what}: 'authkey' must be a string or a Uint8Array: received ${typeof authkey}`,
    );
  }
  const maxBytes = options?.maxBytes ?? MOST_BYTES;
  if (typeof maxBytes !== "number") {
    throw new TypeError(`Cannot ${what}: 'maxBytes' must be a number: received ${typeof maxBytes}`);
  }
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > LIMIT) {
    throw new RangeError(
      `Cannot ${what}: 'maxBytes' must be an integer from 1 to ${LIMIT}: received ${maxBytes}`,
    );
  }
  return {
    authkey: authkey === undefined
      ? null
      : typeof authkey === "string"
      ? new TextEncoder().encode(authkey)
      : authkey.slice(),
    maxBytes,
  };
}

/**
 * Checks an address.
 *
 * @throws {TypeError} If it is none.
 * @throws {RangeError} If its port is out of range.
 */
export function checkAddress(address: unknown, what: string): Address {
  if (typeof address === "string" && address !== "") return address;
  if (Array.isArray(address) && address.length === 2) {
    const [host, port] = address as [unknown, unknown];
    if (typeof host === "string" && typeof port === "number") {
      if (Number.isInteger(port) && port >= 0 && port <= 0xffff) return [host, port];
      throw new RangeError(
        `Cannot ${what}: the port must be an integer from 0 to 65535: received ${port}`,
      );
    }
  }
  throw new TypeError(
    `Cannot ${what}: 'address' must be the path of a Unix socket, or ["host", port]: received ${typeof address}`,
  );
}

/** Why a listener or a client cannot be used. */
export function closedError(what: string): InvalidStateError {
  return new InvalidStateError(`Cannot ${what}: the listener is closed`);
}
