/** What the suites of asyncio share: coroutines in every form, and looks at what is printed. */

import { hub, sleep } from "../../coroutine/mod.ts";

// A greenlet that never comes back is told by its name, and not by the end of patience.
hub.watchdog({ limit: 10_000 });

/** What a coroutine of a test is written as. */
// deno-lint-ignore no-explicit-any -- what a yield gives depends on what was yielded
export type Steps<T> = Generator<unknown, T, any>;

/** A way to write coroutines. */
export interface Form {
  /** The name for the tests. */
  readonly name: string;
  /** Makes one. The type is that of an asynchronous function, which for the library both forms have. */
  make<A extends unknown[], T>(steps: (...args: A) => Steps<T>): (...args: A) => Promise<T>;
}

/** Every form. */
export const FORMS: readonly Form[] = [
  { name: "async functions", make: (steps) => (...args) => drive(steps(...args)) },
  { name: "generator functions", make: (steps) => steps as never },
];

async function drive<T>(steps: Steps<T>): Promise<T> {
  let step = (): IteratorResult<unknown, T> => steps.next();
  for (;;) {
    const result = step();
    if (result.done) return result.value;
    try {
      const value = await result.value;
      step = () => steps.next(value);
    } catch (error) {
      step = () => steps.throw(error);
    }
  }
}

/** Lets everybody run who can, so often that all has been done that needs no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await sleep(0);
}

/** Longer than any test. */
export const FOREVER = 1_000_000;
