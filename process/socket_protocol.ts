/**
 * What a thread and the worker that owns its sockets tell each other.
 *
 * All goes through pipes between threads. Each request brings the end of a pipe: the first item that comes back on it is the
 * answer. On the pipe of a listener follow the ends of pipes that stand for connections; the pipe of a client is the
 * connection itself from then on. Who closes a pipe closes what stands behind it.
 *
 * @module
 */

import type { Encoded } from "../_core/codec.ts";
import type { SentEnd } from "../_core/pipe_end.ts";

/** Where a listener listens: the path of a Unix socket, or a host and a port. */
export type Address = string | [host: string, port: number];

/** What the worker is started with. */
export interface PumpData {
  /** What the worker is: this also tells our workers from those of the program. */
  nogil: "sockets";
  /** The memory of the arena. */
  arena: Encoded["buffers"][number];
  /** The number of the agent that the worker is. */
  agent: number;
  /** The end of the pipe on which requests come. */
  requests: SentEnd;
}

/** What both sides have to agree on. */
export interface Terms {
  /** The key that both sides have to know; `null`: none. */
  authkey: Uint8Array | null;
  /** How many bytes a message may have. */
  maxBytes: number;
}

/** A request to the worker. */
export type Request =
  | (Terms & { type: "listen"; address: Address; backlog: number; line: SentEnd })
  | (Terms & { type: "connect"; address: Address; line: SentEnd })
  /** Answer when all that was sent is with the operating system. */
  | { type: "flush"; line: SentEnd };

/** The first message on a line. */
export type Answer = { address: Address } | { error: Error };

/** The further messages on the line of a listener. */
export type Arrival =
  | { line: SentEnd; from: Address | null }
  | { error: Error };
