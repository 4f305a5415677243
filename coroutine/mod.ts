/**
 * Greenlets, as in Python's `greenlet`: functions that stop in the middle, let each other run, and go on.
 *
 * A greenlet says itself when another one runs and which, by `switch`, and values and errors pass with the switch, both
 * ways. There is no loop and no scheduler, and nothing is asynchronous: a switch takes some ten nanoseconds. They are what
 * schedulers, generators of another kind, state machines and simulations are built of.
 *
 * In JavaScript only a generator can stop in the middle, and only at a `yield`. So the code of a greenlet is a generator
 * function (`function*`), and it yields each switch: `yield other.switch(value)`. A `yield` that was forgotten is an
 * error that says so. Plain code, outside of all greenlets, calls `other.switch(value)` as in Python.
 *
 * ```ts
 * import { RawGreenlet } from "@nogil/std/coroutine";
 *
 * const one: RawGreenlet = new RawGreenlet(function* () {
 *   console.log(12);
 *   yield two.switch();
 *   console.log(34);
 * });
 * const two: RawGreenlet = new RawGreenlet(function* () {
 *   console.log(56);
 *   yield one.switch();
 *   console.log(78); // is never reached: nobody switches back
 * });
 * one.switch(); // 12 56 34
 * ```
 *
 * @module
 */

export {
  getCurrent,
  type GreenletFunction,
  RawGreenlet,
  type Switched,
  type Switching,
} from "./raw_greenlet.ts";
export { getTrace, setTrace, type TraceFunction } from "./trace.ts";
export type { GreenletContext } from "./trampoline.ts";
