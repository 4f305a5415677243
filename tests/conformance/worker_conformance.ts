/** What happens to tasks in workers, of pools and of executors: values, errors, deaths, cancellation, nesting. */

import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { RemoteError, TimeoutError, UnshareableError, WorkerLostError } from "../../errors.ts";
import { Value } from "../../process/mod.ts";
import { Queue } from "../../queue/mod.ts";
import { Lock } from "../../sync/mod.ts";
import {
  addUnderLock,
  callsInWorker,
  count,
  CustomError,
  descend,
  endWorker,
  endWorkerAt5,
  endWorkerAtFirst,
  endWorkerOf5,
  fail,
  failCustom,
  failMany,
  failPrivate,
  failWithFunction,
  hasTask,
  identity,
  leaveThings,
  makeBytes,
  mapInPool,
  mirror,
  occupy,
  Point,
  pump,
  putInto,
  returnUnsendable,
  scribble,
  sleepFor,
  spin,
  square,
  sumBytes,
  throwUnsendable,
  throwValue,
  untilAborted,
  untilAbortEvent,
  worker,
} from "../pool/conformance_tasks.ts";
import {
  assertHolds,
  begin,
  counter,
  endAfter,
  failure,
  meeting,
  PATIENCE,
  range,
  type SharedScope,
} from "./pool_support.ts";
import { turn, until } from "./support.ts";

/** The options of a task that pools and executors share. */
export interface RunOptions {
  timeout?: number;
  signal?: AbortSignal;
  retries?: number;
  transfer?: readonly ArrayBuffer[];
}

/** A pool or an executor. */
export interface Runner {
  /** Runs a task. */
  run<A extends unknown[], R>(
    fn: (...args: A) => R | PromiseLike<R>,
    args: NoInfer<A>,
    options?: RunOptions,
  ): PromiseLike<R>;
  /** Maps in chunks of 4. */
  map<T, R>(fn: (item: T) => R | PromiseLike<R>, items: readonly T[]): Promise<R[]>;
  /** Ends it, with what runs. */
  close(): Promise<void>;
}

/** A kind of runner. */
export interface RunnerKind {
  readonly name: string;
  /** Makes one with so many workers, whose tasks have `grace` milliseconds to end when they are asked to. */
  readonly make: (workers: number, grace?: number) => Runner;
  readonly kind: "thread" | "process";
  readonly scope: SharedScope;
}

/** Runs a test with a runner. */
export async function withRunner(
  kind: RunnerKind,
  workers: number,
  fn: (runner: Runner) => Promise<void>,
  grace?: number,
): Promise<void> {
  const runner = kind.make(workers, grace);
  await endAfter(() => fn(runner), () => runner.close());
}

/** Runs the suite. */
export function workerConformance(kind: RunnerKind): void {
  valueConformance(kind);
  errorConformance(kind);
  deathConformance(kind);
  cancelConformance(kind);
  nestingConformance(kind);
}

