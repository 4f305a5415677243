/** What an executor does: `submit`, `map`, initializers, workers and `shutdown`. */

import {
  assert,
  assertEquals,
  assertFalse,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { BrokenPoolError, CancelledError, InvalidStateError, TimeoutError } from "../../errors.ts";
import type { Future } from "../../pool/mod.ts";
import {
  add,
  allArguments,
  answer,
  count,
  countAndWait,
  countInitialization,
  failAt5,
  failInitializer,
  greet,
  identity,
  occupy,
  occupyLater,
  pow,
  readState,
  setState,
  setStateLater,
  square,
  stopAt0,
  worker,
  workerName,
} from "../pool/conformance_tasks.ts";
import {
  type AnyExecutor,
  begin,
  collect,
  counter,
  type ExecutorKind,
  failure,
  type Meeting,
  meeting,
  outcomes,
  PATIENCE,
  range,
  withExecutor,
} from "./pool_support.ts";
import { turn, until } from "./support.ts";

/** Runs the suite. */
export function executorConformance(kind: ExecutorKind): void {
  const { name, scope } = kind;
  submitConformance(kind);
  mapConformance(kind);
  workersConformance(kind);
  shutdownConformance(kind);

  Deno.test(`${name} has its initializer run once in each worker, before its tasks [F83]`, async () => {
    const initialized = counter(scope);
    await withExecutor(kind, 2, async (executor) => {
      const meet = meeting(scope);
      const both = range(2).map(() => executor.submit(occupy, meet.begun, meet.gate));
      await begin(meet, 2);
      assertEquals(initialized.value, 2);
      meet.gate.set();
      await Promise.all(both);
      for (let i = 0; i < 5; i++) assertEquals(await executor.submit(readState), "initialized");
      assertEquals(initialized.value, 2);
    }, { initializer: countInitialization, initargs: [initialized] });
  });

  Deno.test(`${name} takes an initializer with arguments, an async one too`, async () => {
    for (const initializer of [setState, setStateLater]) {
      await withExecutor(kind, 1, async (executor) => {
        assertEquals(await executor.submit(readState), { my: "state" });
      }, { initializer, initargs: [{ my: "state" }] });
    }
  });

  Deno.test(`${name} is broken when its initializer keeps failing [F43, F85]`, async () => {
    const calls = counter(scope);
    await withExecutor(kind, 1, async (executor) => {
      const futures = range(3).map((x) => executor.submit(square, x));
      for (const future of futures) {
        const error = await failure(future, BrokenPoolError);
        assert(error.cause instanceof RangeError, `${error.cause}`);
        assertEquals(error.cause.message, "no initialization");
      }
      assertThrows(() => executor.submit(square, 3), BrokenPoolError);
      assert(calls.value >= 1 && calls.value < 100, `${calls.value} attempts`);
    }, { initializer: failInitializer, initargs: [calls] });
  });

  Deno.test(`${name} refuses bad options at its construction [F44, F46]`, () => {
    for (const initializer of [7, "f", null, {}]) {
      assertThrows(() => kind.make({ initializer: initializer as never }), TypeError);
    }
    for (const maxWorkers of [0, -1, 0.5, NaN]) {
      assertThrows(() => kind.make({ maxWorkers }), RangeError, "'maxWorkers'");
    }
    for (const maxWorkers of ["2", null, {}]) {
      assertThrows(() => kind.make({ maxWorkers: maxWorkers as never }), TypeError, "'maxWorkers'");
    }
    assertThrows(() => kind.make(4 as never), TypeError);
  });

  Deno.test(`${name} refuses an initializer that cannot travel, at its construction [F83]`, () => {
    const secret = { of: "this function" };
    assertThrows(() => kind.make({ initializer: () => secret.of }), Error, "secret");
  });
}

function submitConformance(kind: ExecutorKind): void {
  const { name, scope } = kind;

  Deno.test(`${name}.submit() gives a future of the result [F13]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      assertEquals(await executor.submit(pow, 2, 8), 256);
      assertEquals(await executor.submit(pow, 2, 8).result(), 256);
      assertEquals(executor.submit(pow, 2, 8).resultSync({ timeout: PATIENCE }), 256);
      assertEquals(await executor.submit((x: number) => x + 1, 8), 9);
    });
  });

  Deno.test(`${name}.submit() passes all arguments on, whatever their names [F14]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      assertEquals(await executor.submit(greet, "hi", { self: 1, fn: "two" }), "hi 1 two");
      assertEquals(await executor.submit(allArguments), []);
      const all = [undefined, null, 0, "", [], {}, { timeout: 1, signal: 2 }];
      assertEquals(await executor.submit(allArguments, ...all), all);
    });
  });

  Deno.test(`${name}.submit() refuses what is no function, and leaves the executor whole`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      for (const bad of [undefined, null, 7, "square", {}]) {
        assertThrows(() => executor.submit(bad as never), TypeError);
      }
      assertEquals(await executor.submit(square, 3), 9);
    });
  });

  Deno.test(`${name}.submit() runs tasks of one worker in their order`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const order: number[] = [];
      const futures = range(50).map((x) => {
        const future = executor.submit(identity, x);
        future.addDoneCallback(() => {
          order.push(x);
        });
        return future;
      });
      assertEquals(await Promise.all(futures), range(50));
      assertEquals(order, range(50));
    });
  });

  Deno.test(`${name}.submit() may be called in a callback of a future [F50]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const done = new Promise<number>((resolve) => {
        const next = (future: Future<number>): void => {
          const value = future.resultSync({ timeout: 0 });
          if (value > 1000) resolve(value);
          else executor.submit(add, value, value).addDoneCallback(next);
        };
        executor.submit(add, 1, 0).addDoneCallback(next);
      });
      assertEquals(await done, 1024);
    });
  });

  Deno.test(`${name}.submit() of a task that is cancelled before it began never runs it`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const [meet, calls] = [meeting(scope), counter(scope)];
      const blocker = executor.submit(occupy, meet.begun, meet.gate);
      await begin(meet);
      const futures = range(20).map((x) => executor.submit(count, calls, x));
      const cancelled = futures.filter((_, i) => i % 2 === 0);
      for (const future of cancelled) assert(future.cancel());
      for (const future of cancelled) await failure(future, CancelledError);
      assertFalse(blocker.cancel());
      meet.gate.set();
      await blocker;
      const rest = await Promise.allSettled(futures);
      assertEquals(rest.filter(({ status }) => status === "fulfilled").length, 10);
      assertEquals(calls.value, 10);
    });
  });
}

function mapConformance(kind: ExecutorKind): void {
  const { name, scope } = kind;

  Deno.test(`${name}.map() gives the results in order, of the shortest of its iterables [F16]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      assertEquals(await collect(executor.map(square, range(10))), range(10).map((x) => x * x));
      assertEquals(await collect(executor.map(pow, range(10), [2, 3, 4])), [0, 1, 16]);
      assertEquals(await collect(executor.map(add, new Set([1, 2]), range(100))), [1, 3]);
      assertEquals(await collect(executor.map(square, [])), []);
    });
  });

  Deno.test(`${name}.map() takes iterables of every kind`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const squares = [0, 1, 4, 9];
      const sync = function* (): Generator<number> {
        yield* range(4);
      };
      const later = async function* (): AsyncGenerator<number> {
        for (const x of range(4)) {
          await turn();
          yield x;
        }
      };
      assertEquals(await collect(executor.map(square, sync())), squares);
      assertEquals(await collect(executor.map(square, later())), squares);
      assertEquals(await collect(executor.map(square, new Set(range(4)))), squares);
      assertEquals(await collect(executor.map(square, new Uint8Array(range(4)))), squares);
      assertEquals(await collect(executor.map(add, sync(), later())), [0, 2, 4, 6]);
      const entries = new Map([["a", 1], ["b", 2]]);
      assertEquals(await collect(executor.map(identity, entries)), [["a", 1], ["b", 2]]);
      assertEquals(await collect(executor.map(identity, "añ")), ["a", "ñ"]);
      for (const bad of [7, null, undefined, {}]) {
        await assertRejects(
          async () => await collect(executor.map(square, bad as never)),
          TypeError,
        );
      }
    });
  });

  Deno.test(`${name}.map() gives the same with any chunksize [F17]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const expected = range(40).map((x) => x * x);
      for (const chunksize of [1, 3, 6, 40, 50]) {
        const mapped = executor.options({ chunksize }).map(square, range(40));
        assertEquals(await collect(mapped), expected);
      }
      for (const chunksize of [0, -1, 0.5, NaN]) {
        assertThrows(() => executor.options({ chunksize }).map(square, [1]), RangeError);
      }
    });
  });

  for (const chunksize of [1, 4]) {
    Deno.test(`${name}.map() throws where an item failed, and goes on: chunks of ${chunksize} [F19]`, async () => {
      await withExecutor(kind, 2, async (executor) => {
        const iterator = executor.options({ chunksize }).map(failAt5, range(10));
        const seen = await outcomes(iterator);
        assert(seen[5] instanceof RangeError);
        assertEquals(seen.toSpliced(5, 1), range(10).toSpliced(5, 1));
        assertEquals((await iterator.next()).done, true);
      });
    });
  }

  Deno.test(`${name}.map() throws TimeoutError when time is up; the rest never runs [F20, F29]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const [gate, calls] = [meeting(scope).gate, counter(scope)];
      const endless = function* <T>(value: T): Generator<T> {
        for (;;) yield value;
      };
      // A worker may take as long to start.
      assertEquals(await executor.submit(square, 1), 1);
      const iterator = executor.options({ timeout: 2000 })
        .map(stopAt0, [1, 2, 0, 3, 4], endless(calls), endless(gate));
      assertEquals([(await iterator.next()).value, (await iterator.next()).value], [1, 2]);
      await assertRejects(() => iterator.next(), TimeoutError);
      assertEquals((await iterator.next()).done, true);
      gate.set();
      assertEquals(await executor.submit(square, 2), 4);
      assert(calls.value <= 3, `${calls.value} calls`);
    });
  });

  Deno.test(`${name}.map() left early cancels the rest [F22]`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const calls = counter(scope);
      const gate = meeting(scope).gate;
      const iterator = executor.map(
        stopAt0,
        [1, 0, 2, 3, 4],
        Array(5).fill(calls),
        Array(5).fill(gate),
      );
      assertEquals((await iterator.next()).value, 1);
      await until(() => calls.value === 2);
      await iterator.return?.();
      assertEquals((await iterator.next()).done, true);
      gate.set();
      assertEquals(await executor.submit(square, 2), 4);
      assertEquals(calls.value, 2);
      for await (const value of executor.map(square, range(1000))) if (value === 4) break;
      assertEquals(await executor.submit(square, 2), 4);
    });
  });

  Deno.test(`${name}.map() begins before anybody asks, and looks ahead so far only [F23, F26, F28]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const calls = counter(scope);
      const iterator = executor.map(count, Array(3).fill(calls), range(3));
      await until(() => calls.value === 3, "the first calls");
      assertEquals(await collect(iterator), [0, 1, 2]);
      let pulled = 0;
      const endless = function* (): Generator<number> {
        for (;;) yield pulled++;
      };
      const squares = executor.map(square, endless());
      for (let i = 0; i < 1000; i++) assertEquals((await squares.next()).value, i * i);
      assert(pulled < 50_000, `${pulled} items were taken`);
      await squares.return?.();
      const after = pulled;
      for (let i = 0; i < 5; i++) await turn();
      assertEquals(pulled, after);
    });
  });

  Deno.test(`${name}.map() takes so many items ahead as 'buffersize' says [F25, F28]`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      for (const buffersize of [1, 2, 10, 20]) {
        const mapped = executor.options({ buffersize }).map(add, range(10), range(10));
        assertEquals(await collect(mapped), range(10).map((x) => x + x));
      }
      let pulled = 0;
      const endless = function* (): Generator<number> {
        for (;;) yield pulled++;
      };
      const iterator = executor.options({ buffersize: 5 }).map(square, endless());
      await until(() => pulled >= 5);
      for (let i = 0; i < 10; i++) await turn();
      assertEquals(pulled, 5);
      assertEquals((await iterator.next()).value, 0);
      await until(() => pulled >= 6);
      for (let i = 0; i < 10; i++) await turn();
      assertEquals(pulled, 6);
      await iterator.return?.();
    });
  });

  Deno.test(`${name}.map() passes on what its input throws, after the items before it`, async () => {
    await withExecutor(kind, 2, async (executor) => {
      const broken = function* (): Generator<number> {
        yield* range(3);
        throw new RangeError("broken input");
      };
      const seen = await outcomes(executor.map(square, broken()));
      assertEquals(seen.slice(0, 3), [0, 1, 4]);
      assert(seen[3] instanceof RangeError && seen[3].message === "broken input");
      assertEquals(seen.length, 4);
      assertEquals(await executor.submit(square, 2), 4);
    });
  });

  Deno.test(`${name}.map() closes its input when it is left`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      let closed = false;
      const endless = function* (): Generator<number> {
        try {
          for (;;) yield 1;
        } finally {
          closed = true;
        }
      };
      for await (const _ of executor.map(square, endless())) break;
      await until(() => closed, "the end of the input");
    });
  });
}

function workersConformance(kind: ExecutorKind): void {
  const { name, scope } = kind;

  Deno.test(`${name} has as many workers as it may, when all are busy [F47, F67]`, async () => {
    await withExecutor(kind, 4, async (executor) => {
      const meet = meeting(scope);
      const futures = range(60).map(() => executor.submit(occupy, meet.begun, meet.gate));
      await begin(meet, 4);
      for (let i = 0; i < 10; i++) await turn();
      assertEquals(meet.begun.value, 0);
      assertEquals(futures.filter((future) => future.running()).length, 4);
      meet.gate.set();
      assertEquals(new Set(await Promise.all(futures)).size, 4);
    });
  });

  Deno.test(`${name} uses an idle worker again before it makes another [F67]`, async () => {
    await withExecutor(kind, 4, async (executor) => {
      const workers = new Set<string>();
      for (let i = 0; i < 10; i++) workers.add(await executor.submit(worker));
      assertEquals(workers.size, 1);
    }, {});
  });

  Deno.test(`${name} runs async tasks of a worker one at a time by default`, async () => {
    await withExecutor(kind, 1, async (executor) => {
      const meet = meeting(scope);
      const first = executor.submit(occupyLater, meet.begun, meet.gate);
      const second = executor.submit(occupyLater, meet.begun, meet.gate);
      await begin(meet);
      for (let i = 0; i < 10; i++) await turn();
      assertEquals([meet.begun.value, first.running(), second.running()], [0, true, false]);
      meet.gate.set();
      await Promise.all([first, second]);
    });
  });

  if (kind.kind === "thread") {
    Deno.test(`${name} names its workers [F49]`, async () => {
      const names = async (executor: AnyExecutor): Promise<string[]> => {
        const meet = meeting(scope);
        const blockers = range(2).map(() => executor.submit(occupy, meet.begun, meet.gate));
        await begin(meet, 2);
        const name = executor.submit(workerName);
        meet.gate.set();
        await Promise.all(blockers);
        return [await name];
      };
      await withExecutor(kind, 3, async (executor) => {
        for (const seen of await names(executor)) assertMatch(seen, /^diver_[0-2]$/);
      }, { threadNamePrefix: "diver" });
      await withExecutor(kind, 1, async (executor) => {
        assertMatch(await executor.submit(workerName), new RegExp(`^${name}-\\d+_0$`));
      });
    });
  }

  Deno.test(`${name} may have executors beside it, which do not mix`, async () => {
    await withExecutor(kind, 1, async (one) => {
      await withExecutor(kind, 1, async (other) => {
        await one.submit(setState, "one");
        await other.submit(setState, "other");
        assertEquals(await one.submit(readState), "one");
        assertEquals(await other.submit(readState), "other");
      });
    });
  });
}

function shutdownConformance(kind: ExecutorKind): void {
  const { name, scope } = kind;

  /** Keeps the only worker busy, with tasks behind. */
  const busy = async (
    executor: AnyExecutor,
  ): Promise<Meeting & { blocker: Future<string>; queued: Future<number>[] }> => {
    const meet = meeting(scope);
    const blocker = executor.submit(occupy, meet.begun, meet.gate);
    await begin(meet);
    return { ...meet, blocker, queued: range(50).map((x) => executor.submit(square, x)) };
  };

  Deno.test(`${name}.shutdown() waits for all that was submitted [F53, F55]`, async () => {
    const executor = kind.make({ maxWorkers: 1 });
    const { gate, queued, blocker } = await busy(executor);
    let over = false;
    const shutting = executor.shutdown().then(() => over = true);
    for (let i = 0; i < 5; i++) await turn();
    assertEquals(over, false);
    gate.set();
    await shutting;
    assert(blocker.done());
    assertEquals(
      queued.map((future) => future.resultSync({ timeout: 0 })),
      range(50).map((x) => x * x),
    );
  });

  Deno.test(`${name}.shutdown() makes later calls throw, also while it goes on`, async () => {
    const executor = kind.make({ maxWorkers: 1 });
    const { gate } = await busy(executor);
    const shutting = executor.shutdown();
    assertThrows(() => executor.submit(square, 1), InvalidStateError);
    assertThrows(() => executor.map(square, [1]), InvalidStateError);
    gate.set();
    await shutting;
    assertThrows(() => executor.submit(square, 1), InvalidStateError);
    await executor.shutdown();
    await executor.shutdown({ wait: false, cancelFutures: true });
  });

  Deno.test(`${name}.shutdown({ cancelFutures: true }) cancels what has not begun [F56]`, async () => {
    const executor = kind.make({ maxWorkers: 1 });
    const { gate, queued, blocker } = await busy(executor);
    const shutting = executor.shutdown({ cancelFutures: true });
    gate.set();
    await shutting;
    assertMatch(await blocker, /./);
    assert(queued.every((future) => future.done()));
    const cancelled = queued.filter((future) => future.cancelled());
    assert(cancelled.length > 40, `${cancelled.length} were cancelled`);
    for (const future of cancelled) await failure(future, CancelledError);
  });

  Deno.test(`${name}.shutdown({ wait: false }) returns at once, and all the same everything runs [F58]`, async () => {
    const executor = kind.make({ maxWorkers: 1 });
    const { gate, queued, blocker } = await busy(executor);
    await executor.shutdown({ wait: false });
    assertFalse(blocker.done());
    gate.set();
    assertEquals(await Promise.all(queued), range(50).map((x) => x * x));
    await executor.shutdown();
  });

  Deno.test(`${name}.shutdown() after a cancellation does not hang [F59]`, async () => {
    for (let i = 0; i < 10; i++) {
      const executor = kind.make({ maxWorkers: 1 });
      const future = executor.submit(square, 3);
      const cancelled = future.cancel();
      await executor.shutdown();
      assert(future.done());
      assertEquals(future.cancelled(), cancelled);
    }
  });

  Deno.test(`${name}.shutdown() of one that never ran anything`, async () => {
    await kind.make().shutdown();
    await kind.make({ maxWorkers: 2 }).shutdown({ cancelFutures: true });
    await kind.make()[Symbol.asyncDispose]();
  });

  Deno.test(`${name}.shutdown() right after a great many submits [F61, F82]`, async () => {
    const calls = counter(scope);
    const executor = kind.make({ maxWorkers: 2 });
    const futures = range(5000).map((x) => executor.submit(count, calls, x));
    await executor.shutdown();
    assertEquals(calls.value, 5000);
    assertEquals(await Promise.all(futures), range(5000));
  });

  Deno.test(`${name}.shutdown() with a map that nobody reads ends`, async () => {
    const calls = counter(scope);
    const gate = meeting(scope).gate;
    gate.set();
    const executor = kind.make({ maxWorkers: 2 });
    const results = executor.map(countAndWait, Array(20).fill(calls), Array(20).fill(gate));
    await executor.shutdown();
    assertEquals((await outcomes(results)).length, 20);
    assertEquals(calls.value, 20);
  });

  Deno.test(`${name}[Symbol.asyncDispose]() waits for all that was submitted [F53]`, async () => {
    const executor = kind.make({ maxWorkers: 2 });
    const results = executor.map(square, range(20));
    const future = executor.submit(answer, meeting(scope).begun, openGate(), 7);
    await executor[Symbol.asyncDispose]();
    assertEquals(future.resultSync({ timeout: 0 }), 7);
    assertEquals(await collect(results), range(20).map((x) => x * x));
    assertThrows(() => executor.submit(square, 1), InvalidStateError);
  });

  /** A gate that is open. */
  function openGate(): Meeting["gate"] {
    const { gate } = meeting(scope);
    gate.set();
    return gate;
  }
}

/*
 * Left out:
 *
 * F31, F32       what is kept alive: see tests/pool/garbage_test.ts
 * F52, F58       what the program's end waits for: see tests/pool/conformance_programs_test.ts
 * F62-F65, F71, F76, F77, F79, F80, F86   deaths and errors: see worker_conformance.ts
 * F62            here a death costs one task, not the pool
 * F68, F70       executors of threads have no limit of tasks a worker; pools have: see pool_conformance.ts
 * F73            only those of processes have terminateWorkers() and killWorkers(): see tests/pool/end_workers_test.ts
 * F74            what starts at the program's end is the business of the threads: see tests/thread/program_test.ts
 * F83            a bound method means nothing here
 * F88            run_in_executor and interpreters mean nothing here
 */
