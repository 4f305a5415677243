/**
 * The types that the files of the codec share.
 *
 * @module
 */

/** What a message has to reach: another thread of this process, or another process. */
export type Target = "thread" | "process";

/** A message: its bytes, and the shared buffers that go beside them. */
export interface Encoded {
  /** The bytes of the message. */
  bytes: Uint8Array;
  /** The raw `SharedArrayBuffer`s in the value, in the order of their first occurrence. */
  buffers: SharedArrayBuffer[];
}

/** A state of the encoder to which it can return. */
export interface Checkpoint {
  pos: number;
  seen: number;
  shapes: number;
  deferred: number;
  buffers: number;
  required: number;
  depth: number;
  undeferred: number;
}