function valueConformance(kind: RunnerKind): void {
  const { name, scope } = kind;

  Deno.test(`${name} task gets and gives values of every kind`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const cyclic: Record<string, unknown> = { name: "cycle" };
      cyclic["self"] = cyclic;
      const values = [
        undefined,
        null,
        -0,
        NaN,
        10n ** 30n,
        "añ𝄞",
        new Date(0),
        /x/gi,
        new Map<unknown, unknown>([[1, { deep: [new Date(1)] }]]),
        new Uint16Array([1, 2, 3]),
        [, 1] as unknown[],
        range(5000),
        "x".repeat(100_000),
      ];
      for (const value of values) assertEquals(await runner.run(identity, [value]), value);
      const set = await runner.run(identity, [{ deep: new Set([1, "two"]) }]) as {
        deep: Set<unknown>;
      };
      assertInstanceOf(set.deep, Set);
      assertHolds(set.deep, [1, "two"]);
      const back = await runner.run(identity, [cyclic]) as typeof cyclic;
      assert(back["self"] === back);
      const point = await runner.run(mirror, [new Point(3, 4)]);
      assertInstanceOf(point, Point);
      assertEquals([point.x, point.y, point.norm()], [4, 3, 5]);
      assert(await runner.run(identity, [square]) === square);
    });
  });

  Deno.test(`${name} task gets a copy, made at the call`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const list = [7];
      const result = runner.run(scribble, [list]);
      list.push(8, 9);
      assertEquals(await result, [7, 1]);
      assertEquals(list, [7, 8, 9]);
    });
  });

  Deno.test(`${name} task gets and gives large values`, async () => {
    await withRunner(kind, 2, async (runner) => {
      const megabytes = 8;
      const bytes = new Uint8Array(megabytes * 2 ** 20).fill(1);
      assertEquals(await runner.run(sumBytes, [bytes]), bytes.length);
      const back = await runner.run(makeBytes, [bytes.length]);
      assertEquals([back.length, back[0], back.at(-1)], [bytes.length, 7, 7]);
      const many = await Promise.all(range(12).map(() => runner.run(makeBytes, [2 ** 20])));
      assert(many.every((one) => one.length === 2 ** 20 && one.at(-1) === 7));
    });
  });

  Deno.test(`${name} task gets a buffer that is transferred`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const bytes = new Uint8Array(2 ** 20).fill(1);
      const result = runner.run(sumBytes, [bytes], { transfer: [bytes.buffer] });
      assertEquals(bytes.length, 0);
      assertEquals(await result, 2 ** 20);
    });
  });

  Deno.test(`${name} task uses locks, queues and values that it is given`, async () => {
    await withRunner(kind, 2, async (runner) => {
      const [lock, value] = [new Lock({ scope }), new Value("d", 0, { scope })];
      await Promise.all(range(4).map(() => runner.run(addUnderLock, [lock, value, 500])));
      assertEquals(value.value, 2000);
      const from = new Queue<number>(0, { scope });
      const to = new Queue<number>(0, { scope });
      const pumping = runner.run(pump, [from, to]);
      for (const x of range(100)) await from.put(x);
      await Promise.all(range(10).map((x) => runner.run(putInto, [from, 100 + x])));
      from.shutdown();
      assertEquals(await pumping, 110);
      const seen = new Set<number>();
      for (let i = 0; i < 110; i++) seen.add(await to.get({ timeout: PATIENCE }));
      assertHolds(seen, range(110).map((x) => x * 2));
    });
  });

  Deno.test(`${name} task may block, and sleep`, async () => {
    await withRunner(kind, 1, async (runner) => {
      assertEquals(await runner.run(sleepFor, [5]), 5);
      assertEquals(await runner.run(hasTask, []), true);
    });
  });

  Deno.test(`${name} worker keeps the state of its modules between tasks`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const first = await runner.run(callsInWorker, []);
      assertEquals(await runner.run(callsInWorker, []), first + 1);
    });
  });

  Deno.test(`${name} worker outlives timers that a task leaves`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const seen = counter(scope);
      for (let i = 0; i < 3; i++) assertEquals(await runner.run(leaveThings, [seen]), "left");
      await runner.run(sleepFor, [10]);
      assertEquals(await runner.run(square, [3]), 9);
    });
  });
}

