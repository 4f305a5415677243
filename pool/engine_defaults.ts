/**
 * Times of an engine, unless its options or its tuning say otherwise.
 *
 * @module
 */

/** While its thread is blocked, the engine looks after the workers at least so often, in milliseconds. */
export const BLOCKED_SLICE = 40;
/** From the abortion of a task to the end of its worker, in milliseconds. */
export const DEFAULT_GRACE = 1000;
/** Who waits looks again at least so often, in milliseconds. */
export const DEFAULT_SLICE = 250;
/** So long a worker looks for work before it sleeps, in microseconds. */
export const DEFAULT_SPIN = 20;
