/**
 * How messages lie in the queues behind a connection.
 *
 * @module
 */

/** How messages lie in the queues behind a connection. */
export interface Wire {
  /** Gives the item for a value. */
  pack(value: unknown): unknown;
  /** Gives the item for bytes that nobody else changes. */
  packBytes(bytes: Uint8Array): unknown;
  /** Gives the message of an item: a value, or bytes of its own. */
  unpack(item: unknown): unknown;
  /** What travels with the end of a connection; throws if it does not reach a target. */
  luggage(target: "thread" | "process"): unknown;
}

/** Pipes: the queue copies the values itself. */
export const PIPE_WIRE: Wire = {
  pack: (value) => value,
  packBytes: (bytes) => bytes,
  unpack: (item) => item,
  luggage: () => null,
};