function errorConformance(kind: RunnerKind): void {
  const { name } = kind;

  Deno.test(`${name} task's error arrives with its class, fields, cause and stack [F65, F86, M80]`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const error = await failure(runner.run(failCustom, []), CustomError, "custom");
      assertEquals(error.code, 7);
      assertInstanceOf(error.cause, TypeError);
      assertEquals(error.cause.message, "the cause");
      assertStringIncludes(error.stack ?? "", "conformance_tasks");
      const many = await failure(runner.run(failMany, []), AggregateError, "many");
      assertEquals(many.errors.map((one) => one.constructor), [RangeError, TypeError]);
      const foreign = await failure(runner.run(failPrivate, []), RemoteError, "private");
      assertEquals([foreign.remoteName, foreign.fields["detail"]], ["PrivateError", { code: 9 }]);
      assertMatch(foreign.remoteStack, /conformance_tasks/);
    });
  });

  Deno.test(`${name} task's error arrives even if a part of it cannot be sent`, async () => {
    await withRunner(kind, 1, async (runner) => {
      for (let i = 0; i < 5; i++) {
        const error = await runner.run(failWithFunction, []).then(null, (one) => one);
        assertInstanceOf(error, Error);
        assertStringIncludes(error.message, "with a function");
      }
      const error = await runner.run(throwUnsendable, []).then(null, (one) => one);
      assertInstanceOf(error, Error);
      assertEquals(await runner.run(square, [3]), 9);
    });
  });

  Deno.test(`${name} task may throw what is no error`, async () => {
    await withRunner(kind, 1, async (runner) => {
      for (const value of ["text", 0, null, undefined, { code: 1 }]) {
        const thrown = await runner.run(throwValue, [value]).then(
          () => assert(false, "nothing was thrown"),
          (reason: unknown) => reason,
        );
        assertEquals(thrown, value);
      }
    });
  });

  Deno.test(`${name} result that cannot be sent is an UnshareableError, twenty times [M83]`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const before = await runner.run(worker, []);
      for (let i = 0; i < 20; i++) {
        const what = ["symbol", "closure", "promise in an object", "map"][i % 4] as string;
        const error = await failure(runner.run(returnUnsendable, [what]), UnshareableError);
        assertMatch(error.message, /result|return/i);
      }
      assertEquals(await runner.run(worker, []), before);
    });
  });

  Deno.test(`${name} result that cannot be sent fails its item of a map alone`, async () => {
    await withRunner(kind, 2, async (runner) => {
      await failure(runner.map(returnUnsendable, range(8).map(() => "symbol")), UnshareableError);
      assertEquals(await runner.map(square, range(8)), range(8).map((x) => x * x));
    });
  });
}

