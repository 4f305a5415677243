/**
 * Connecting to a listener.
 *
 * @module
 */

import {
  checkSyncWait,
  checkWait,
  type SyncWaitOptions,
  type WaitOptions,
} from "../_core/wait_options.ts";
import { type Connection, connectionOver } from "./connection.ts";
import type { Address, Terms } from "./socket_protocol.ts";
import type { PipeEnd } from "../_core/pipe_end.ts";
import { socketWire } from "./socket_wire.ts";
import {
  answer,
  answerSync,
  ask,
  checkAddress,
  checkTerms,
  type SocketOptions,
} from "./sockets.ts";

const WHAT = "connect";

/**
 * Connects to a {@linkcode Listener}, in whatever process or machine it is.
 *
 * @example Usage
 * ```ts
 * import { Client, Listener } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = new Listener({ address: ["127.0.0.1", 0] });
 * const client = await Client<string>(listener.address);
 * await client.send("hello");
 * const server = await listener.accept<string>();
 * assertEquals(await server.recv(), "hello");
 * client.close();
 * server.close();
 * listener.close();
 * ```
 *
 * @typeParam R The type of what is received.
 * @typeParam S The type of what is sent.
 * @param address The path of a Unix socket, or `["host", port]`: what the listener's `address` says.
 * @param options `authkey`: the listener's key; `maxBytes` of a message; `timeout` in milliseconds, `signal` to give up.
 * @returns The connection.
 * @throws {AuthenticationError} If one side does not know the other's key.
 * @throws {NotFoundError} If nobody listens there.
 * @throws {EndOfFileError} If what listens there is no listener of this library.
 * @throws {TimeoutError} If time runs out.
 * @throws {TypeError} If an argument has a wrong type.
 */
export async function Client<R = unknown, S = R>(
  address: Address,
  options?: SocketOptions & WaitOptions,
): Promise<Connection<R, S>> {
  const timeout = checkWait(options, WHAT);
  const [line, terms] = begin(address, options);
  await answer(line, timeout, options?.signal, WHAT);
  return connectionOver(line, socketWire({ maxBytes: terms.maxBytes }));
}

/**
 * Connects to a {@linkcode Listener} as {@linkcode Client} does, blocking this thread.
 *
 * @example Usage
 * ```ts
 * import { ClientSync, Listener } from "@nogil/std/process";
 * import { assertEquals } from "@std/assert";
 *
 * const listener = new Listener();
 * const client = ClientSync<string>(listener.address);
 * client.sendSync("hello");
 * const server = listener.acceptSync<string>();
 * assertEquals(server.recvSync(), "hello");
 * client.close();
 * server.close();
 * listener.close();
 * ```
 *
 * @typeParam R The type of what is received.
 * @typeParam S The type of what is sent.
 * @param address The path of a Unix socket, or `["host", port]`: what the listener's `address` says.
 * @param options `authkey`: the listener's key; `maxBytes` of a message; `timeout` in milliseconds.
 * @returns The connection.
 * @throws {AuthenticationError} If one side does not know the other's key.
 * @throws {NotFoundError} If nobody listens there.
 * @throws {EndOfFileError} If what listens there is no listener of this library.
 * @throws {TimeoutError} If time runs out.
 * @throws {TypeError} If an argument has a wrong type.
 */
export function ClientSync<R = unknown, S = R>(
  address: Address,
  options?: SocketOptions & SyncWaitOptions,
): Connection<R, S> {
  const timeout = checkSyncWait(options, WHAT);
  const [line, terms] = begin(address, options);
  answerSync(line, timeout, WHAT);
  return connectionOver(line, socketWire({ maxBytes: terms.maxBytes }));
}

function begin(address: Address, options: SocketOptions | undefined): [PipeEnd, Terms] {
  const checked = checkAddress(address, WHAT);
  const terms = checkTerms(options, WHAT);
  return [ask({ type: "connect", address: checked, ...terms }), terms];
}
