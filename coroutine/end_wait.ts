/**
 * Waiting for the end of a greenlet, with or without a limit.
 *
 * @module
 */

import { InvalidStateError, TimeoutError } from "../errors.ts";
import { calledWithin } from "../_core/deadline.ts";
import { checkWait, type WaitOptions } from "../_core/wait_options.ts";
import { subscribe } from "./greenlet_state.ts";
import { joinWait, outcomeOf } from "./join_wait.ts";
import { hubScope } from "./scheduler.ts";
import { currentStrand, DEAD, type Strand } from "./strand.ts";

/** Waits until a greenlet is dead; gives its value, or throws its error, if `wantsValue`. */
export function waitUntilDead(
  strand: Strand,
  options: WaitOptions | undefined,
  wantsValue: boolean,
): Promise<unknown> {
  try {
    const timeout = checkWait(options);
    if (strand.state === DEAD) return outcomeOf(strand, wantsValue);
    if (currentStrand() === strand) {
      const verb = wantsValue ? "get result of" : "join";
      throw new InvalidStateError(`Cannot ${verb} greenlet: it would wait for itself`);
    }
    if (options === undefined) return joinWait(strand, wantsValue);
    return waitWithin(strand, timeout, options.signal, wantsValue);
  } catch (error) {
    return Promise.reject(error);
  }
}

async function waitWithin(
  strand: Strand,
  timeout: number,
  signal: AbortSignal | undefined,
  wantsValue: boolean,
): Promise<unknown> {
  const { name } = strand.facade as { name: string };
  const what = `${name}.${wantsValue ? "get" : "join"}()`;
  if (await calledWithin((done) => subscribe(strand, done), timeout, signal, what, hubScope())) {
    return outcomeOf(strand, wantsValue);
  }
  throw new TimeoutError(`Cannot wait for ${name}: it is not dead after ${timeout} ms`);
}