function deathConformance(kind: RunnerKind): void {
  const { name, scope } = kind;

  for (const how of ["process.exit", "Deno.exit", "kill"] as const) {
    Deno.test(`${name} task that ends its worker by ${how} is lost alone [F62, F64, F77]`, async () => {
      await withRunner(kind, 1, async (runner) => {
        const calls = counter(scope);
        const lost = runner.run(endWorker, [how, 3, calls]);
        const rest = range(20).map((x) => runner.run(square, [x]));
        const error = await failure(lost, WorkerLostError);
        assertEquals(error.kind, kind.kind);
        if (how !== "kill") assertEquals(error.exitcode, 3);
        else if (kind.kind === "process") assertEquals(error.signal, "SIGKILL");
        assertEquals(error.task, "endWorker");
        assertEquals(await Promise.all(rest), range(20).map((x) => x * x));
        assertEquals(calls.value, 1);
        assertEquals(await runner.run(square, [3]), 9);
      });
    });
  }

  Deno.test(`${name} task that ends its worker with code 0 is lost all the same`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const error = await failure(runner.run(endWorker, ["process.exit", 0]), WorkerLostError);
      assertEquals(error.exitcode, 0);
      assertEquals(await runner.run(square, [3]), 9);
    });
  });

  for (const how of ["timer", "rejection"] as const) {
    Deno.test(`${name} task whose worker ends by an error in a ${how} fails alone`, async () => {
      await withRunner(kind, 1, async (runner) => {
        const lost = runner.run(endWorker, [how, 0]);
        const rest = range(20).map((x) => runner.run(square, [x]));
        const error = await lost.then(null, (one: unknown) => one);
        assert(
          error instanceof WorkerLostError || error instanceof RangeError,
          `it threw ${error}`,
        );
        const cause = error instanceof WorkerLostError ? error.cause : error;
        assertInstanceOf(cause, RangeError);
        assertEquals(await Promise.all(rest), range(20).map((x) => x * x));
      });
    });
  }

  Deno.test(`${name} task of a module that cannot be loaded fails alone [F76]`, async () => {
    (globalThis as { [key: symbol]: unknown })[Symbol.for("nogil.tests.main")] = true;
    const { broken } = await import("../pool/conformance_broken.ts");
    await withRunner(kind, 2, async (runner) => {
      for (let i = 0; i < 3; i++) {
        const lost = runner.run(broken, []);
        const rest = range(10).map((x) => runner.run(square, [x]));
        const error = await lost.then(null, (one: unknown) => one);
        assertInstanceOf(error, Error);
        assertStringIncludes(`${error.message} ${error.cause}`, "this module is broken");
        assertEquals(await Promise.all(rest), range(10).map((x) => x * x));
      }
    });
  });

  Deno.test(`${name} map with an item that ends its worker reports that one and runs the others`, async () => {
    await withRunner(kind, 2, async (runner) => {
      const calls = counter(scope);
      const rest = range(10).map((x) => runner.run(count, [calls, x]));
      const lost = runner.map(endWorkerOf5, range(12));
      const error = await failure(lost, WorkerLostError);
      assertEquals(error.task, "endWorkerOf5");
      assertEquals(await Promise.all(rest), range(10));
      assertEquals(calls.value, 10);
      assertEquals(await runner.map(square, range(8)), range(8).map((x) => x * x));
    });
  });

  Deno.test(`${name} runs tasks exactly once while their neighbours end workers`, async () => {
    await withRunner(kind, 2, async (runner) => {
      const [calls, deaths] = [counter(scope), counter(scope)];
      const results = range(60).map((i) =>
        i % 15 === 7 ? runner.run(endWorkerAt5, [5, deaths]) : runner.run(count, [calls, i])
      );
      const settled = await Promise.allSettled(results);
      settled.forEach((result, i) => {
        if (i % 15 === 7) {
          assert(result.status === "rejected" && result.reason instanceof WorkerLostError);
        } else {
          assert(result.status === "fulfilled" && result.value === i, `${i}`);
        }
      });
      assertEquals([calls.value, deaths.value], [56, 4]);
    });
  });

  Deno.test(`${name} runs a lost task again as often as 'retries' says`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const calls = counter(scope);
      await runner.run(endWorkerAtFirst, [2, calls], { retries: 2 });
      assertEquals(calls.value, 3);
      calls.value = 0;
      await failure(runner.run(endWorkerAtFirst, [2, calls], { retries: 1 }), WorkerLostError);
      assertEquals(calls.value, 2);
      calls.value = 0;
      await failure(runner.run(endWorkerAtFirst, [1, calls]), WorkerLostError);
      assertEquals(calls.value, 1);
      // What throws did not lose its worker.
      await failure(runner.run(fail, ["no"], { retries: 5 }), RangeError);
    });
  });
}

