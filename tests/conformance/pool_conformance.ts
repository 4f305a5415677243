/** What a pool does: `apply`, the maps, `imap`, initializers, and its end. */

import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenPoolError,
  CancelledError,
  InvalidStateError,
  TimeoutError,
  UnshareableError,
  WorkerLostError,
} from "../../errors.ts";
import type { AsyncResult, Progress } from "../../pool/mod.ts";
import {
  add,
  addLater,
  allArguments,
  answer,
  count,
  countAndFailAt5,
  countInitialization,
  crowd,
  endWorkerOf5,
  exitInitializer,
  fail,
  failAt5,
  failInitializer,
  failInitializerOnce,
  greet,
  identity,
  isDaemon,
  most,
  occupy,
  pow,
  readState,
  setState,
  setStateLater,
  square,
  stopAt0,
  unsendableAt5,
  waitForGateAt0,
  worker,
} from "../pool/conformance_tasks.ts";
import {
  type AnyPool,
  assertHolds,
  begin,
  collect,
  counter,
  failure,
  meeting,
  outcomes,
  PATIENCE,
  type PoolKind,
  range,
  within,
  withPool,
} from "./pool_support.ts";
import { BAD_TIMEOUTS, turn, until } from "./support.ts";

const SQUARES = range(40).map((x) => x * x);

/** Runs the suite. */
export function poolConformance(kind: PoolKind): void {
  applyConformance(kind);
  mapConformance(kind);
  imapConformance(kind);
  workersConformance(kind);
  endConformance(kind);
}

function applyConformance(kind: PoolKind): void {
  const { name, scope } = kind;

  Deno.test(`${name}.apply() gives the result [M70]`, async () => {
    await withPool(kind, 2, async (pool) => {
      assertEquals(await pool.apply(pow, [2, 8]), 256);
      assertEquals(await pool.apply(addLater, [2, 8]), 10);
      assertEquals(await pool.apply(allArguments), []);
      assertEquals(await pool.apply(greet, ["hi", { self: 1, fn: "two" }]), "hi 1 two");
      assertEquals(await pool.apply((x: number) => x + 1, [8]), 9);
      await failure(pool.apply(fail, ["no"]), RangeError, "no");
    });
  });

  Deno.test(`${name}.applyAsync() gives an AsyncResult [M70]`, async () => {
    await withPool(kind, 1, async (pool) => {
      const meet = meeting(scope);
      const result = pool.applyAsync(answer, [meet.begun, meet.gate, 7]);
      assertEquals(result.ready(), false);
      assertThrows(() => result.successful(), InvalidStateError);
      await assertRejects(() => result.get({ timeout: 0 }), TimeoutError);
      await assertRejects(() => result.get({ timeout: 5 }), TimeoutError);
      await result.wait({ timeout: 5 }).catch((error) => assert(error instanceof TimeoutError));
      meet.gate.set();
      await result.wait();
      assertEquals([result.ready(), result.successful()], [true, true]);
      assertEquals([await result.get({ timeout: 0 }), await result.get(), await result], [7, 7, 7]);
    });
  });

  Deno.test(`${name}.applyAsync() gives an AsyncResult of a failure`, async () => {
    await withPool(kind, 1, async (pool) => {
      const result = pool.applyAsync(fail, ["no"]);
      await result.wait();
      assertEquals([result.ready(), result.successful()], [true, false]);
      await failure(result.get(), RangeError, "no");
      await failure(result, RangeError, "no");
      // Nobody looks at this one.
      await pool.applyAsync(fail, ["unseen"]).wait();
      for (let i = 0; i < 5; i++) await turn();
    });
  });

  Deno.test(`${name}.applyAsync() AsyncResult can be waited for by blocking`, async () => {
    await withPool(kind, 2, (pool) => {
      const result = pool.applyAsync(addLater, [3, 4]);
      assertEquals(result.getSync({ timeout: PATIENCE }), 7);
      assertEquals(pool.mapAsync(square, range(40)).getSync(), SQUARES);
      assertThrows(() => pool.applyAsync(fail, ["no"]).getSync(), RangeError, "no");
      const { begun, gate } = meeting(scope);
      const slow = pool.applyAsync(occupy, [begun, gate]);
      assertThrows(() => slow.getSync({ timeout: 5 }), TimeoutError);
      gate.set();
      assertMatch(slow.getSync(), /./);
      for (const [timeout, ErrorClass] of BAD_TIMEOUTS) {
        assertThrows(() => slow.getSync({ timeout: timeout as number }), ErrorClass);
      }
    });
  });

  Deno.test(`${name}.applyAsync() calls one callback, with the result or the error [M71]`, async () => {
    await withPool(kind, 1, async (pool) => {
      const seen: unknown[] = [];
      const options = {
        callback: (value: unknown) => {
          seen.push(value);
        },
        errorCallback: (error: unknown) => {
          seen.push((error as Error).message);
        },
      };
      await pool.applyAsync(square, [3], options).wait();
      await pool.applyAsync(fail, ["no"], options).wait();
      await pool.mapAsync(square, range(4), options).wait();
      await pool.mapAsync(failAt5, range(10), options).wait();
      await pool.starmapAsync(pow, [[2, 3], [2, 4]], options).wait();
      await turn();
      assertEquals(seen, [9, "no", [0, 1, 4, 9], "five", [8, 16]]);
    });
  });

  Deno.test(`${name}.applyAsync() callback may call the pool, and harms nobody when it throws`, async () => {
    await withPool(kind, 1, async (pool) => {
      const nested = new Promise<number>((resolve) => {
        pool.applyAsync(square, [3], {
          callback: (nine) => {
            pool.applyAsync(square, [nine], { callback: resolve });
          },
        });
      });
      assertEquals(await nested, 81);
      const broken = pool.applyAsync(square, [3], {
        callback: () => {
          throw new RangeError("a broken callback");
        },
      });
      assertEquals(await broken, 9);
      assertEquals(await pool.apply(square, [4]), 16);
    });
  });

  Deno.test(`${name}.applyAsync() refuses what is no function, no arguments, no callback`, async () => {
    await withPool(kind, 1, async (pool) => {
      for (const bad of [undefined, null, 7, "square", {}]) {
        assertThrows(() => pool.applyAsync(bad as never), TypeError);
        assertThrows(() => pool.mapAsync(bad as never, []), TypeError);
        await assertRejects(async () => await pool.apply(bad as never), TypeError);
        await assertRejects(async () => await pool.map(bad as never, [1]), TypeError);
      }
      for (const bad of [7, null, {}]) {
        assertThrows(() => pool.applyAsync(square, bad as never), TypeError);
      }
      const options = { callback: 7 } as never;
      assertThrows(() => pool.applyAsync(square, [1], options), TypeError);
      assertThrows(() => pool.applyAsync(square, [1], 7 as never), TypeError);
      assertEquals(await pool.apply(square, [4]), 16);
    });
  });

  Deno.test(`${name}.applyAsync() refuses bad options of the task`, async () => {
    await withPool(kind, 1, async (pool) => {
      for (const [timeout, ErrorClass] of BAD_TIMEOUTS) {
        const options = { timeout: timeout as number };
        assertThrows(() => pool.applyAsync(square, [1], options), ErrorClass);
        await assertRejects(async () => await pool.map(square, [1], options), ErrorClass);
      }
      for (const signal of [7, {}, new AbortController()]) {
        assertThrows(() => pool.applyAsync(square, [1], { signal: signal as never }), TypeError);
      }
      assertEquals(await pool.apply(square, [4]), 16);
    });
  });
}

