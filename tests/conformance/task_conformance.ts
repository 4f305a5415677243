/** What is around a task in its worker: the functions that may be tasks, locks that it leaves, thread locals. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { AbandonedError, TimeoutError, UnshareableError, WorkerLostError } from "../../errors.ts";
import { Lock, RLock, Semaphore } from "../../sync/mod.ts";
import {
  acquireAnd,
  acquireLaterAnd,
  callsInThread,
  identity,
  square,
  threadIsSame,
  tryAcquire,
} from "../pool/conformance_tasks.ts";
import { failure, PATIENCE, range } from "./pool_support.ts";
import { type RunnerKind, withRunner } from "./worker_conformance.ts";

/** Runs the suite. */
export function taskConformance(kind: RunnerKind): void {
  functionConformance(kind);
  ownerConformance(kind);

  Deno.test(`${kind.name} task has the thread of its worker, and its thread locals`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const first = await runner.run(callsInThread, []);
      assertEquals(await runner.run(callsInThread, []), first + 1);
      assertEquals(await runner.run(threadIsSame, []), true);
    });
    await withRunner(kind, 1, async (runner) => {
      assertEquals(await runner.run(callsInThread, []), 1);
    });
  });
}

function functionConformance(kind: RunnerKind): void {
  const { name } = kind;

  Deno.test(`${name} runs plain functions that need nothing from outside`, async () => {
    await withRunner(kind, 1, async (runner) => {
      assertEquals(await runner.run((x: number) => x + 1, [1]), 2);
      assertEquals(await runner.run(async (x: number) => await Promise.resolve(x + 1), [1]), 2);
      const named = function factorial(n: number): number {
        return n < 2 ? 1 : n * factorial(n - 1);
      };
      assertEquals(await runner.run(named, [5]), 120);
      assertEquals(
        await runner.run(({ a }: { a: number }, ...rest: number[]) => [a, ...rest], [
          { a: 1 },
          2,
          3,
        ]),
        [1, 2, 3],
      );
      assertEquals(await runner.map((x: number) => x * 2, range(20)), range(20).map((x) => x * 2));
      for (let i = 0; i < 50; i++) assertEquals(await runner.run((x: number) => x, [i]), i);
    });
  });

  Deno.test(`${name} explains which functions cannot be tasks`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const secret = { of: "this function" };
      const attempts: readonly (readonly [(x: never) => unknown, string])[] = [
        [() => secret.of, "secret"],
        [square.bind(null) as (x: never) => unknown, "bound"],
        [Math.sqrt as (x: never) => unknown, "sqrt"],
        [class Thing {} as unknown as (x: never) => unknown, "class"],
      ];
      for (const [fn, word] of attempts) {
        const error = await failure(
          (async () => await runner.run(fn, [1 as never]))(),
          UnshareableError,
        );
        assertStringIncludes(error.message.toLowerCase(), word);
      }
      assertEquals(await runner.run(square, [3]), 9);
    });
  });

  Deno.test(`${name} refuses results of its own kind as arguments`, async () => {
    await withRunner(kind, 1, async (runner) => {
      const result = runner.run(square, [3]);
      await failure((async () => await runner.run(identity, [{ result }]))(), UnshareableError);
      assertEquals(await result, 9);
    });
  });
}

function ownerConformance(kind: RunnerKind): void {
  const { name, scope } = kind;

  for (const [colour, target] of [["sync", acquireAnd], ["async", acquireLaterAnd]] as const) {
    Deno.test(`${name} ${colour} task that throws or ends its worker abandons its locks`, async () => {
      await withRunner(kind, 2, async (runner) => {
        for (const how of ["throw", "exit"] as const) {
          for (const lock of [new Lock({ scope }), new RLock({ scope })]) {
            const run = runner.run<[Lock | RLock, typeof how], unknown>(target, [lock, how]);
            await failure(run, how === "throw" ? RangeError : WorkerLostError);
            await assertRejects(() => lock.acquire({ timeout: PATIENCE }), AbandonedError);
            (await lock.acquire({ timeout: PATIENCE })).release();
          }
        }
      });
    });

    Deno.test(`${name} ${colour} task that throws or ends its worker gives its permit back`, async () => {
      await withRunner(kind, 2, async (runner) => {
        for (const how of ["throw", "exit"] as const) {
          const semaphore = new Semaphore(1, { scope });
          const run = runner.run<[Semaphore, typeof how], unknown>(target, [semaphore, how]);
          await failure(run, how === "throw" ? RangeError : WorkerLostError);
          (await semaphore.acquire({ timeout: PATIENCE })).release();
        }
      });
    });

    Deno.test(`${name} ${colour} task that returns leaves its lock held, as Python's threads do`, async () => {
      await withRunner(kind, 1, async (runner) => {
        const lock = new Lock({ scope });
        await runner.run<[Lock, "return"], unknown>(target, [lock, "return"]);
        assert(lock.locked());
        await assertRejects(() => lock.acquire({ timeout: 5 }), TimeoutError);
        assertEquals(await runner.run(tryAcquire, [lock]), "TimeoutError");
        lock.release();
        assertEquals(await runner.run(tryAcquire, [lock]), "acquired");
      });
    });

    Deno.test(`${name} ${colour} task that returns abandons its RLock, which nobody else can release`, async () => {
      await withRunner(kind, 1, async (runner) => {
        const lock = new RLock({ scope });
        await runner.run<[RLock, "return"], unknown>(target, [lock, "return"]);
        await assertRejects(() => lock.acquire({ timeout: PATIENCE }), AbandonedError);
        assertEquals(await runner.run(tryAcquire, [lock]), "acquired");
      });
    });

    Deno.test(`${name} ${colour} task that dies takes along its own locks only, not those of tasks before it`, async () => {
      await withRunner(kind, 1, async (runner) => {
        for (const how of ["throw", "exit"] as const) {
          const [kept, lost] = [new Lock({ scope }), new Lock({ scope })];
          const permits = new Semaphore(2, { scope });
          await runner.run<[Lock, "return"], unknown>(target, [kept, "return"]);
          await runner.run<[Semaphore, "return"], unknown>(target, [permits, "return"]);
          const run = runner.run<[Lock, typeof how], unknown>(target, [lost, how]);
          await failure(run, how === "throw" ? RangeError : WorkerLostError);
          await assertRejects(() => lost.acquire({ timeout: PATIENCE }), AbandonedError);
          await assertRejects(() => kept.acquire({ timeout: 5 }), TimeoutError);
          assertEquals(permits.value, 1);
          kept.release();
          (await kept.acquire({ timeout: 5 })).release();
        }
      });
    });
  }
}