function cancelConformance(kind: RunnerKind): void {
  const { name, scope } = kind;

  Deno.test(`${name} task that is aborted before it began never runs`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const [meet, calls] = [meeting(scope), counter(scope)];
      const blocker = runner.run(occupy, [meet.begun, meet.gate]);
      await begin(meet);
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = range(5).map((x) => runner.run(count, [calls, x], { signal }));
      const rest = range(5).map((x) => runner.run(square, [x]));
      controller.abort("enough");
      for (const one of aborted) assertEquals(await one.then(null, (reason) => reason), "enough");
      meet.gate.set();
      await blocker;
      assertEquals(await Promise.all(rest), [0, 1, 4, 9, 16]);
      assertEquals(calls.value, 0);
    });
  });

  Deno.test(`${name} task with a signal that is aborted already is not run`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const calls = counter(scope);
      const run = async (): Promise<unknown> =>
        await runner.run(count, [calls, 1], { signal: AbortSignal.abort("before") });
      assertEquals(await run().catch((reason) => reason), "before");
      assertEquals(await runner.run(square, [3]), 9);
      assertEquals(calls.value, 0);
    });
  });

  for (
    const [how, target] of [["in a loop", untilAborted], ["by an event", untilAbortEvent]] as const
  ) {
    Deno.test(`${name} task that runs sees the abort ${how}, and its worker stays`, async () => {
      await withRunner(kind, 1, async (runner) => {
        const before = await runner.run(worker, []);
        const [meet, heard] = [meeting(scope), counter(scope)];
        const controller = new AbortController();
        const aborted = runner.run<Parameters<typeof target>, unknown>(
          target,
          [meet.begun, heard],
          { signal: controller.signal },
        );
        await begin(meet);
        controller.abort(new RangeError("enough"));
        const error = await aborted.then(null, (one: unknown) => one);
        assertInstanceOf(error, RangeError);
        await until(() => heard.value === 1, "the abort in the task");
        assertEquals(await runner.run(worker, []), before);
      }, PATIENCE);
    });
  }

  for (const how of ["timeout", "abort"] as const) {
    Deno.test(`${name} task that does not heed its ${how} costs its worker, and nobody else's task`, async () => {
      await withRunner(kind, 2, async (runner) => {
        const [meet, bystander] = [meeting(scope), meeting(scope)];
        const other = runner.run(occupy, [bystander.begun, bystander.gate]);
        await begin(bystander);
        const controller = new AbortController();
        const options = how === "timeout" ? { timeout: 60 } : { signal: controller.signal };
        const lost = runner.run(spin, [meet.begun], options);
        const settled = lost.then(null, (reason: unknown) => reason);
        const rest = range(10).map((x) => runner.run(square, [x]));
        if (how === "abort") {
          await begin(meet);
          controller.abort("enough");
        }
        const error = await settled;
        if (how === "timeout") assertInstanceOf(error, TimeoutError);
        else assertEquals(error, "enough");
        assertEquals(await Promise.all(rest), range(10).map((x) => x * x));
        bystander.gate.set();
        assertMatch(await other, /./);
        assertEquals(await runner.run(square, [3]), 9);
      }, 30);
    });
  }

  Deno.test(`${name} task's timeout counts from the call, waiting included`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const [meet, calls] = [meeting(scope), counter(scope)];
      const blocker = runner.run(occupy, [meet.begun, meet.gate]);
      await begin(meet);
      const late = runner.run(count, [calls, 1], { timeout: 10 });
      await failure(late, TimeoutError);
      meet.gate.set();
      await blocker;
      assertEquals(await runner.run(square, [3]), 9);
      assertEquals(calls.value, 0);
    });
  });

  Deno.test(`${name} task that ends before its timeout is not disturbed`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const before = await runner.run(worker, []);
      const results = range(20).map((x) => runner.run(square, [x], { timeout: PATIENCE }));
      assertEquals(await Promise.all(results), range(20).map((x) => x * x));
      const controller = new AbortController();
      await runner.run(square, [3], { signal: controller.signal });
      controller.abort("late");
      await turn();
      assertEquals(await runner.run(worker, []), before);
    });
  });
}

function nestingConformance(kind: RunnerKind): void {
  const { name } = kind;

  Deno.test(`${name} task may have a pool of its own [F50]`, async () => {
    await withRunner(kind, 1, async (runner) => {
      assertEquals(await runner.run(mapInPool, [range(20)]), range(20).map((x) => x * x));
      assertEquals(await runner.run(descend, [3]), 3);
    });
  });

  Deno.test(`${name} cannot be sent; the error says what to do`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const error = await (async () => await runner.run(identity, [runner]))().catch((one) => one);
      assertInstanceOf(error, Error);
      assertFalse(error instanceof WorkerLostError);
      assertEquals(await runner.run(square, [3]), 9);
    });
  });
}
