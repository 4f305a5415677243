/**
 * Buffers on their way between threads: the supervisor holds them.
 *
 * @module
 */

import { keepBuffers } from "../thread/launcher.ts";
import { dropBuffers, takeBuffers } from "../thread/realm.ts";
import type { BufferBroker } from "./worker_host.ts";

/** The broker of all pools on threads. */
export const threadBroker: BufferBroker = {
  put: (buffers, moved) => keepBuffers(buffers, moved),
  take: (key, keep) => takeBuffers(key, keep),
  drop: (key) => dropBuffers(key),
};