function mapConformance(kind: PoolKind): void {
  const { name, scope } = kind;

  for (const chunksize of [undefined, 1, 3, 40, 100]) {
    const options = chunksize === undefined ? {} : { chunksize };
    Deno.test(`${name} maps give the results in order, chunks: ${chunksize} [M70, M76]`, async () => {
      await withPool(kind, 2, async (pool) => {
        const pairs = range(40).map((x): [number, number] => [x, 2]);
        assertEquals(await pool.map(square, range(40), options), SQUARES);
        assertEquals(await pool.mapAsync(square, range(40), options), SQUARES);
        assertEquals(await pool.starmap(pow, pairs, options), SQUARES);
        assertEquals(await pool.starmapAsync(pow, pairs, options), SQUARES);
        assertEquals(await collect(pool.imap(square, range(40), options)), SQUARES);
        const unordered = await collect(pool.imapUnordered(square, range(40), options));
        assertEquals(unordered.sort((a, b) => a - b), SQUARES);
      });
    });

    Deno.test(`${name} maps of nothing give nothing, chunks: ${chunksize} [M73]`, async () => {
      await withPool(kind, 1, async (pool) => {
        assertEquals(await pool.map(square, [], options), []);
        assertEquals(await pool.mapAsync(square, new Set<number>(), options), []);
        assertEquals(await pool.starmap(pow, [], options), []);
        assertEquals(await collect(pool.imap(square, [], options)), []);
        assertEquals(await collect(pool.imapUnordered(square, [], options)), []);
      });
    });
  }

  Deno.test(`${name} maps take iterables of every kind`, async () => {
    await withPool(kind, 2, async (pool) => {
      const sync = function* (): Generator<number> {
        yield* range(4);
      };
      const later = async function* (): AsyncGenerator<number> {
        for (const x of range(4)) {
          await turn();
          yield x;
        }
      };
      const expected = [0, 1, 4, 9];
      for (const make of [sync, later, () => new Set(range(4)), () => new Float64Array(range(4))]) {
        assertEquals(await pool.map(square, make()), expected);
        assertEquals(await collect(pool.imap(square, make())), expected);
        assertEquals((await collect(pool.imapUnordered(square, make()))).sort(), expected);
      }
      const entries = new Map([["a", 1], ["b", 2]]);
      assertEquals(await pool.map(identity, entries), [["a", 1], ["b", 2]]);
      assertEquals(await pool.starmap(allArguments, entries), [["a", 1], ["b", 2]]);
      assertEquals(await pool.starmap(allArguments, ["ab", new Set([1])] as never), [["a", "b"], [
        1,
      ]]);
      for (const bad of [7, null, undefined, {}]) {
        await assertRejects(async () => await pool.map(square, bad as never), TypeError);
        await assertRejects(async () => await collect(pool.imap(square, bad as never)), TypeError);
      }
      assertEquals(await pool.map(square, [, 2] as number[]), [NaN, 4]);
    });
  });

  Deno.test(`${name}.starmap() refuses an item that is no row of arguments; the pool goes on`, async () => {
    await withPool(kind, 2, async (pool) => {
      for (const bad of [7, null, undefined, {}]) {
        const rows = [[1, 2], bad, [3, 4]] as [number, number][];
        await assertRejects(async () => await pool.starmap(add, rows), TypeError);
      }
      assertEquals(await pool.starmap(add, [[1, 2], [3, 4]]), [3, 7]);
      assertEquals(await pool.starmap(allArguments, [[], [1], [1, 2, 3]]), [[], [1], [1, 2, 3]]);
    });
  });

  Deno.test(`${name}.map() rejects with an item's error; the rest of its chunk does not run`, async () => {
    await withPool(kind, 1, async (pool) => {
      const calls = counter(scope);
      const rows = range(10).map((x) => [x, calls] as const);
      await failure(pool.starmap(countAndFailAt5, rows as never, { chunksize: 10 }), RangeError);
      assertEquals(calls.value, 6);
      calls.value = 0;
      await failure(pool.starmap(countAndFailAt5, rows as never, { chunksize: 1 }), RangeError);
      await pool.apply(square, [1]);
      assertEquals(calls.value, 10);
    });
  });

  Deno.test(`${name} maps pass on what the input throws, and the pool goes on [M74]`, async () => {
    await withPool(kind, 2, async (pool) => {
      const broken = function* (): Generator<number> {
        yield* range(3);
        throw new RangeError("broken input");
      };
      for (let i = 0; i < 3; i++) {
        await failure(pool.map(square, broken()), RangeError, "broken input");
        const mapping = async (): Promise<number[]> => await pool.mapAsync(square, broken());
        await failure(mapping(), RangeError, "broken input");
        const seen = await outcomes(pool.imap(square, broken()));
        assertEquals(seen.slice(0, 3), [0, 1, 4]);
        assertMatch(String(seen[3]), /broken input/);
        assertEquals(seen.length, 4);
        const unordered = await outcomes(pool.imapUnordered(square, broken()));
        assertEquals(unordered.filter((one) => typeof one === "number").length, 3);
        assertEquals(unordered.length, 4);
      }
      assertEquals(await pool.map(square, range(40)), SQUARES);
    });
  });

  Deno.test(`${name} maps refuse an item that cannot be sent, wherever it is; the pool goes on`, async () => {
    await withPool(kind, 2, async (pool) => {
      const items = [1, 2, Symbol("mine"), 4] as number[];
      await failure(pool.map(identity, items), UnshareableError);
      await failure(pool.map(identity, items, { chunksize: 1 }), UnshareableError);
      await assertRejects(async () => await pool.mapAsync(identity, items), UnshareableError);
      const seen = await outcomes(pool.imap(identity, items));
      assertEquals(seen.slice(0, 2), [1, 2]);
      assert(seen[2] instanceof UnshareableError, String(seen[2]));
      assertThrows(() => pool.applyAsync(identity, [Symbol("mine")]), UnshareableError);
      assertEquals(await pool.map(square, range(40)), SQUARES);
    });
  });

  Deno.test(`${name}.map() refuses bad sizes of chunks`, async () => {
    await withPool(kind, 1, async (pool) => {
      for (const chunksize of [0, -1, 0.5, NaN]) {
        await assertRejects(async () => await pool.map(square, [1], { chunksize }), RangeError);
        await assertRejects(
          async () => await collect(pool.imap(square, [1], { chunksize })),
          RangeError,
        );
      }
      for (const chunksize of ["1", null, {}] as never[]) {
        await assertRejects(async () => await pool.map(square, [1], { chunksize }), TypeError);
      }
    });
  });

  Deno.test(`${name} maps end as a whole when time is up, and when they are aborted`, async () => {
    await withPool(kind, 1, async (pool) => {
      const [{ gate }, calls] = [meeting(scope), counter(scope)];
      const rows = range(8).map((x) => [x === 1 ? 0 : 7, calls, gate] as const);
      const late = pool.starmap(stopAt0, rows as never, { chunksize: 1, timeout: 100 });
      await failure(late, TimeoutError);
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = [
        pool.map(square, range(40), { signal }),
        pool.mapAsync(square, range(40), { signal }),
        collect(pool.imap(square, range(40), { signal })),
        collect(pool.imapUnordered(square, range(40), { signal })),
      ].map((one) => one.then(null, (reason) => reason));
      controller.abort("enough");
      assertEquals(await Promise.all(aborted), Array(4).fill("enough"));
      gate.set();
      assertEquals(await pool.map(square, range(40)), SQUARES);
      assert(calls.value <= 3, `${calls.value} calls`);
    });
  });

  Deno.test(`${name} maps run side by side without mixing`, async () => {
    await withPool(kind, 2, async (pool) => {
      const maps = range(20).map((i) => pool.starmap(add, range(50).map((x) => [x, i * 1000])));
      const all = await Promise.all(maps);
      all.forEach((sums, i) => assertEquals(sums, range(50).map((x) => x + i * 1000)));
    });
  });

  Deno.test(`${name} maps of 20 000 items`, async () => {
    await withPool(kind, 2, async (pool) => {
      const expected = range(20_000).map((x) => x * x);
      assertEquals(await pool.map(square, range(20_000)), expected);
      assertEquals(await collect(pool.imap(square, range(20_000), { chunksize: 100 })), expected);
      assertEquals(await collect(pool.imap(square, range(20_000))), expected);
      const unordered = await collect(pool.imapUnordered(square, range(20_000)));
      assertEquals(unordered.sort((a, b) => a - b), expected);
    });
  });

  Deno.test(`${name}.map() counts for onProgress, the last time when all is done`, async () => {
    await withPool(kind, 2, async (pool) => {
      const seen: { done: number; total: number | null; failed: number }[] = [];
      const onProgress = (progress: Progress): void => {
        seen.push({ done: progress.done, total: progress.total, failed: progress.failed });
      };
      await pool.map(square, range(40), { onProgress });
      assertEquals(seen.at(-1), { done: 40, total: 40, failed: 0 });
      for (let i = 1; i < seen.length; i++) {
        assert((seen[i]?.done ?? 0) >= (seen[i - 1]?.done ?? 0));
      }
      seen.length = 0;
      assertEquals((await outcomes(pool.imap(failAt5, range(10), { onProgress }))).length, 10);
      assertEquals([seen.at(-1)?.done, seen.at(-1)?.failed], [10, 1]);
    });
  });
}

