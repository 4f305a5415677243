/** Random programs of tasks: whatever fails, is cancelled or runs out of time, everything that has begun ends. */

import { assert, assertEquals } from "@std/assert";
import {
  createTask,
  gather,
  hub,
  run,
  shield,
  sleep,
  TaskGroup,
  timeout,
  waitFor,
} from "../../coroutine/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Semaphore } from "../../sync/mod.ts";
import { type Form, FORMS, type Steps } from "../conformance/asyncio_support.ts";
import { turn, until } from "../conformance/support.ts";

const SEEDS = 400;

/** A stream of random numbers below `n`. */
function randomFrom(seed: number): (n: number) => number {
  let state = seed * 2654435761 + 1 >>> 0;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % n;
  };
}

/** One random program, and what has become of it. */
class Program {
  begun = 0;
  ended = 0;
  readonly #random: (n: number) => number;
  readonly #form: Form;
  readonly #queue: Queue<number> = new Queue(1, { scope: "local" });
  readonly #semaphore: Semaphore = new Semaphore(1, { scope: "local" });

  constructor(form: Form, seed: number) {
    this.#form = form;
    this.#random = randomFrom(seed);
  }

  /** Makes a function that does a random thing, perhaps by other such functions. */
  part(depth: number): () => Promise<unknown> {
    const random = this.#random;
    const steps = this.#steps(depth);
    const cleanUp = random(4);
    // deno-lint-ignore no-this-alias -- generator functions have their own
    const program = this;
    return this.#form.make(function* () {
      program.begun++;
      try {
        return yield* steps();
      } finally {
        // It may be cancelled again.
        try {
          if (cleanUp === 0) yield sleep(random(2));
        } finally {
          program.ended++;
        }
      }
    });
  }

  #steps(depth: number): () => Steps<unknown> {
    const random = this.#random;
    const parts = (): (() => Promise<unknown>)[] =>
      Array.from({ length: 1 + random(3) }, () => this.part(depth - 1));
    const pause = (): Promise<void> => sleep(random(3));
    const queue = this.#queue;
    const semaphore = this.#semaphore;
    switch (depth === 0 ? random(6) : random(14)) {
      case 0:
        return function* () {
          yield pause();
          throw new Error("fails");
        };
      case 1:
        return function* () {
          yield queue.put(1, { timeout: 3 });
        };
      case 2:
        return function* () {
          yield queue.get({ timeout: 3 });
        };
      case 3:
        return function* () {
          const guard: Disposable = yield semaphore.acquire();
          try {
            yield pause();
          } finally {
            guard[Symbol.dispose]();
          }
        };
      case 4:
      case 5:
        return function* () {
          yield pause();
          return 1;
        };
      case 6: {
        const children = parts();
        const returnExceptions = random(2) === 0;
        return function* () {
          return yield gather(children, { returnExceptions });
        };
      }
      case 7:
      case 8: {
        const children = parts();
        return function* () {
          yield TaskGroup.run((group) => {
            for (const child of children) group.createTask(child);
            return pause();
          });
        };
      }
      case 9: {
        const [child] = parts();
        return function* () {
          yield timeout(random(4), child as () => Promise<unknown>);
        };
      }
      case 10: {
        const [child] = parts();
        return function* () {
          yield waitFor(createTask(child as () => Promise<unknown>), random(4));
        };
      }
      case 11: {
        const [child] = parts();
        return function* () {
          yield shield(child as () => Promise<unknown>);
        };
      }
      case 12: {
        const [child] = parts();
        return function* () {
          const task = createTask(child as () => Promise<unknown>);
          yield pause();
          task.cancel();
          yield task.join();
        };
      }
      default: {
        const children = parts();
        return function* () {
          const tasks = children.map((child) => createTask(child));
          for (const task of tasks) task.addDoneCallback(() => {});
          yield pause();
        };
      }
    }
  }
}

for (const form of FORMS) {
  Deno.test(`random programs of ${form.name} end, and leave nothing behind`, async () => {
    const hook = hub.setExcepthook(() => {});
    try {
      let failed = 0;
      let begun = 0;
      for (let seed = 0; seed < SEEDS; seed += 20) {
        const programs = Array.from({ length: 20 }, (_, i) => new Program(form, seed + i));
        const results = await Promise.allSettled(programs.map((program) => run(program.part(4))));
        failed += results.filter(({ status }) => status === "rejected").length;
        programs.forEach((program, i) => {
          assertEquals([seed + i, program.ended], [seed + i, program.begun]);
          begun += program.begun;
        });
      }
      assert(
        failed > SEEDS / 10 && failed < SEEDS * 9 / 10 && begun > 2 * SEEDS,
        `${failed} ${begun}`,
      );
      const left = (): unknown[] => {
        const { greenlets, ready, sleeping, waits } = hub.statistics();
        return [greenlets, ready, sleeping, waits];
      };
      await until(() => JSON.stringify(left()) === "[0,0,0,{}]", `${JSON.stringify(left())}`);
      // The hook is told after a turn of the event loop.
      await turn();
    } finally {
      hub.setExcepthook(hook);
    }
  });
}
