/**
 * A look at every switch.
 *
 * @module
 */

import type { RawGreenlet } from "./raw_greenlet.ts";
import { currentTracer, exchangeTracer, type Tracer } from "./trampoline.ts";

/**
 * Is called with every switch, after it was made and before its target goes on.
 *
 * @param event `"throw"` if an error is passed, `"switch"` if a value is.
 * @param origin The greenlet that was running. It may have ended.
 * @param target The greenlet that goes on.
 */
export type TraceFunction = (
  event: "switch" | "throw",
  origin: RawGreenlet,
  target: RawGreenlet,
) => void;

/**
 * Sets the function that is called with every switch of this thread.
 *
 * If it throws, it is taken away, and the error is thrown where the target goes on. It may not switch.
 *
 * @param trace The function; `null` for none.
 * @returns The function that was set before.
 * @throws {TypeError} If `trace` is neither a function nor `null`.
 *
 * @example Usage
 * ```ts
 * import { getCurrent, RawGreenlet, setTrace } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * const events: string[] = [];
 * const previous = setTrace((event, origin, target) => events.push(`${event}: ${origin} → ${target}`));
 * new RawGreenlet(() => 1).switch();
 * setTrace(previous);
 * assertEquals(events, [
 *   "switch: <RawGreenlet suspended main> → <RawGreenlet current>",
 *   "switch: <RawGreenlet dead> → <RawGreenlet current main>",
 * ]);
 * ```
 */
export function setTrace(trace: TraceFunction | null): TraceFunction | null {
  if (trace !== null && typeof trace !== "function") {
    throw new TypeError(`Cannot set trace: expected a function or null, received ${typeof trace}`);
  }
  return exchangeTracer(trace as Tracer | null) as TraceFunction | null;
}

/** Gives the function that is called with every switch of this thread, or `null`. *
 * @example Usage
 * ```ts
 * import { getTrace } from "@nogil/std/coroutine";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getTrace(), null);
 * ```
 */
export function getTrace(): TraceFunction | null {
  return currentTracer() as TraceFunction | null;
}