function imapConformance(kind: PoolKind): void {
  const { name, scope } = kind;

  for (const chunksize of [1, 4]) {
    Deno.test(`${name}.imap() goes on after an item that failed, chunks of ${chunksize} [M76]`, async () => {
      await withPool(kind, 2, async (pool) => {
        const iterator = pool.imap(failAt5, range(10), { chunksize });
        const seen = await outcomes(iterator);
        assert(seen[5] instanceof RangeError, String(seen[5]));
        assertEquals(seen.toSpliced(5, 1), range(10).toSpliced(5, 1));
        assertEquals((await iterator.next()).done, true);
        assertEquals((await iterator.next()).done, true);
        const unordered = await outcomes(pool.imapUnordered(failAt5, range(10), { chunksize }));
        assertEquals(unordered.filter((one) => one instanceof RangeError).length, 1);
        assertEquals(unordered.filter((one) => typeof one === "number").length, 9);
      });
    });
  }

  Deno.test(`${name}.imap() reports the item at which its worker ended, and runs the others of its chunk`, async () => {
    await withPool(kind, 2, async (pool) => {
      for (const chunksize of [1, 5, 12]) {
        const seen = await outcomes(pool.imap(endWorkerOf5, range(12), { chunksize }));
        assert(seen[5] instanceof WorkerLostError, String(seen[5]));
        assertEquals(seen.toSpliced(5, 1), range(12).toSpliced(5, 1));
      }
      const unordered = await outcomes(
        pool.imapUnordered(endWorkerOf5, range(12), { chunksize: 4 }),
      );
      assertEquals(unordered.filter((one) => one instanceof WorkerLostError).length, 1);
      assertHolds(unordered.filter((one) => typeof one === "number"), range(12).toSpliced(5, 1));
    });
  });

  Deno.test(`${name}.imap() reports the item whose result cannot be sent, and it alone [M83]`, async () => {
    await withPool(kind, 2, async (pool) => {
      for (const chunksize of [1, 5, 12]) {
        const seen = await outcomes(pool.imap(unsendableAt5, range(12), { chunksize }));
        assert(seen[5] instanceof UnshareableError, String(seen[5]));
        assertEquals(seen.toSpliced(5, 1), range(12).toSpliced(5, 1));
      }
    });
  });

  Deno.test(`${name}.imap() takes an endless input, so far ahead only`, async () => {
    await withPool(kind, 2, async (pool) => {
      for (const method of ["imap", "imapUnordered"] as const) {
        let [pulled, closed] = [0, false];
        const endless = function* (): Generator<number> {
          try {
            for (;;) yield pulled++;
          } finally {
            closed = true;
          }
        };
        let sum = 0;
        for await (const value of pool[method](square, endless())) {
          sum += value;
          if (pulled > 500) break;
        }
        assert(sum > 0);
        assert(pulled < 50_000, `${pulled} items were taken`);
        await until(() => closed, "the end of the input");
      }
      assertEquals(await pool.apply(square, [3]), 9);
    });
  });

  Deno.test(`${name}.imap() may be asked for many items at once`, async () => {
    await withPool(kind, 2, async (pool) => {
      const iterator = pool.imap(square, range(5));
      const answers = await Promise.all(range(7).map(() => iterator.next()));
      assertEquals(answers.slice(0, 5).map(({ value }) => value), [0, 1, 4, 9, 16]);
      assertEquals(answers.slice(5).map(({ done }) => done), [true, true]);
    });
  });

  Deno.test(`${name}.imapUnordered() gives what is there, imap() waits for its turn [M76]`, async () => {
    await withPool(kind, 2, async (pool) => {
      const { gate } = meeting(scope);
      const items = [0, 1, 2, 3].map((x) => [x, gate] as const);
      const unordered = pool.imapUnordered(waitForGateAt0, items);
      const ordered = pool.imap(waitForGateAt0, items);
      const first = ordered.next();
      let arrived = false;
      first.then(() => arrived = true);
      const seen: number[] = [];
      for (let i = 0; i < 3; i++) seen.push((await unordered.next()).value as number);
      assertEquals(seen.sort(), [1, 2, 3]);
      await turn();
      assertEquals(arrived, false);
      gate.set();
      assertEquals((await unordered.next()).value, 0);
      assertEquals((await first).value, 0);
      assertEquals(await outcomes(ordered), [1, 2, 3]);
      assertEquals(await outcomes(unordered), []);
    });
  });

  Deno.test(`${name}.imap() left early cancels what has not begun`, async () => {
    await withPool(kind, 1, async (pool) => {
      const meet = meeting(scope);
      const blocker = pool.applyAsync(occupy, [meet.begun, meet.gate]);
      await begin(meet);
      const calls = counter(scope);
      const rows = function* (): Generator<Parameters<typeof count>[0]> {
        for (;;) yield calls;
      };
      const iterator = pool.imap(count, rows());
      const next = iterator.next();
      await iterator.return?.();
      meet.gate.set();
      await blocker;
      await next.catch((error) => assert(error instanceof CancelledError));
      await pool.apply(square, [3]);
      assert(calls.value <= 1, `${calls.value} calls`);
    });
  });
}

