/** What the suites of the hub share. */

import { hub } from "../../coroutine/mod.ts";

// A greenlet that never comes back is told by its name, and not by the end of patience.
hub.watchdog({ limit: 10_000 });

// deno-lint-ignore no-explicit-any -- what a yield gives depends on what was yielded
export type Steps = (...args: any[]) => Generator<unknown, unknown, any>;

/** A kind of function that a greenlet can be made of. */
export interface BodyKind {
  name: string;
  /** Makes such a function of a generator function that yields what it waits for. */
  // deno-lint-ignore no-explicit-any -- the tests know what it takes and returns
  of(steps: Steps): (...args: any[]) => any;
}

/** Both kinds of functions that can wait. */
export const BODY_KINDS: readonly BodyKind[] = [
  { name: "generator", of: (steps) => steps },
  {
    name: "async",
    of: (steps) => async (...args) => {
      const generator = steps(...args);
      let step = generator.next();
      while (step.done !== true) {
        let value: unknown;
        try {
          value = await step.value;
        } catch (error) {
          step = generator.throw(error);
          continue;
        }
        step = generator.next(value);
      }
      return await step.value;
    },
  },
];

/** Runs a function, and gives what the hook of the hub was told meanwhile, and in the two turns after it. */
export async function reportsOf(fn: () => unknown): Promise<unknown[]> {
  const reports: unknown[] = [];
  const previous = hub.setExcepthook(({ error }) => reports.push(error));
  try {
    await fn();
    for (let i = 0; i < 2; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  } finally {
    hub.setExcepthook(previous);
  }
  return reports;
}

/** What a promise throws; `null` if it does not. */
export async function thrown(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}
