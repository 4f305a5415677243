/**
 * The pipe: two connections that talk to each other.
 *
 * @module
 */

import type { Scope } from "../_core/handle.ts";
import { PipeEnd } from "../_core/pipe_end.ts";
import { checkScope } from "../_core/place.ts";
import { type Connection, connectionOver } from "./connection.ts";
import { PIPE_WIRE } from "./wire.ts";

/** Options of a {@linkcode Pipe}. */
export interface PipeOptions {
  /** How far its ends travel: `"process"` (default), `"thread"`, or `"local"` for the promises of one thread. */
  scope?: Scope;
}

/**
 * Makes a pipe: two connections, each of which receives what is sent at the other.
 *
 * Either end can be passed to another thread or process, and closes by itself with the last of those that have it. See
 * {@linkcode Connection}.
 *
 * @example Usage
 * ```ts
 * import { Pipe } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const [receiver, sender] = Pipe<string>(false, { scope: "thread" });
 * await sender.send("hello");
 * sender.close();
 * const messages = [];
 * for await (const message of receiver) messages.push(message);
 * assertEquals(messages, ["hello"]);
 * ```
 *
 * @typeParam A What the first connection receives.
 * @typeParam B What the second connection receives.
 * @param duplex Whether both ends send and receive (default). If not, the first receives and the second sends.
 * @param options `scope`: how far the ends travel.
 * @throws {TypeError} If `duplex` is no boolean, or the scope is unknown.
 * @throws {NotSupportedError} If the scope is `"process"`, and what it needs is not granted or installed.
 */
export function Pipe<A = unknown, B = A>(
  duplex?: boolean,
  options?: PipeOptions,
): [Connection<A, B>, Connection<B, A>] {
  const isDuplex: unknown = duplex ?? true;
  if (typeof isDuplex !== "boolean") {
    throw new TypeError(
      `Cannot create Pipe: 'duplex' must be a boolean: received ${typeof isDuplex}`,
    );
  }
  const scope = checkScope({ ...options, scope: options?.scope ?? "process" }, "Pipe");
  const [one, two] = PipeEnd.create(scope, isDuplex);
  return [connectionOver<A, B>(one, PIPE_WIRE), connectionOver<B, A>(two, PIPE_WIRE)];
}