function workersConformance(kind: PoolKind): void {
  const { name, scope } = kind;

  Deno.test(`${name} refuses bad numbers of workers [M77]`, () => {
    for (const workers of [0, -1, 0.5, NaN]) assertThrows(() => kind.make(workers), RangeError);
    for (const workers of ["2", {}, true]) {
      assertThrows(() => kind.make(workers as never), TypeError);
    }
  });

  Deno.test(`${name} refuses bad options [M85, M89]`, () => {
    for (const maxtasksperchild of [0, -1, 0.5, NaN]) {
      assertThrows(() => kind.make(1, { maxtasksperchild }), RangeError);
    }
    for (const maxtasksperchild of ["12", {}] as never[]) {
      assertThrows(() => kind.make(1, { maxtasksperchild }), TypeError);
    }
    for (const initializer of [7, "f", null, {}] as never[]) {
      assertThrows(() => kind.make(1, { initializer }), TypeError);
    }
    assertThrows(() => kind.make(1, 7 as never), TypeError);
  });

  Deno.test(`${name} makes workers anew after 'maxtasksperchild' tasks [M85, F68]`, async () => {
    await withPool(kind, 1, async (pool) => {
      const workers: string[] = [];
      for (let i = 0; i < 9; i++) workers.push(await pool.apply(worker));
      assertEquals(new Set(workers).size, 3);
      for (let i = 0; i < 9; i += 3) assertEquals(new Set(workers.slice(i, i + 3)).size, 1);
    }, { maxtasksperchild: 3 });
    await withPool(kind, 2, async (pool) => {
      const before = new Set(await pool.starmap(worker, range(20).map(() => []), { chunksize: 1 }));
      await pool.map(square, range(100), { chunksize: 1 });
      const after = await pool.starmap(worker, range(20).map(() => []), { chunksize: 1 });
      assert(after.every((one) => !before.has(one)));
    }, { maxtasksperchild: kind.kind === "thread" ? 10 : 50 });
  });

  Deno.test(`${name} ends all that is pending with 'maxtasksperchild: 1' [M86, F70]`, async () => {
    const calls = counter(scope);
    const pool = kind.make(2, { maxtasksperchild: 1 });
    const tasks = kind.kind === "thread" ? 20 : 6;
    const results = range(tasks).map((x) => pool.applyAsync(count, [calls, x]));
    pool.close();
    await pool.join({ timeout: PATIENCE });
    assertEquals(await Promise.all(results), range(tasks));
    assertEquals(calls.value, tasks);
  });

  Deno.test(`${name} has its initializer run once in each worker [M89]`, async () => {
    const calls = counter(scope);
    await withPool(kind, 2, async (pool) => {
      const meet = meeting(scope);
      const both = range(2).map(() => pool.applyAsync(occupy, [meet.begun, meet.gate]));
      await begin(meet, 2);
      meet.gate.set();
      await Promise.all(both);
      const states = await pool.starmap(readState, range(20).map(() => []), { chunksize: 1 });
      assertHolds(states, ["initialized"]);
      assertEquals(calls.value, 2);
    }, { initializer: countInitialization, initargs: [calls] });
    for (const initializer of [setState, setStateLater]) {
      await withPool(kind, 1, async (pool) => {
        assertEquals(await pool.apply(readState), ["my state"]);
      }, { initializer, initargs: [["my state"]] });
    }
  });

  Deno.test(`${name} has its initializer run in replaced workers too`, async () => {
    const calls = counter(scope);
    await withPool(kind, 1, async (pool) => {
      for (let i = 0; i < 6; i++) assertEquals(await pool.apply(readState), "initialized");
      assert(calls.value >= 3, `${calls.value} initializations`);
    }, { initializer: countInitialization, initargs: [calls], maxtasksperchild: 2 });
  });

  for (
    const [how, initializer] of [["throwing", failInitializer], [
      "exiting",
      exitInitializer,
    ]] as const
  ) {
    Deno.test(`${name} is broken when its initializer keeps ${how} [F43, M88]`, async () => {
      const calls = counter(scope);
      await withPool(kind, 2, async (pool) => {
        const results = await Promise.allSettled([
          pool.apply(square, [3]),
          pool.map(square, range(10)),
          collect(pool.imap(square, range(10))),
        ]);
        for (const result of results) {
          assert(result.status === "rejected" && result.reason instanceof BrokenPoolError);
        }
        assertThrows(() => pool.applyAsync(square, [3]), BrokenPoolError);
        await failure(pool.apply(square, [3]), BrokenPoolError);
        assert(calls.value < 200, `${calls.value} attempts`);
        pool.close();
        await pool.join({ timeout: PATIENCE });
      }, { initializer: initializer as typeof failInitializer, initargs: [calls] });
    });
  }

  Deno.test(`${name} goes on when its initializer failed once`, async () => {
    const calls = counter(scope);
    await withPool(kind, 1, async (pool) => {
      assertEquals(await pool.map(square, range(40)), SQUARES);
      assertEquals(calls.value, 2);
    }, { initializer: failInitializerOnce, initargs: [calls] });
  });

  Deno.test(`${name} runs as many tasks at once as it has workers`, async () => {
    await withPool(kind, 3, async (pool) => {
      const inside = counter(scope);
      assertEquals(await pool.starmap(crowd, range(3).map(() => [inside, 3])), [3, 3, 3]);
      inside.value = 0;
      const seen = await pool.map(most, Array(30).fill(inside), { chunksize: 1 });
      assert(Math.max(...seen) <= 3, `${seen}`);
    });
  });

  Deno.test(`${name} runs 'concurrency' async tasks at once in a worker`, async () => {
    await withPool(kind, 1, async (pool) => {
      const inside = counter(scope);
      assertEquals(
        await pool.starmap(crowd, range(8).map(() => [inside, 8]), { chunksize: 1 }),
        Array(8).fill(8),
      );
    }, { concurrency: 8 });
  });

  Deno.test(`${name} runs urgent tasks first`, async () => {
    await withPool(kind, 1, async (pool) => {
      const meet = meeting(scope);
      const blocker = pool.applyAsync(occupy, [meet.begun, meet.gate]);
      await begin(meet);
      const order: number[] = [];
      const results = [-1, 0, 1, 2].map((priority) =>
        pool.applyAsync(identity, [priority], {
          priority,
          callback: (value) => {
            order.push(value as number);
          },
        })
      );
      meet.gate.set();
      await blocker;
      await Promise.all(results);
      assertEquals(order, [2, 1, 0, -1]);
    });
  });

  if (kind.kind === "thread") {
    Deno.test(`${name} has daemons as workers`, async () => {
      await withPool(kind, 1, async (pool) => assertEquals(await pool.apply(isDaemon), true));
    });
  }

  Deno.test(`${name}.statistics() counts`, async () => {
    await withPool(kind, 1, async (pool) => {
      const meet = meeting(scope);
      const blocker = pool.applyAsync(occupy, [meet.begun, meet.gate]);
      await begin(meet);
      const rest = range(3).map((x) => pool.applyAsync(square, [x]));
      const failed = pool.applyAsync(fail, ["no"]);
      const busy = pool.statistics();
      assertEquals([busy.queued, busy.running, busy.done, busy.failed], [4, 1, 0, 0]);
      meet.gate.set();
      await Promise.all([blocker, ...rest, failed.wait()]);
      const idle = pool.statistics();
      assertEquals([idle.queued, idle.running, idle.done, idle.failed], [0, 0, 4, 1]);
    }, {});
  });
}

