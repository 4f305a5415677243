/**
 * What greenlets lead to, and how they are killed.
 *
 * @module
 */

import type { WaitOptions } from "../_core/wait_options.ts";

/** What a greenlet's function leads to: what its generator or its promise does, or what it returns. */
export type GreenletResult<R> = R extends Generator<unknown, infer T, infer _Next> ? Awaited<T>
  : Awaited<R>;

/** How a greenlet is killed. */
export interface KillOptions extends WaitOptions {
  /**
   * Milliseconds that the greenlet has to end in. After that it is given up: it counts as dead, whatever its code does.
   * Default: 1000; `Infinity` never gives it up.
   */
  grace?: number;
}
