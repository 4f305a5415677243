/**
 * Buffers on their way between processes: there is no such way. What is sent is copied.
 *
 * @module
 */

import { UnshareableError } from "../errors.ts";
import type { BufferBroker } from "./worker_host.ts";

/** The broker of all pools on processes. */
export const processBroker: BufferBroker = {
  put() {
    throw refusal();
  },
  take() {
    throw refusal();
  },
  drop() {},
};

function refusal(): UnshareableError {
  return new UnshareableError(
    'Cannot send a SharedArrayBuffer to another process: use a SharedArray, with the scope "process"',
  );
}