function endConformance(kind: PoolKind): void {
  Deno.test(`${kind.name} may be made and ended again and again`, async () => {
    // A process takes ten times as long to start as a thread.
    for (let i = 0; i < (kind.kind === "thread" ? 20 : 3); i++) {
      await withPool(kind, 2, async (pool) => {
        assertEquals(await pool.map(square, range(10)), SQUARES.slice(0, 10));
      }, {});
    }
  });

  const { name, scope } = kind;

  /** A pool whose only worker is busy. */
  const busyPool = async (): Promise<
    { pool: AnyPool; open: () => void; blocker: AsyncResult<string> }
  > => {
    const pool = kind.make(1);
    const meet = meeting(scope);
    const blocker = pool.applyAsync(occupy, [meet.begun, meet.gate]);
    await begin(meet);
    return { pool, open: () => meet.gate.set(), blocker };
  };

  Deno.test(`${name}.close() lets what was submitted run, and nothing more [M79]`, async () => {
    const { pool, open, blocker } = await busyPool();
    const results = range(20).map((x) => pool.applyAsync(square, [x]));
    const map = pool.mapAsync(square, range(40));
    pool.close();
    pool.close();
    assertThrows(() => pool.applyAsync(square, [1]), InvalidStateError);
    assertThrows(() => pool.mapAsync(square, [1]), InvalidStateError);
    assertThrows(() => pool.starmapAsync(pow, [[1, 2]]), InvalidStateError);
    for (const call of [() => pool.apply(square, [1]), () => pool.map(square, [1])]) {
      await assertRejects(async () => await call(), InvalidStateError);
    }
    for (const method of ["imap", "imapUnordered"] as const) {
      await assertRejects(async () => await collect(pool[method](square, [1])), InvalidStateError);
    }
    open();
    await pool.join({ timeout: PATIENCE });
    assert(blocker.ready());
    assertEquals(await Promise.all(results), SQUARES.slice(0, 20));
    assertEquals(await map, SQUARES);
    pool.terminate();
    await pool.join();
  });

  Deno.test(`${name}.close() lets an imap that runs take the rest of its input`, async () => {
    const pool = kind.make(2);
    const input = async function* (): AsyncGenerator<number> {
      for (const x of range(200)) {
        if (x % 20 === 0) await turn();
        yield x;
      }
    };
    const iterator = pool.imap(square, input());
    assertEquals((await iterator.next()).value, 0);
    pool.close();
    assertEquals(
      await collect({ [Symbol.asyncIterator]: () => iterator }),
      range(200).map((x) => x * x).slice(1),
    );
    await pool.join({ timeout: PATIENCE });
  });

  Deno.test(`${name}.join() before close() throws InvalidStateError`, async () => {
    await withPool(kind, 1, async (pool) => {
      await assertRejects(async () => await pool.join(), InvalidStateError);
      assertEquals(await pool.apply(square, [3]), 9);
    });
  });

  Deno.test(`${name}.join() rejects when time is up, and when its signal is aborted`, async () => {
    const { pool, open } = await busyPool();
    pool.close();
    await assertRejects(() => pool.join({ timeout: 0 }), TimeoutError);
    await assertRejects(() => pool.join({ timeout: 5 }), TimeoutError);
    const controller = new AbortController();
    const joining = pool.join({ signal: controller.signal });
    controller.abort("enough");
    assertEquals(await joining.catch((reason) => reason), "enough");
    open();
    await Promise.all([pool.join(), pool.join(), pool.join()]);
    await pool.join({ timeout: 0 });
  });

  Deno.test(`${name}.terminate() ends what runs and what waits, whatever it is`, async () => {
    const { pool, blocker } = await busyPool();
    const calls = counter(scope);
    const results = range(20).map((x) => pool.applyAsync(count, [calls, x]));
    const map = pool.mapAsync(square, range(40));
    const iterator = pool.imap(square, range(1000));
    const next = iterator.next();
    const settled = Promise.allSettled([next, blocker, map, ...results]);
    pool.terminate();
    pool.terminate();
    await pool.join({ timeout: PATIENCE });
    for (const result of await settled) {
      assert(result.status === "rejected");
      assert(result.reason instanceof Error, String(result.reason));
    }
    assertEquals(calls.value, 0);
    assertThrows(() => pool.applyAsync(square, [1]), InvalidStateError);
    const after = await within(outcomes(iterator), "the end of the iterator");
    assert(after.every((one) => typeof one !== "number"));
  });

  Deno.test(`${name}.terminate() while the input runs stops it`, async () => {
    const pool = kind.make(2);
    let [pulled, closed] = [0, 0];
    const endless = async function* (): AsyncGenerator<number> {
      try {
        for (;;) {
          await turn();
          yield pulled++;
        }
      } finally {
        closed++;
      }
    };
    const iterator = pool.imap(square, endless());
    const mapping = pool.map(square, endless());
    const mapped = mapping.catch((error) => error);
    await iterator.next();
    pool.terminate();
    await pool.join({ timeout: PATIENCE });
    await until(() => closed === 2, "the end of both inputs");
    assert(await mapped instanceof Error);
    const after = pulled;
    for (let i = 0; i < 5; i++) await turn();
    assertEquals(pulled, after);
  });

  Deno.test(`${name}.terminate() of a pool that does nothing, and of one that has just begun`, async () => {
    for (const workers of [1, 4]) {
      for (const prepare of [() => {}, (pool: AnyPool) => void pool.applyAsync(square, [1])]) {
        const pool = kind.make(workers);
        prepare(pool);
        pool.terminate();
        await pool.join({ timeout: PATIENCE });
      }
    }
  });

  Deno.test(`${name}[Symbol.asyncDispose]() closes and joins [M79]`, async () => {
    const { pool, open, blocker } = await busyPool();
    const results = range(20).map((x) => pool.applyAsync(square, [x]));
    const disposing = pool[Symbol.asyncDispose]();
    assertThrows(() => pool.applyAsync(square, [1]), InvalidStateError);
    open();
    await disposing;
    assert(blocker.successful());
    assertEquals(await Promise.all(results), SQUARES.slice(0, 20));
    await pool[Symbol.asyncDispose]();
  });

  Deno.test(`${name}.with() closes and joins, and terminates when the function throws [M79]`, async () => {
    let pool = kind.make(1);
    pool.terminate();
    let result: AsyncResult<number> | null = null;
    const given = await kind.with(1, (made: AnyPool) => {
      pool = made;
      result = made.applyAsync(square, [3]);
      return "given";
    });
    assertEquals(given, "given");
    assert((result as AsyncResult<number> | null)?.ready());
    assertThrows(() => pool.applyAsync(square, [1]), InvalidStateError);
    const meet = meeting(scope);
    let blocker: AsyncResult<string> | null = null;
    await assertRejects(
      () =>
        kind.with(1, async (made: AnyPool) => {
          blocker = made.applyAsync(occupy, [meet.begun, meet.gate]);
          await begin(meet);
          throw new RangeError("inside");
        }),
      RangeError,
      "inside",
    );
    const error = await (blocker as AsyncResult<string> | null)?.get().catch((one) => one);
    assert(error instanceof Error);
    meet.gate.set();
  });
}

/*
 * Left out:
 *
 * M67, M68  wait() with connections and sentinels: a later module; the rest in wait_conformance.ts
 * M80       see worker_conformance.ts
 * M82       what is kept alive: see tests/pool/garbage_test.ts
 * M83       see worker_conformance.ts
 * M85       Python's process IDs are numbers of threads here
 * M89-M91   of managers: a later module
 */
